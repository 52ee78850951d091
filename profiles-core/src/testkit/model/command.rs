//! What is played.

use std::time::Duration;

use crate::{
    mail::MailProblem,
    model::{
        AccountId, Email, KeyPurpose, Lifetime, OutboxId, ProfileId, Revision, StatusId, StatusText, Timestamp,
        TokenKind, Username, UsernameKey,
    },
    store::{
        AccountChange, LogIn, MailOutcome, NewMailKey, NewToken, ProfileChange, ProfileFilter, Register, Result,
        Revoke, Slice, StatusFilter, Store,
    },
    testkit::fixture,
};

/// One call of a store. Secrets and passwords are named, so that a list of commands can be read; the moment of a
/// command is that of all the [`Command::Wait`]s before it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the arguments of the store's methods, by the same names")]
pub enum Command {
    /// Lets time pass.
    Wait { by: Duration },
    /// `register`.
    Register(Registration),
    /// `update_account`.
    UpdateAccount { id: AccountId, expected: Expected, change: AccountChange },
    /// `set_password`.
    SetPassword { id: AccountId, expected: Expected, password: String, revoke: Revoke },
    /// `log_in`.
    LogIn(Login),
    /// `revoke`.
    Revoke { secrets: Vec<String> },
    /// `update_profile`.
    UpdateProfile { id: ProfileId, expected: Expected, change: ProfileChange },
    /// `post_status`.
    PostStatus { account: AccountId, text: StatusText },
    /// `update_status`.
    UpdateStatus { id: StatusId, expected: Expected, text: Option<StatusText> },
    /// `delete_status`.
    DeleteStatus { id: StatusId },
    /// `lease`.
    Lease { hold: Duration, limit: usize },
    /// `finish`.
    Finish { id: OutboxId, attempt: Attempt, outcome: Outcome },
    /// `next_mail`.
    NextMail,
    /// `mails`.
    Mails { after: Option<OutboxId>, limit: usize },
    /// `retry_mail`.
    RetryMail { id: OutboxId },
    /// `drop_mail`.
    DropMail { id: OutboxId },
    /// `sweep`, and a second one without a limit: which of the expired go first is for each store to say, so only how
    /// many can be compared, and after that all must be gone.
    Sweep { limit: usize },
    /// `account`.
    Account { id: AccountId },
    /// `account_by_username`.
    AccountByUsername { key: UsernameKey },
    /// `account_by_verified_email`.
    AccountByVerifiedEmail { email: Email },
    /// `accounts`.
    Accounts { after: Option<AccountId>, limit: usize },
    /// `principal`.
    Principal { secret: String },
    /// `profile`.
    Profile { id: ProfileId },
    /// `profile_of`.
    ProfileOf { account: AccountId },
    /// `profiles`.
    Profiles { filter: ProfileFilter, slice: Slice<ProfileId> },
    /// `count_profiles`.
    CountProfiles { filter: ProfileFilter },
    /// `status`.
    Status { id: StatusId },
    /// `statuses`.
    Statuses { filter: StatusFilter, slice: Slice<StatusId> },
    /// `count_statuses`.
    CountStatuses { filter: StatusFilter },
}

/// A [`Register`] whose password is the name.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: Option<Email>,
    /// Whether it is known to be theirs.
    pub email_verified: bool,
    /// May moderate.
    pub is_staff: bool,
    /// Tokens to start with.
    pub tokens: Vec<Token>,
    /// A mailed key's secret, and how long it is good for.
    pub mail_key: Option<(String, Duration)>,
    /// Numbers of mails, as [`fixture::mail`] makes them.
    pub outbox: Vec<u64>,
}

impl Registration {
    pub(super) fn at(&self, now: Timestamp) -> Register {
        let proven = || self.email.clone().unwrap_or_else(|| fixture::email("elsewhere@example.org"));
        let mail_key = self.mail_key.as_ref().map(|(secret, lasts)| NewMailKey {
            digest: fixture::digest(secret),
            purpose: KeyPurpose::ConfirmEmail,
            email: proven(),
            expires_at: now.plus(*lasts),
        });
        Register {
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            password: fixture::password(self.username.as_str()),
            is_staff: self.is_staff,
            tokens: self.tokens.iter().map(|token| token.at(now)).collect(),
            mail_key,
            outbox: self.outbox.iter().map(|number| fixture::mail("reader", *number)).collect(),
            at: now,
            ..fixture::register(self.username.as_str())
        }
    }
}

/// A [`LogIn`].
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub account: AccountId,
    /// With what.
    pub checked: Checked,
    /// The password of a hash to replace the old one.
    pub rehashed: Option<String>,
    /// Tokens to keep.
    pub tokens: Vec<Token>,
}

impl Login {
    pub(super) async fn at(&self, now: Timestamp, store: &dyn Store) -> Result<LogIn> {
        let found = match self.checked {
            Checked::Current => store.account(self.account).await?,
            Checked::Wrong => None,
        };
        Ok(LogIn {
            account: self.account,
            checked: found.map_or_else(|| fixture::password("nobody's"), |account| account.password),
            rehashed: self.rehashed.as_deref().map(fixture::password),
            tokens: self.tokens.iter().map(|token| token.at(now)).collect(),
            at: now,
            ..fixture::login(self.account, "", Vec::new())
        })
    }
}

/// A token to keep.
#[derive(Clone, Debug)]
pub struct Token {
    /// What its digest is of.
    pub secret: String,
    /// Token or session.
    pub kind: TokenKind,
    /// How long it is good for; `None` for ever.
    pub lasts: Option<Duration>,
    /// How long it may lie unused; `None` for ever.
    pub idle: Option<Duration>,
}

impl Token {
    fn at(&self, now: Timestamp) -> NewToken {
        let ends_at = self.lasts.map(|lasts| now.plus(lasts));
        let lifetime = Lifetime { ends_at, idle: self.idle };
        NewToken { kind: self.kind, lifetime, ..fixture::token(&self.secret) }
    }
}

/// The revision that an update expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The one that the row has; the first if there is no row.
    Current,
    /// This one.
    Exactly(u64),
}

impl Expected {
    /// `found` is the revision of the row.
    pub(super) fn or(self, found: Option<Revision>) -> Revision {
        match self {
            Self::Current => found.unwrap_or(Revision::FIRST),
            Self::Exactly(number) => Revision::new(number),
        }
    }
}

/// The attempt that finishes a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The last one.
    Current,
    /// This one.
    Exactly(u32),
}

/// A [`MailOutcome`], by what the present moment makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the outcome, by the same names")]
pub enum Outcome {
    /// [`MailOutcome::Sent`].
    Sent,
    /// [`MailOutcome::Later`], so long after the present moment.
    Later { by: Duration, unsure: bool },
    /// [`MailOutcome::Dead`].
    Dead,
}

impl Outcome {
    pub(super) fn at(self, now: Timestamp) -> MailOutcome {
        match self {
            Self::Sent => MailOutcome::Sent,
            Self::Later { by, unsure } => {
                MailOutcome::Later { at: now.plus(by), why: MailProblem::new("busy"), unsure }
            }
            Self::Dead => MailOutcome::Dead { why: MailProblem::new("refused") },
        }
    }
}

/// The hash that a login was checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The one that the account has.
    Current,
    /// One that no account has.
    Wrong,
}
