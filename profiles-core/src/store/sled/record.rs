//! What is on disk: the fields of each record, in their order.
//!
//! These types are apart from the model's so that a change there does not change the disk unseen. Texts are kept as
//! the model's newtypes, which are written as plain strings and are not checked again when read: a name that was
//! allowed when it was registered stays readable. What the key says (the id, mostly) is not repeated in the value.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    mail::{KeySeed, Mail, MailProblem},
    model::{
        Account, AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, Bio, City, Email,
        KeyPurpose, Lifetime, Network, Origin, OutboxId, PasswordHash, PendingKey, PersonName, Profile, ProfileId,
        Revision, Scopes, Status, StatusId, StatusText, Tally, Timestamp, Token, TokenId, TokenKind, TokenName,
        Username,
    },
    store::{MailState, NewMailKey, NewToken, OutboxEntry, OutboxItem, places::Places},
};

/// In [`super::keys::Space::Account`].
#[derive(Serialize, Deserialize)]
pub(super) struct AccountRecord {
    revision: u64,
    username: Username,
    email: Option<Email>,
    email_verified: bool,
    first_name: PersonName,
    last_name: PersonName,
    password: PasswordHash,
    is_staff: bool,
    is_active: bool,
    joined_at: i64,
    last_login_at: Option<i64>,
}

impl AccountRecord {
    pub(super) fn of(account: &Account) -> Self {
        Self {
            revision: account.revision.get(),
            username: account.username.clone(),
            email: account.email.clone(),
            email_verified: account.email_verified,
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            password: account.password.clone(),
            is_staff: account.is_staff,
            is_active: account.is_active,
            joined_at: account.joined_at.as_micros(),
            last_login_at: account.last_login_at.map(Timestamp::as_micros),
        }
    }

    pub(super) fn into_account(self, id: AccountId) -> Account {
        Account {
            id,
            revision: Revision::new(self.revision),
            username: self.username,
            email: self.email,
            email_verified: self.email_verified,
            first_name: self.first_name,
            last_name: self.last_name,
            password: self.password,
            is_staff: self.is_staff,
            is_active: self.is_active,
            joined_at: Timestamp::from_micros(self.joined_at),
            last_login_at: self.last_login_at.map(Timestamp::from_micros),
        }
    }
}

/// In [`super::keys::Space::Profile`]. The username is the account's, and is joined when a profile is read.
#[derive(Serialize, Deserialize)]
pub(super) struct ProfileRecord {
    account: u64,
    revision: u64,
    bio: Bio,
    city: City,
}

impl ProfileRecord {
    pub(super) fn of(profile: &Profile) -> Self {
        Self {
            account: profile.account.get(),
            revision: profile.revision.get(),
            bio: profile.bio.clone(),
            city: profile.city.clone(),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn into_profile(self, id: ProfileId, username: Username) -> Profile {
        Profile {
            id,
            account: AccountId::new(self.account),
            username,
            revision: Revision::new(self.revision),
            bio: self.bio,
            city: self.city,
        }
    }
}

/// In [`super::keys::Space::Status`]. The username is the account's, and is joined when a status is read.
#[derive(Serialize, Deserialize)]
pub(super) struct StatusRecord {
    account: u64,
    profile: u64,
    revision: u64,
    text: StatusText,
    created_at: i64,
    updated_at: i64,
}

impl StatusRecord {
    pub(super) fn of(status: &Status) -> Self {
        Self {
            account: status.account.get(),
            profile: status.profile.get(),
            revision: status.revision.get(),
            text: status.text.clone(),
            created_at: status.created_at.as_micros(),
            updated_at: status.updated_at.as_micros(),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn profile(&self) -> ProfileId {
        ProfileId::new(self.profile)
    }

    pub(super) fn into_status(self, id: StatusId, username: Username) -> Status {
        Status {
            id,
            account: AccountId::new(self.account),
            profile: ProfileId::new(self.profile),
            username,
            revision: Revision::new(self.revision),
            text: self.text,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        }
    }
}

/// Where a request came from. It stands in tokens and in lines of the audit trail.
#[derive(Serialize, Deserialize)]
struct OriginRecord {
    address: Option<IpAddr>,
    agent: Option<String>,
    request_id: Option<String>,
}

impl OriginRecord {
    fn of(origin: &Origin) -> Self {
        Self {
            address: origin.address(),
            agent: origin.agent().map(str::to_owned),
            request_id: origin.request_id().map(str::to_owned),
        }
    }

    fn into_origin(self) -> Origin {
        Origin::new(self.address, self.agent.as_deref(), self.request_id.as_deref())
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum TokenKindRecord {
    Api,
    Session,
    Personal,
}

/// In [`super::keys::Space::Token`].
#[derive(Serialize, Deserialize)]
pub(super) struct TokenRecord {
    id: u64,
    account: u64,
    kind: TokenKindRecord,
    name: Option<TokenName>,
    scopes: Scopes,
    created_at: i64,
    last_used_at: Option<i64>,
    ends_at: Option<i64>,
    /// Microseconds that it may lie unused.
    idle: Option<u64>,
    origin: OriginRecord,
}

impl TokenRecord {
    pub(super) fn new(id: TokenId, account: AccountId, token: &NewToken, at: Timestamp) -> Self {
        let NewToken { kind, lifetime, name, scopes, origin, .. } = token;
        Self {
            id: id.get(),
            account: account.get(),
            kind: match kind {
                TokenKind::Api => TokenKindRecord::Api,
                TokenKind::Session => TokenKindRecord::Session,
                TokenKind::Personal => TokenKindRecord::Personal,
            },
            name: name.clone(),
            scopes: *scopes,
            created_at: at.as_micros(),
            last_used_at: None,
            ends_at: lifetime.ends_at.map(Timestamp::as_micros),
            // More than there are moments is as good as all of them.
            idle: lifetime.idle.map(|idle| u64::try_from(idle.as_micros()).unwrap_or(u64::MAX)),
            origin: OriginRecord::of(origin),
        }
    }

    pub(super) fn id(&self) -> TokenId {
        TokenId::new(self.id)
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn kind(&self) -> TokenKind {
        match self.kind {
            TokenKindRecord::Api => TokenKind::Api,
            TokenKindRecord::Session => TokenKind::Session,
            TokenKindRecord::Personal => TokenKind::Personal,
        }
    }

    pub(super) fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// When it was last seen or made.
    pub(super) fn seen_at(&self) -> Timestamp {
        Timestamp::from_micros(self.last_used_at.unwrap_or(self.created_at))
    }

    /// It was used then.
    pub(super) fn note_use(&mut self, at: Timestamp) {
        self.last_used_at = Some(at.as_micros());
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        let ends_at = self.ends_at.map(Timestamp::from_micros);
        Lifetime { ends_at, idle: self.idle.map(Duration::from_micros) }.expires_at(self.seen_at())
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    pub(super) fn into_token(self) -> Token {
        Token {
            id: self.id(),
            account: self.account(),
            kind: self.kind(),
            expires_at: self.expires_at(),
            name: self.name,
            scopes: self.scopes,
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
            origin: self.origin.into_origin(),
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum KeyPurposeRecord {
    ConfirmEmail,
    ResetPassword,
    ChangeEmail,
}

/// In [`super::keys::Space::MailKey`].
#[derive(Serialize, Deserialize)]
pub(super) struct MailKeyRecord {
    account: u64,
    purpose: KeyPurposeRecord,
    email: Email,
    expires_at: i64,
}

impl MailKeyRecord {
    pub(super) fn new(account: AccountId, key: NewMailKey) -> Self {
        let purpose = match key.purpose {
            KeyPurpose::ConfirmEmail => KeyPurposeRecord::ConfirmEmail,
            KeyPurpose::ResetPassword => KeyPurposeRecord::ResetPassword,
            KeyPurpose::ChangeEmail => KeyPurposeRecord::ChangeEmail,
        };
        Self { account: account.get(), purpose, email: key.email, expires_at: key.expires_at.as_micros() }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn purpose(&self) -> KeyPurpose {
        match self.purpose {
            KeyPurposeRecord::ConfirmEmail => KeyPurpose::ConfirmEmail,
            KeyPurposeRecord::ResetPassword => KeyPurpose::ResetPassword,
            KeyPurposeRecord::ChangeEmail => KeyPurpose::ChangeEmail,
        }
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        Timestamp::from_micros(self.expires_at)
    }

    pub(super) fn into_pending(self) -> PendingKey {
        PendingKey {
            account: self.account(),
            purpose: self.purpose(),
            expires_at: self.expires_at(),
            email: self.email,
        }
    }
}

/// In [`super::keys::Space::Throttle`].
#[derive(Serialize, Deserialize)]
pub(super) struct ThrottleRecord {
    count: u32,
    last: i64,
    forgotten_at: i64,
    /// Whether the audit trail has told of the present wait.
    pub(super) told: bool,
}

impl ThrottleRecord {
    /// A try was counted.
    pub(super) fn new(tally: Tally, forgotten_at: Timestamp) -> Self {
        let Tally { count, last } = tally;
        Self { count, last: last.as_micros(), forgotten_at: forgotten_at.as_micros(), told: false }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { count: self.count, last: Timestamp::from_micros(self.last) }
    }

    pub(super) fn forgotten_at(&self) -> Timestamp {
        Timestamp::from_micros(self.forgotten_at)
    }

    /// One try is counted no longer.
    pub(super) fn forgive_one(&mut self) {
        self.count = self.count.saturating_sub(1);
    }
}

/// In [`super::keys::Space::Places`]: each with the moment at which it was last seen.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct PlacesRecord(Vec<(Network, i64)>);

impl PlacesRecord {
    pub(super) fn of(places: Places) -> Self {
        Self(places.into_iter().map(|(place, at)| (place, at.as_micros())).collect())
    }

    pub(super) fn into_places(self) -> Places {
        self.0.into_iter().map(|(place, at)| (place, Timestamp::from_micros(at))).collect()
    }
}

#[derive(Serialize, Deserialize)]
enum AuditActorRecord {
    Anonymous,
    Account(u64),
    Operator,
}

/// In [`super::keys::Space::Audit`]. What was done and what came of it are kept as their words
/// ([`AuditEvent::as_str`], [`AuditOutcome::as_str`]), which never change.
#[derive(Serialize, Deserialize)]
pub(super) struct AuditRecord {
    at: i64,
    event: String,
    outcome: String,
    actor: AuditActorRecord,
    account: Option<u64>,
    object: Option<u64>,
    origin: OriginRecord,
}

impl AuditRecord {
    pub(super) fn new(at: Timestamp, note: &AuditNote) -> Self {
        Self {
            at: at.as_micros(),
            event: note.event.as_str().to_owned(),
            outcome: note.outcome.as_str().to_owned(),
            actor: match note.actor {
                AuditActor::Anonymous => AuditActorRecord::Anonymous,
                AuditActor::Account(id) => AuditActorRecord::Account(id.get()),
                AuditActor::Operator => AuditActorRecord::Operator,
            },
            account: note.account.map(AccountId::get),
            object: note.object,
            origin: OriginRecord::of(&note.origin),
        }
    }

    /// `None` if it has a word that nobody here knows.
    pub(super) fn into_entry(self, id: AuditId) -> Option<AuditEntry> {
        let note = AuditNote {
            event: AuditEvent::parse(&self.event)?,
            outcome: AuditOutcome::parse(&self.outcome)?,
            actor: match self.actor {
                AuditActorRecord::Anonymous => AuditActor::Anonymous,
                AuditActorRecord::Account(id) => AuditActor::Account(AccountId::new(id)),
                AuditActorRecord::Operator => AuditActor::Operator,
            },
            account: self.account.map(AccountId::new),
            object: self.object,
            origin: self.origin.into_origin(),
        };
        Some(AuditEntry { id, at: Timestamp::from_micros(self.at), note })
    }
}

#[derive(Serialize, Deserialize)]
enum MailRecord {
    ConfirmEmail { username: Username, to: Email, seed: KeySeed },
    ResetPassword { username: Username, to: Email, account: u64, seed: KeySeed },
    ConfirmNewEmail { username: Username, to: Email, seed: KeySeed },
    PasswordChanged { username: Username, to: Email, at: i64 },
    EmailChanged { username: Username, to: Email, at: i64 },
    NewLogin { username: Username, to: Email, at: i64, address: String, agent: String },
}

impl MailRecord {
    fn of(mail: Mail) -> Self {
        match mail {
            Mail::ConfirmEmail { username, to, seed } => Self::ConfirmEmail { username, to, seed },
            Mail::ResetPassword { username, to, account, seed } => {
                Self::ResetPassword { username, to, account: account.get(), seed }
            }
            Mail::ConfirmNewEmail { username, to, seed } => Self::ConfirmNewEmail { username, to, seed },
            Mail::PasswordChanged { username, to, at } => Self::PasswordChanged { username, to, at: at.as_micros() },
            Mail::EmailChanged { username, to, at } => Self::EmailChanged { username, to, at: at.as_micros() },
            Mail::NewLogin { username, to, at, address, agent } => {
                Self::NewLogin { username, to, at: at.as_micros(), address, agent }
            }
        }
    }

    fn into_mail(self) -> Mail {
        let moment = Timestamp::from_micros;
        match self {
            Self::ConfirmEmail { username, to, seed } => Mail::ConfirmEmail { username, to, seed },
            Self::ResetPassword { username, to, account, seed } => {
                Mail::ResetPassword { username, to, account: AccountId::new(account), seed }
            }
            Self::ConfirmNewEmail { username, to, seed } => Mail::ConfirmNewEmail { username, to, seed },
            Self::PasswordChanged { username, to, at } => Mail::PasswordChanged { username, to, at: moment(at) },
            Self::EmailChanged { username, to, at } => Mail::EmailChanged { username, to, at: moment(at) },
            Self::NewLogin { username, to, at, address, agent } => {
                Mail::NewLogin { username, to, at: moment(at), address, agent }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum MailStateRecord {
    Waiting,
    /// With the moment at which it was due before it was leased.
    Held(i64),
    Dead,
}

/// In [`super::keys::Space::Outbox`].
#[derive(Serialize, Deserialize)]
pub(super) struct OutboxRecord {
    account: u64,
    mail: MailRecord,
    queued_at: i64,
    /// How many leases it has had.
    attempts: u32,
    unsure: u32,
    state: MailStateRecord,
    /// When it is due, or its lease ends.
    due: i64,
    problem: Option<MailProblem>,
}

impl OutboxRecord {
    /// A mail that is due from now on.
    pub(super) fn new(account: AccountId, mail: Mail, at: Timestamp) -> Self {
        Self {
            account: account.get(),
            mail: MailRecord::of(mail),
            queued_at: at.as_micros(),
            attempts: 0,
            unsure: 0,
            state: MailStateRecord::Waiting,
            due: at.as_micros(),
            problem: None,
        }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    /// Whether this attempt is under way.
    pub(super) fn is_held_by(&self, attempt: u32) -> bool {
        self.is_held() && self.attempts == attempt
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.state, MailStateRecord::Held(_))
    }

    /// When it is due, or its lease ends; `None` for a dead letter.
    pub(super) fn due(&self) -> Option<Timestamp> {
        (self.state != MailStateRecord::Dead).then_some(Timestamp::from_micros(self.due))
    }

    /// Gives it to somebody until then.
    pub(super) fn hold(&mut self, until: Timestamp) {
        let was_due = match self.state {
            MailStateRecord::Held(was_due) => was_due,
            MailStateRecord::Waiting | MailStateRecord::Dead => self.due,
        };
        self.attempts = self.attempts.saturating_add(1);
        self.state = MailStateRecord::Held(was_due);
        self.due = until.as_micros();
    }

    /// Takes it from whoever held it.
    pub(super) fn release(&mut self) {
        if let MailStateRecord::Held(was_due) = self.state {
            self.state = MailStateRecord::Waiting;
            self.due = was_due;
        }
    }

    /// It comes back.
    pub(super) fn put_off(&mut self, at: Timestamp, why: MailProblem, unsure: bool) {
        self.state = MailStateRecord::Waiting;
        self.due = at.as_micros();
        self.unsure = self.unsure.saturating_add(u32::from(unsure));
        self.problem = Some(why);
    }

    /// It does not come back.
    pub(super) fn bury(&mut self, why: MailProblem) {
        self.state = MailStateRecord::Dead;
        self.problem = Some(why);
    }

    /// It is due, as if it were new.
    pub(super) fn revive(&mut self, now: Timestamp) {
        self.state = MailStateRecord::Waiting;
        self.due = now.as_micros();
        self.attempts = 0;
        self.unsure = 0;
    }

    pub(super) fn into_item(self, id: OutboxId) -> OutboxItem {
        OutboxItem {
            id,
            mail: self.mail.into_mail(),
            attempt: self.attempts,
            unsure: self.unsure,
            queued_at: Timestamp::from_micros(self.queued_at),
        }
    }

    pub(super) fn into_entry(self, id: OutboxId) -> OutboxEntry {
        OutboxEntry {
            id,
            account: AccountId::new(self.account),
            mail: self.mail.into_mail(),
            state: match self.state {
                MailStateRecord::Waiting => MailState::Waiting,
                MailStateRecord::Held(_) => MailState::Held,
                MailStateRecord::Dead => MailState::Dead,
            },
            attempts: self.attempts,
            unsure: self.unsure,
            due: Timestamp::from_micros(self.due),
            problem: self.problem,
            queued_at: Timestamp::from_micros(self.queued_at),
        }
    }
}
