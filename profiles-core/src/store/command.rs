//! Writes as values: all that is to happen in one step, and what came of it.

use crate::{
    mail::Mail,
    model::{
        Account, AccountId, AuditNote, AvatarId, Bio, City, Digest, Email, KeptRequest, KeyPurpose, Lifetime, Limit,
        Network, NewRequest, Origin, PasswordHash, PersonName, Profile, Revision, Scopes, Status, ThrottleKey,
        Timestamp, TokenId, TokenKind, TokenName, Username,
    },
};

/// Makes an account with its profile; all of it or nothing.
#[derive(Clone, Debug)]
pub struct Register {
    /// Its name.
    pub username: Username,
    /// Its address.
    pub email: Option<Email>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// Hash of its password.
    pub password: PasswordHash,
    /// May moderate.
    pub is_staff: bool,
    /// Tokens and sessions that it starts with.
    pub tokens: Vec<NewToken>,
    /// A session of somebody else that the new one takes the place of; it ends.
    pub former: Option<Digest>,
    /// Where it was made: the first place that is known of it.
    pub place: Option<Network>,
    /// A key that was mailed, to be used once.
    pub mail_key: Option<NewMailKey>,
    /// Mails to send once this is durable.
    pub outbox: Vec<Mail>,
    /// The request by which it is made, if it is to be done once.
    pub request: Option<NewRequest>,
    /// What the trail says of it; the store fills in the account.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// The outcome of [`Register`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The account.
    pub account: Account,
    /// Its profile, empty.
    pub profile: Profile,
}

/// The outcome of posting a status once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is posted.
    Now(Status),
    /// A request with the same key was done before; whether it was the same is for the caller to see.
    Before(KeptRequest),
}

/// A token or session to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Of the secret. One that was in use before the command is taken, even if the same command ends it.
    pub digest: Digest,
    /// What it is for.
    pub kind: TokenKind,
    /// When it ends. From then on it is as if it were not there.
    pub lifetime: Lifetime,
    /// What its owner calls it; personal tokens only.
    pub name: Option<TokenName>,
    /// What it may do; personal tokens only.
    pub scopes: Scopes,
    /// Where it is made.
    pub origin: Origin,
}

/// A key that is mailed to an address, to prove that its owner reads it.
#[derive(Clone, Debug)]
pub struct NewMailKey {
    /// Of the key.
    pub digest: Digest,
    /// What it is good for.
    pub purpose: KeyPurpose,
    /// The address it is sent to; the key proves this one and no other.
    pub email: Email,
    /// From then on it is as if it were not there.
    pub expires_at: Timestamp,
}

/// Keeps the tokens of a login.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Who logs in.
    pub account: AccountId,
    /// The hash that the password was checked against. If the account has another by now, the login is stale.
    pub checked: PasswordHash,
    /// The same password, hashed anew because the old hash is weaker than what is asked for today.
    pub rehashed: Option<PasswordHash>,
    /// What to keep.
    pub tokens: Vec<NewToken>,
    /// Tokens and sessions of logins that the account keeps at most; of more, those go that were not used for longest.
    pub most: usize,
    /// A session of somebody else that the new one takes the place of; it ends.
    pub former: Option<Digest>,
    /// Where it is made.
    pub place: Option<Network>,
    /// A mail to send if no login came from this place before, though one came from others.
    pub if_new_place: Option<Mail>,
    /// Tries that are forgiven, since this one was right.
    pub forgive: Vec<Forgive>,
    /// What the trail says of it.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// Keeps a personal token.
#[derive(Clone, Debug)]
pub struct IssueToken {
    /// Whose.
    pub account: AccountId,
    /// What to keep.
    pub token: NewToken,
    /// Tokens of its kind that the account may have, this one included.
    pub most: usize,
    /// What the trail says of it; the store fills in the token's number.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// Ends tokens of an account.
#[derive(Clone, Debug)]
pub struct EndTokens {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub which: Which,
    /// What the trail says of it, once for each that ends; the store fills in its number.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// Which tokens of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one, whatever its kind.
    One(TokenId),
    /// This one, if it is a personal token.
    Personal(TokenId),
    /// Those of all logins but this one.
    OtherLogins(Option<TokenId>),
}

impl Which {
    /// The rule, in one place for every store.
    pub fn matches(self, id: TokenId, kind: TokenKind) -> bool {
        match self {
            Self::One(one) => id == one,
            Self::Personal(one) => id == one && kind == TokenKind::Personal,
            Self::OtherLogins(kept) => kind != TokenKind::Personal && Some(id) != kept,
        }
    }
}

/// What to change in an account; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// A new name.
    pub username: Option<Username>,
    /// A new given name.
    pub first_name: Option<PersonName>,
    /// A new family name.
    pub last_name: Option<PersonName>,
    /// May moderate.
    pub is_staff: Option<bool>,
    /// May log in.
    pub is_active: Option<bool>,
}

/// Replaces a password.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// Whose.
    pub account: AccountId,
    /// The revision that the account must have.
    pub expected: Revision,
    /// Hash of the new one.
    pub password: PasswordHash,
    /// What ends with the old one.
    pub revoke: Revoke,
    /// A session that goes on under a new id, whatever else ends.
    pub renew: Option<RenewSession>,
    /// Mails to send once this is durable.
    pub outbox: Vec<Mail>,
    /// Tries that are forgiven, since the old password was right.
    pub forgive: Vec<Forgive>,
    /// What the trail says of it.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// A session takes the place of another: who has learnt the old id has nothing of it.
#[derive(Clone, Debug)]
pub struct RenewSession {
    /// The one that ends. If it is not there any more, or is another account's, nothing takes its place; the new secret must
    /// be new all the same.
    pub former: Digest,
    /// The new one.
    pub session: NewToken,
}

/// What to end together with an old password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// Sessions and tokens, personal ones too.
    Everything,
    /// Sessions; tokens go on, as in Django.
    Sessions,
    /// Sessions and tokens but this one, by which the password is changed.
    EverythingBut(TokenId),
    /// Sessions but this one.
    SessionsBut(TokenId),
}

impl Revoke {
    /// The rule, in one place for every store.
    pub fn ends(self, id: TokenId, kind: TokenKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Sessions => kind == TokenKind::Session,
            Self::EverythingBut(kept) => id != kept,
            Self::SessionsBut(kept) => kind == TokenKind::Session && id != kept,
        }
    }
}

/// Sends mails with keys to whom it may concern; nothing of it if it concerns nobody, but it is written all the same, so
/// that both take the same time.
#[derive(Clone, Debug)]
pub struct SendKeys {
    /// The keys and their mails.
    pub keys: Vec<KeyToSend>,
    /// What the trail says of it.
    pub audit: Vec<AuditNote>,
    /// Tries that are forgiven, since the password that was asked for was right.
    pub forgive: Vec<Forgive>,
    /// Now.
    pub at: Timestamp,
}

/// A key, and the mail that carries it. Passed over if the account is gone or inactive by then, or, unless it is about a
/// change of address, if its address is no longer the key's.
#[derive(Clone, Debug)]
pub struct KeyToSend {
    /// Whose account it is for.
    pub account: AccountId,
    /// The key.
    pub key: NewMailKey,
    /// The mail.
    pub mail: Mail,
}

/// Uses a key that was mailed to confirm an address, the present one or a new one.
#[derive(Clone, Debug)]
pub struct ConfirmEmail {
    /// Of the key.
    pub digest: Digest,
    /// Mails to send once this is durable, if the address is theirs now.
    pub outbox: Vec<Mail>,
    /// What the trail says of it.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// The outcome of [`ConfirmEmail`]. The key is used up in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailConfirmation {
    /// The address is theirs.
    Confirmed(Account),
    /// Another account has confirmed it first.
    TakenByAnother,
}

/// Uses a key that was mailed to reset a password.
#[derive(Clone, Debug)]
pub struct ResetPassword {
    /// Of the key.
    pub digest: Digest,
    /// Whose account the key must be for.
    pub account: AccountId,
    /// Hash of the new password.
    pub password: PasswordHash,
    /// What ends with the old one.
    pub revoke: Revoke,
    /// Mails to send once this is durable.
    pub outbox: Vec<Mail>,
    /// What the trail says of it.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// Asks whether something may be tried now, and counts it as tried if so.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What is counted. All of it must allow the try, or none of it is counted.
    pub limits: Vec<(ThrottleKey, Limit)>,
    /// What the trail says if it is refused; once for each wait.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// The outcome of [`Attempt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be tried.
    Granted,
    /// It may not be tried before then.
    Refused {
        /// Then.
        until: Timestamp,
    },
}

/// What becomes of a try that was counted and turned out right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgive {
    /// All tries that this key counts are forgotten.
    All(ThrottleKey),
    /// This one is counted no longer; the others are.
    One(ThrottleKey),
}

/// Erases an account: its profile, statuses, tokens, keys and mails. Its name and address are free with the last step.
#[derive(Clone, Debug)]
pub struct EraseAccount {
    /// Which.
    pub account: AccountId,
    /// Statuses at most in this step.
    pub limit: usize,
    /// What the trail says of it, once, with the first step.
    pub audit: Option<AuditNote>,
    /// Now.
    pub at: Timestamp,
}

/// The outcome of [`EraseAccount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// It is gone.
    Done,
    /// Nobody can log in to it any more, and there is more to erase: call again.
    Unfinished,
}

/// What to change in a profile; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new biography.
    pub bio: Option<Bio>,
    /// A new city.
    pub city: Option<City>,
    /// A new picture, or `Some(None)` for none.
    pub avatar: Option<Option<AvatarId>>,
}
