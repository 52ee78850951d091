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
