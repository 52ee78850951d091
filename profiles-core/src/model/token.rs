//! Proofs that somebody has logged in.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{AccountId, Digest, ProfileId, Timestamp, Username};
use crate::env::{Entropy, EntropyError, random_text};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenKind {
    /// `Authorization: Token <40 hex>`, as Django REST framework's `authtoken`.
    Api,
    /// The `sessionid` cookie of Django's sessions.
    Session,
}

/// A secret that is shown once, to the one who logs in; a store gets only its [`Digest`].
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Makes a new one: 160 random bits as 40 hex digits for [`TokenKind::Api`], 32 of `[a-z0-9]` (165 bits) for
    /// [`TokenKind::Session`], the forms Django's clients know.
    pub fn generate(kind: TokenKind, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let text = match kind {
            TokenKind::Api => {
                let mut bytes = [0; 20];
                entropy.fill(&mut bytes)?;
                data_encoding::HEXLOWER.encode(&bytes)
            }
            TokenKind::Session => random_text(b"abcdefghijklmnopqrstuvwxyz0123456789", 32, entropy)?,
        };
        Ok(Self(text.into()))
    }

    /// A secret that somebody presented.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned().into())
    }

    /// What is stored and looked up.
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose())
    }

    /// The secret itself: for the answer to its owner, and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Who a token or session speaks for: all that a request needs to know, read in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: AccountId,
    /// Its profile.
    pub profile: ProfileId,
    /// Its name, as it is written.
    pub username: Username,
    /// May moderate what others wrote.
    pub is_staff: bool,
    /// Whether the account is in use; a deactivated one may do nothing.
    pub is_active: bool,
    /// Token or session.
    pub kind: TokenKind,
    /// When this token or session ends; `None` for never.
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemEntropy;

    #[test]
    fn keys_have_the_form_that_clients_know_and_never_repeat() {
        let token = SecretKey::generate(TokenKind::Api, &SystemEntropy).unwrap();
        assert_eq!(token.expose().len(), 40);
        assert!(token.expose().bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        let session = SecretKey::generate(TokenKind::Session, &SystemEntropy).unwrap();
        assert_eq!(session.expose().len(), 32);
        assert!(session.expose().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        let other = SecretKey::generate(TokenKind::Api, &SystemEntropy).unwrap();
        assert_ne!(token.digest(), other.digest());
    }

    #[test]
    fn debug_shows_nothing() {
        let key = SecretKey::presented("hunter2");
        assert_eq!(format!("{key:?} {:?}", key.digest()), "SecretKey(..) Digest(..)");
    }
}
