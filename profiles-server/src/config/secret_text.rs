//! Secrets that a person chose.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};

use super::value::{Shown, Value};

/// A password for another service. It shows nothing of itself.
#[derive(Clone)]
pub struct SecretText(SecretString);

impl SecretText {
    /// The text, for the service and nobody else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl FromStr for SecretText {
    type Err = String;

    /// The error does not repeat what was given.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 1000 || text.contains(char::is_control) {
            return Err("must be a single line of 1 to 1000 bytes".to_owned());
        }
        Ok(Self(text.to_owned().into()))
    }
}

impl Value for SecretText {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn shown(&self) -> Shown {
        Shown::Hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_stays_out_of_sight() {
        let secret: SecretText = "hunter2".parse().unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("hunter2", "SecretText(..)"));
        for bad in ["", "hun\nter2", &"x".repeat(1001)] {
            assert_eq!(bad.parse::<SecretText>().unwrap_err(), "must be a single line of 1 to 1000 bytes");
        }
    }
}
