//! What is on disk: the fields of each record, in their order.
//!
//! These types are apart from the model's so that a change there does not change the disk unseen. Texts are kept as
//! the model's newtypes, which are written as plain strings and are not checked again when read: a name that was
//! allowed when it was registered stays readable. What the key says (the id, mostly) is not repeated in the value.

mod audit;
mod mail_key;
mod origin;
mod throttle;
mod token;

use serde::{Deserialize, Serialize};

pub(super) use self::{
    audit::AuditRecord, mail_key::MailKeyRecord, origin::PlacesRecord, throttle::ThrottleRecord, token::TokenRecord,
};
use crate::{
    mail::{KeySeed, Mail},
    model::{
        Account, AccountId, Bio, City, Email, PasswordHash, PersonName, Profile, ProfileId, Revision, Status, StatusId,
        StatusText, Timestamp, Username,
    },
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

#[derive(Serialize, Deserialize)]
enum MailRecord {
    ConfirmEmail { username: Username, to: Email, seed: KeySeed },
}

/// In [`super::keys::Space::Outbox`].
#[derive(Serialize, Deserialize)]
pub(super) struct OutboxRecord {
    account: u64,
    mail: MailRecord,
    queued_at: i64,
    /// How many leases it has had.
    attempts: u32,
    /// Until when its last lease holds.
    held_until: Option<i64>,
}

impl OutboxRecord {
    pub(super) fn new(account: AccountId, mail: Mail, at: Timestamp) -> Self {
        let Mail::ConfirmEmail { username, to, seed } = mail;
        let mail = MailRecord::ConfirmEmail { username, to, seed };
        Self { account: account.get(), mail, queued_at: at.as_micros(), attempts: 0, held_until: None }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    /// Whether nobody holds it.
    pub(super) fn is_free(&self, now: Timestamp) -> bool {
        self.held_until.is_none_or(|until| until <= now.as_micros())
    }

    /// Gives it to somebody until then.
    pub(super) fn hold(&mut self, until: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        self.held_until = Some(until.as_micros());
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(super) fn into_mail(self) -> Mail {
        let MailRecord::ConfirmEmail { username, to, seed } = self.mail;
        Mail::ConfirmEmail { username, to, seed }
    }
}
