//! Texts that go into headers.

use std::{fmt, str::FromStr};

use super::value::as_written;

/// A text of at most `MAX` characters, without line breaks or other control characters: it goes into headers of mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneLine<const MAX: usize>(String);

impl<const MAX: usize> OneLine<MAX> {
    /// Cuts a text down to one.
    pub fn lossy(text: &str) -> Self {
        Self(text.chars().filter(|letter| !letter.is_control()).take(MAX).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for OneLine<MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) || text.chars().count() > MAX {
            return Err(format!("must be a single line of at most {MAX} characters"));
        }
        Ok(Self(text.into()))
    }
}

impl<const MAX: usize> fmt::Display for OneLine<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_written!(OneLine<MAX> where const MAX: usize);
