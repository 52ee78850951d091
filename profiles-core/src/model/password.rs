//! Passwords as they are typed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::text::check_text;
use crate::fields::{Field, FieldError};

/// A password that somebody typed. It is not blank and holds no NUL; whether it is a good one is for
/// [`crate::password::PasswordPolicy`] to say. Nothing is normalised.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Parses a password that the edge has already trimmed, as the contract has it.
    ///
    /// # Errors
    /// Blank, or a NUL.
    pub fn parse(text: &str) -> Field<Self> {
        let errors = check_text(text, usize::MAX);
        if !errors.is_empty() {
            return Err(errors);
        }
        if text.is_empty() { Err(vec![FieldError::Blank]) } else { Ok(Self(text.to_owned().into())) }
    }

    /// Code points at most of a password that is chosen for an account that there is: Django REST framework's field has
    /// them. Registration and login take any length.
    pub const MAX_NEW_CHARS: usize = 128;

    /// Parses a password for a field that takes at most [`MAX_NEW_CHARS`](Self::MAX_NEW_CHARS).
    ///
    /// # Errors
    /// Blank, too long, or a NUL.
    pub fn parse_new(text: &str) -> Field<Self> {
        let errors = check_text(text, Self::MAX_NEW_CHARS);
        if errors.is_empty() { Self::parse(text) } else { Err(errors) }
    }

    /// For hashing and for the policy.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
