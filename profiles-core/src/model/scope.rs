//! What a personal token may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;

/// One thing that a personal token may be allowed. Passwords, addresses, logins, tokens and the account itself are never
/// among them: a program that was given a token must not be able to take the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Read what any account may read: `read`. Every token may.
    Read,
    /// Read the owner's own details, their address among them: `account:read`.
    AccountRead,
    /// Edit the profiles that the owner may edit: `profile:write`.
    ProfileWrite,
    /// Post statuses, and edit and delete those that the owner may: `status:write`.
    StatusWrite,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::AccountRead, Self::ProfileWrite, Self::StatusWrite];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::AccountRead => "account:read",
            Self::ProfileWrite => "profile:write",
            Self::StatusWrite => "status:write",
        }
    }

    /// The scope of this name.
    ///
    /// # Errors
    /// [`FieldError::UnknownScope`], which names those that there are.
    pub fn parse(text: &str) -> Result<Self, Vec<FieldError>> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| vec![FieldError::UnknownScope(text.chars().take(40).collect())])
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Several scopes.
///
/// ```
/// use profiles_core::model::{Scope, Scopes};
///
/// let scopes: Scopes = [Scope::StatusWrite].into_iter().collect();
/// assert!(scopes.allows(Scope::StatusWrite) && scopes.allows(Scope::Read) && !scopes.allows(Scope::ProfileWrite));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether this is among them; reading always is.
    pub const fn allows(self, scope: Scope) -> bool {
        matches!(scope, Scope::Read) || self.0 & scope.bit() != 0
    }

    /// Those that were given, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<Scopes: IntoIterator<Item = Scope>>(scopes: Scopes) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Scope::as_str)).finish()
    }
}
