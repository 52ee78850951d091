//! What is on disk: the fields of each record, in their order.
//!
//! These types are apart from the model's so that a change there does not change the disk unseen. Texts are kept as
//! the model's newtypes, which are written as plain strings and are not checked again when read: a name that was
//! allowed when it was registered stays readable. What the key says (the id, mostly) is not repeated in the value.

mod audit;
mod change;
mod mail_key;
mod origin;
mod rank;
mod request;
mod throttle;
mod token;

use serde::{Deserialize, Serialize};

pub(super) use self::{
    audit::AuditRecord, change::ChangeRecord, mail_key::MailKeyRecord, origin::PlacesRecord, rank::RankRecord,
    request::RequestRecord, throttle::ThrottleRecord, token::TokenRecord,
};
use crate::{
    mail::{KeySeed, Mail, MailProblem},
    model::{
        Account, AccountId, AvatarId, Bio, City, Email, OutboxId, PasswordHash, PersonName, Profile, ProfileId,
        Revision, Status, StatusId, StatusText, Timestamp, Username,
    },
    store::{MailState, OutboxEntry, OutboxItem, ProfileRow, StatusRow},
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
    avatar: Option<AvatarId>,
    bio: Bio,
    city: City,
}

impl ProfileRecord {
    pub(super) fn of(profile: &Profile) -> Self {
        Self {
            account: profile.account.get(),
            revision: profile.revision.get(),
            avatar: profile.avatar,
            bio: profile.bio.clone(),
            city: profile.city.clone(),
        }
    }

    pub(super) fn from_row(row: &ProfileRow) -> Self {
        let ProfileRow { id: _, account, revision, avatar, bio, city } = row.clone();
        Self { account: account.get(), revision: revision.get(), avatar, bio, city }
    }

    pub(super) fn into_row(self, id: ProfileId) -> ProfileRow {
        let Self { account, revision, avatar, bio, city } = self;
        ProfileRow { id, account: AccountId::new(account), revision: Revision::new(revision), avatar, bio, city }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn avatar(&self) -> Option<AvatarId> {
        self.avatar
    }

    pub(super) fn into_profile(self, id: ProfileId, username: Username) -> Profile {
        Profile {
            id,
            account: AccountId::new(self.account),
            username,
            revision: Revision::new(self.revision),
            avatar: self.avatar,
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

    pub(super) fn from_row(row: &StatusRow, profile: ProfileId) -> Self {
        Self {
            account: row.account.get(),
            profile: profile.get(),
            revision: row.revision.get(),
            text: row.text.clone(),
            created_at: row.created_at.as_micros(),
            updated_at: row.updated_at.as_micros(),
        }
    }

    pub(super) fn into_row(self, id: StatusId) -> StatusRow {
        StatusRow {
            id,
            account: AccountId::new(self.account),
            revision: Revision::new(self.revision),
            text: self.text,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(super) fn profile(&self) -> ProfileId {
        ProfileId::new(self.profile)
    }

    pub(super) fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.created_at)
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

    /// A mail as it was in another store. How long it was due when it was leased is not known: if it is held, it is due
    /// again when its lease ends.
    pub(super) fn of(entry: OutboxEntry) -> Self {
        let due = entry.due.as_micros();
        Self {
            account: entry.account.get(),
            mail: MailRecord::of(entry.mail),
            queued_at: entry.queued_at.as_micros(),
            attempts: entry.attempts,
            unsure: entry.unsure,
            state: match entry.state {
                MailState::Waiting => MailStateRecord::Waiting,
                MailState::Held => MailStateRecord::Held(due),
                MailState::Dead => MailStateRecord::Dead,
            },
            due,
            problem: entry.problem,
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
        self.release();
        let was_due = self.due;
        self.attempts = self.attempts.saturating_add(1);
        self.state = MailStateRecord::Held(was_due);
        self.due = until.as_micros();
    }

    /// Takes it from whoever held it, and has not said what came of it.
    pub(super) fn release(&mut self) {
        if let MailStateRecord::Held(was_due) = self.state {
            self.unsure = self.unsure.saturating_add(1);
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
