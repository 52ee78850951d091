//! Mails as values: what to say to whom. How they look and how they travel is the business of whoever sends them.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    env::{Entropy, EntropyError},
    model::{AccountId, Digest, Email, OutboxId, Timestamp, Username},
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
    /// "Choose a new password", after somebody asked for it.
    ResetPassword {
        /// Whose password.
        username: Username,
        /// Where to send it.
        to: Email,
        /// Whose password: the link names the account as well as the key.
        account: AccountId,
        /// Of the key that the link carries.
        seed: KeySeed,
    },
    /// "Please confirm your e-mail address", after an account got another one.
    ConfirmNewEmail {
        /// Whose address.
        username: Username,
        /// The new address.
        to: Email,
        /// Of the key that the link carries.
        seed: KeySeed,
    },
    /// "Your password has been changed."
    PasswordChanged {
        /// Whose password.
        username: Username,
        /// Where to send it.
        to: Email,
        /// When it was changed.
        at: Timestamp,
    },
    /// "Your e-mail address has been changed", to the old one. It does not name the new one: who reads here may have
    /// nothing to do with it any more.
    EmailChanged {
        /// Whose address.
        username: Username,
        /// The old address.
        to: Email,
        /// When it was changed.
        at: Timestamp,
    },
    /// "Somebody has logged in", from a place that is new for the account.
    NewLogin {
        /// Whose account.
        username: Username,
        /// Where to send it.
        to: Email,
        /// When it was.
        at: Timestamp,
        /// The address of the client, as text; empty if it is not known.
        address: String,
        /// What the client calls itself, cut to some hundred letters by whoever makes the mail; may be empty.
        agent: String,
    },
}

impl Mail {
    /// Which of the mails it is.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::ConfirmEmail { .. } => MailKind::ConfirmEmail,
            Self::ResetPassword { .. } => MailKind::ResetPassword,
            Self::ConfirmNewEmail { .. } => MailKind::ConfirmNewEmail,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::EmailChanged { .. } => MailKind::EmailChanged,
            Self::NewLogin { .. } => MailKind::NewLogin,
        }
    }

    /// Where it goes.
    pub fn to(&self) -> &Email {
        match self {
            Self::ConfirmEmail { to, .. }
            | Self::ResetPassword { to, .. }
            | Self::ConfirmNewEmail { to, .. }
            | Self::PasswordChanged { to, .. }
            | Self::EmailChanged { to, .. }
            | Self::NewLogin { to, .. } => to,
        }
    }
}

/// The kinds of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailKind {
    /// [`Mail::ConfirmEmail`].
    ConfirmEmail,
    /// [`Mail::ResetPassword`].
    ResetPassword,
    /// [`Mail::ConfirmNewEmail`].
    ConfirmNewEmail,
    /// [`Mail::PasswordChanged`].
    PasswordChanged,
    /// [`Mail::EmailChanged`].
    EmailChanged,
    /// [`Mail::NewLogin`].
    NewLogin,
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ConfirmEmail,
        Self::ResetPassword,
        Self::ConfirmNewEmail,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::NewLogin,
    ];

    /// Its name, for files and for operators: `confirm_email`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::ResetPassword => "reset_password",
            Self::ConfirmNewEmail => "confirm_new_email",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::NewLogin => "new_login",
        }
    }
}

impl fmt::Display for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a mail did not go out, for an operator: one line of at most 200 characters.
///
/// ```
/// use profiles_core::mail::MailProblem;
///
/// assert_eq!(MailProblem::new("450 try\r\n  later").as_str(), "450 try later");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailProblem(String);

impl MailProblem {
    /// Characters at most.
    pub const MAX_CHARS: usize = 200;

    /// Makes one line of a text, without control characters, and cuts it. The text should not repeat the address of the
    /// recipient.
    pub fn new(text: &str) -> Self {
        let plain = text.replace(char::is_control, " ");
        let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(line.chars().take(Self::MAX_CHARS).collect())
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MailProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
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

    /// A seed read back from where it was kept.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
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

    /// The key for this seed: 160 bits of HMAC-SHA-256 (RFC 2104), as 32 characters of base32 (RFC 4648) in lower case.
    /// Clients' patterns for such links know digits and lower-case letters and little else.
    pub fn key(&self, seed: &KeySeed) -> MailKey {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).map(|mac| mac.chain_update(seed.0));
        // HMAC takes a key of any length, so there is no error to speak of; an empty key would match nothing.
        let bytes = mac.map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        MailKey(base32(bytes.get(..20).unwrap_or_default()))
    }

    /// A proof that this server has written these parts, for this purpose: HMAC-SHA-256 under a key that is made from the
    /// secret and the name of the purpose, so that no proof is good for another one, and none is a mail's key.
    pub fn proof(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let sealed = |key: &[u8], parts: &[&[u8]]| {
            let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| {
                // With their lengths, so that what stands in one part can't pass for the beginning of the next.
                parts
                    .iter()
                    .fold(mac, |mac, part| mac.chain_update((part.len() as u64).to_be_bytes()).chain_update(part))
            });
            // HMAC takes a key of any length, so there is no error to speak of.
            mac.map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default()
        };
        // A seed has 16 bytes and this has more, so it makes no key of a mail.
        let key: [u8; 32] = sealed(self.0.expose_secret(), &[b"key for a purpose", purpose.as_bytes()]);
        sealed(&key, parts)
    }

    /// A name for a mail that is the same at each attempt, so that a receiver can tell a second copy for one, and that
    /// nobody can guess: the mail's number, a dot, and 100 bits as 20 characters of base32 in lower case.
    pub fn mail_name(&self, id: OutboxId, queued_at: Timestamp) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).map(|mac| {
            // A seed has 16 bytes and this has more, so it makes no key.
            mac.chain_update(b"name of a mail")
                .chain_update(id.get().to_be_bytes())
                .chain_update(queued_at.as_micros().to_be_bytes())
        });
        let bytes = mac.map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        format!("{id}.{}", base32(bytes.get(..13).unwrap_or_default()).get(..20).unwrap_or_default())
    }
}

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
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
    /// A key that somebody presented: any text. Whoever takes it from outside bounds its length.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

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
    }

    #[test]
    fn a_key_is_32_digits_and_lower_case_letters_and_is_known_again() {
        let secret = MailSecret::from_bytes([1; 32]);
        for _ in 0..64 {
            let key = secret.key(&KeySeed::generate(&SystemEntropy).unwrap());
            let text = key.expose();
            assert_eq!(text.len(), 32);
            assert!(text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z')), "{text}");
            assert_eq!(MailKey::presented(text).digest(), key.digest());
            assert_ne!(MailKey::presented(&text.to_uppercase()).digest(), key.digest());
        }
        assert_eq!(format!("{:?}", MailKey::presented("hunter2")), "MailKey(..)");
    }

    #[test]
    fn a_mail_has_one_name_that_the_secret_makes() {
        let (one, two) = (MailSecret::from_bytes([1; 32]), MailSecret::from_bytes([2; 32]));
        let (id, at) = (OutboxId::new(7), Timestamp::from_micros(5));
        let name = one.mail_name(id, at);
        assert!(name.starts_with("7.") && name.len() == 22, "{name}");
        assert_eq!(one.mail_name(id, at), name);
        assert_ne!(two.mail_name(id, at), name);
        assert_ne!(one.mail_name(id, Timestamp::from_micros(6)), name);
    }

    #[test]
    fn a_proof_depends_on_secret_purpose_and_every_part() {
        let (one, two) = (MailSecret::from_bytes([1; 32]), MailSecret::from_bytes([2; 32]));
        let proof = one.proof("cursor", &[b"ab", b"c"]);
        assert_eq!(one.proof("cursor", &[b"ab", b"c"]), proof);
        assert_ne!(two.proof("cursor", &[b"ab", b"c"]), proof);
        assert_ne!(one.proof("other", &[b"ab", b"c"]), proof);
        assert_ne!(one.proof("cursor", &[b"a", b"bc"]), proof);
        assert_ne!(one.proof("cursor", &[b"ab", b"c", b""]), proof);
    }

    #[test]
    fn a_problem_is_one_short_line() {
        let problem = MailProblem::new(&format!("  550 no\r\n\u{1b}[2J such\u{85}user {}", "x".repeat(300)));
        assert!(problem.as_str().starts_with("550 no [2J such user xxx"), "{problem}");
        assert_eq!(problem.as_str().chars().count(), MailProblem::MAX_CHARS);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = MailKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), MailKind::ALL.len());
    }
}
