//! Writes as values: all that is to happen in one step, and what came of it.

use crate::{
    mail::Mail,
    model::{
        Account, AccountId, Bio, City, Digest, Email, PasswordHash, PersonName, Profile, Timestamp, TokenKind, Username,
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
    /// A key that was mailed, to be used once.
    pub mail_key: Option<NewMailKey>,
    /// Mails to send once this is durable.
    pub outbox: Vec<Mail>,
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

/// A token or session to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Of the secret.
    pub digest: Digest,
    /// Token or session.
    pub kind: TokenKind,
    /// From then on it is as if it were not there; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key that is mailed to an address, to prove that its owner reads it.
#[derive(Clone, Debug)]
pub struct NewMailKey {
    /// Of the key.
    pub digest: Digest,
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
    /// Now.
    pub at: Timestamp,
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

/// What to end together with an old password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// Sessions and tokens.
    Everything,
    /// Sessions; tokens go on, as in Django.
    Sessions,
}

/// What to change in a profile; `None` leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new biography.
    pub bio: Option<Bio>,
    /// A new city.
    pub city: Option<City>,
}
