//! Keys that are mailed.

use super::{AccountId, Email, Timestamp};

/// What whoever brings a mailed key back may do with it, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPurpose {
    /// Show that the account's address is theirs.
    ConfirmEmail,
    /// Choose a new password. Ends with the next login, and with any change of password or address, as Django's.
    ResetPassword,
    /// Show that the address that they want to change to is theirs. Ends with any change of password: whoever takes their
    /// account back must not lose it to an address that somebody else has asked for.
    ChangeEmail,
}

impl KeyPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ConfirmEmail, Self::ResetPassword, Self::ChangeEmail];

    /// Whether a login ends such keys.
    pub const fn ends_with_login(self) -> bool {
        matches!(self, Self::ResetPassword)
    }

    /// Whether a new password ends such keys.
    pub const fn ends_with_password(self) -> bool {
        matches!(self, Self::ResetPassword | Self::ChangeEmail)
    }

    /// How many such keys of one account work at a time. Of more, those that end first go. Only the last of the addresses
    /// that somebody wanted to change to can still be confirmed.
    pub const fn most(self) -> usize {
        match self {
            Self::ConfirmEmail | Self::ResetPassword => 5,
            Self::ChangeEmail => 1,
        }
    }
}

/// What a store knows of a key that was mailed and not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingKey {
    /// Whose account it is for.
    pub account: AccountId,
    /// What it is good for.
    pub purpose: KeyPurpose,
    /// The address that it was mailed to.
    pub email: Email,
    /// From then on it is as if it were not there.
    pub expires_at: Timestamp,
}
