//! Proofs that somebody has logged in.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{AccountId, Digest, Origin, ProfileId, Scopes, Timestamp, TokenId, TokenName, Username};
use crate::env::{Entropy, EntropyError, random_text};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TokenKind {
    /// `Authorization: Token <40 hex>`, as Django REST framework's `authtoken`: made by a login.
    Api,
    /// The `sessionid` cookie of Django's sessions: made by a login.
    Session,
    /// `Authorization: Token pat_<40 hex>`: made by its owner for a program, with a name and with scopes.
    Personal,
}

impl TokenKind {
    /// How it travels.
    pub fn carrier(self) -> Carrier {
        match self {
            Self::Api | Self::Personal => Carrier::Header,
            Self::Session => Carrier::Cookie,
        }
    }
}

/// How a secret reaches the server. One that comes in another way than its own is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// The `Authorization` header.
    Header,
    /// The session cookie.
    Cookie,
}

/// A secret that is shown once, to the one who logs in; a store gets only its [`Digest`].
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// Makes a new one: 160 random bits as 40 hex digits for [`TokenKind::Api`], 32 of `[a-z0-9]` (165 bits) for
    /// [`TokenKind::Session`], the forms Django's clients know; `pat_` and 40 hex digits for [`TokenKind::Personal`], so
    /// that scanners of source code find one that got into it.
    pub fn generate(kind: TokenKind, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let text = match kind {
            TokenKind::Api => hex(entropy)?,
            TokenKind::Personal => format!("pat_{}", hex(entropy)?),
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

/// 160 random bits.
fn hex(entropy: &dyn Entropy) -> Result<String, EntropyError> {
    let mut bytes = [0; 20];
    entropy.fill(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// When a token ends: at a fixed moment, after so long without use, whichever comes first; or never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// The fixed moment.
    pub ends_at: Option<Timestamp>,
    /// How long it may lie unused.
    pub idle: Option<Duration>,
}

impl Lifetime {
    /// One that ends then, used or not; `None` for never.
    pub const fn until(ends_at: Option<Timestamp>) -> Self {
        Self { ends_at, idle: None }
    }

    /// When a token ends that was used at this moment and not since.
    pub fn expires_at(self, used: Timestamp) -> Option<Timestamp> {
        let unused = self.idle.map(|idle| used.plus(idle));
        match (self.ends_at, unused) {
            (Some(end), Some(unused)) => Some(end.min(unused)),
            (end, unused) => end.or(unused),
        }
    }
}

/// A token as its owner sees it in a list. The secret is not part of it, since nobody keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What it is for.
    pub kind: TokenKind,
    /// What its owner calls it; only personal tokens have a name.
    pub name: Option<TokenName>,
    /// What it may do; only looked at for personal tokens.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last seen, give or take some minutes; `None` if never since it was made.
    pub last_used_at: Option<Timestamp>,
    /// When it ends, if it is not used before; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Where it was made.
    pub origin: Origin,
}

/// Who a token or session speaks for: all that a request needs to know, read in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token.
    pub token: TokenId,
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
    /// What kind of token it is.
    pub kind: TokenKind,
    /// What it may do; only looked at for personal tokens.
    pub scopes: Scopes,
    /// When this token or session ends; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was last seen or made, as far as the store was told.
    pub seen_at: Timestamp,
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
        let personal = SecretKey::generate(TokenKind::Personal, &SystemEntropy).unwrap();
        assert!(personal.expose().starts_with("pat_") && personal.expose().len() == 44);
        let other = SecretKey::generate(TokenKind::Api, &SystemEntropy).unwrap();
        assert_ne!(token.digest(), other.digest());
    }

    #[test]
    fn a_token_ends_at_whichever_comes_first() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let idle = Some(Duration::from_secs(10));
        assert_eq!(Lifetime::default().expires_at(at(1)), None);
        assert_eq!(Lifetime::until(Some(at(5))).expires_at(at(1)), Some(at(5)));
        assert_eq!(Lifetime { ends_at: None, idle }.expires_at(at(1)), Some(at(11)));
        assert_eq!(Lifetime { ends_at: Some(at(5)), idle }.expires_at(at(1)), Some(at(5)));
        assert_eq!(Lifetime { ends_at: Some(at(50)), idle }.expires_at(at(1)), Some(at(11)));
    }

    #[test]
    fn debug_shows_nothing() {
        let key = SecretKey::presented("hunter2");
        assert_eq!(format!("{key:?} {:?}", key.digest()), "SecretKey(..) Digest(..)");
    }
}
