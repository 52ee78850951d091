//! Mails as values: what to say to whom. How they look and how they travel is the business of whoever sends them.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    env::{Entropy, EntropyError},
    model::{Digest, Email, Username},
};

/// A mail that waits to be sent. It holds no secret: the key in its link is made from [`KeySeed`] when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mail {
    /// "Please confirm your e-mail address", after registration.
    ConfirmEmail {
        /// Who gave the address as theirs.
        username: Username,
        /// Where to send it.
        to: Email,
        /// Of the key that the link carries.
        seed: KeySeed,
    },
}

/// Random bytes from which, with the [`MailSecret`], a mail's key is made. Worth nothing without the secret, so a copy
/// of the database confirms nobody's address.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySeed([u8; 16]);

impl KeySeed {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(..)")
    }
}

/// The server's secret for the keys in mails: 32 random bytes that never leave it.
pub struct MailSecret(SecretBox<[u8; 32]>);

impl MailSecret {
    /// From bytes that were kept somewhere safe.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// A new one. Links in mails that were sent with another stop working.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The key for this seed: 192 bits of HMAC-SHA-256 (RFC 2104), as 32 characters of base64url.
    pub fn key(&self, seed: &KeySeed) -> MailKey {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).map(|mac| mac.chain_update(seed.0));
        // HMAC takes a key of any length, so there is no error to speak of; an empty key would match nothing.
        let bytes = mac.map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        MailKey(BASE64URL_NOPAD.encode(bytes.get(..24).unwrap_or_default()))
    }
}

impl fmt::Debug for MailSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailSecret(..)")
    }
}

/// The secret in a mailed link.
#[derive(Clone, PartialEq, Eq)]
pub struct MailKey(String);

impl MailKey {
    /// What a store keeps of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The key, for the mail and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SystemEntropy;

    #[test]
    fn a_key_depends_on_the_secret_and_on_the_seed() {
        let (one, two) = (MailSecret::from_bytes([1; 32]), MailSecret::from_bytes([2; 32]));
        let seed = KeySeed::generate(&SystemEntropy).unwrap();
        assert_eq!(one.key(&seed), one.key(&seed));
        assert_ne!(one.key(&seed), two.key(&seed));
        assert_ne!(one.key(&seed), one.key(&KeySeed::generate(&SystemEntropy).unwrap()));
        assert_eq!(one.key(&seed).expose().len(), 32);
    }
}
