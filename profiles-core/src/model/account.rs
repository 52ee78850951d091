//! Accounts.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;

use super::{AccountId, Email, PersonName, Revision, Timestamp, Username};

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Counts the writes of this row.
    pub revision: Revision,
    /// Its name.
    pub username: Username,
    /// Its address; `None` only where registration does not ask for one.
    pub email: Option<Email>,
    /// Whether the address was proven to be theirs.
    pub email_verified: bool,
    /// Given name.
    pub first_name: PersonName,
    /// Family name.
    pub last_name: PersonName,
    /// Hash of the password.
    pub password: PasswordHash,
    /// May moderate what others wrote.
    pub is_staff: bool,
    /// A deactivated account can't log in, and its tokens are refused.
    pub is_active: bool,
    /// When it was made.
    pub joined_at: Timestamp,
    /// When it last logged in.
    pub last_login_at: Option<Timestamp>,
}

/// An encoded password hash: a PHC string (`$argon2id$...`), or one of Django's formats.
///
/// It is made by [`crate::password`], never by hand; it shows nothing of itself in `Debug`.
#[derive(Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// A hash that was computed here, or comes from a database that is imported.
    pub fn from_encoded(encoded: impl Into<String>) -> Self {
        Self(SecretString::from(encoded.into()))
    }

    /// The encoded form.
    pub fn as_encoded(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.as_encoded().as_bytes().ct_eq(other.as_encoded().as_bytes()).into()
    }
}

impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

impl Serialize for PasswordHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_encoded())
    }
}

impl<'de> Deserialize<'de> for PasswordHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from_encoded)
    }
}
