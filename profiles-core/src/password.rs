//! Passwords: which are good enough, and how they are kept.
//!
//! [`PasswordPolicy`] judges new passwords, by the rules of Django's default validators unless told otherwise. [`Argon2Pool`] hashes them with
//! Argon2id on threads of its own, and recognises what Django hashed. A service knows only the trait
//! [`PasswordHasher`], so an embedding program may bring another one.
//!
//! Passwords are taken as they are: not trimmed, not normalised, of any length. SP 800-63B would have Unicode
//! normalised; Django does not, and hashes that come from it would no longer match.
//!
//! What this follows: the OWASP [Password Storage][storage] and [Authentication][authentication] Cheat Sheets,
//! [NIST SP 800-63B-4][nist], section 3.1.1, [RFC 9106][rfc] on Argon2, and Django's
//! [password management][django].
//!
//! [storage]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
//! [authentication]: https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html
//! [nist]: https://pages.nist.gov/800-63-4/sp800-63b.html
//! [rfc]: https://www.rfc-editor.org/rfc/rfc9106.html
//! [django]: https://docs.djangoproject.com/en/5.2/topics/auth/passwords/

mod argon2_config;
mod argon2_memory;
mod argon2_pool;
mod common_passwords;
mod encoded;
mod hashing_queue;
mod hashing_worker;
mod policy;
mod similarity;
mod text;

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::{
    argon2_config::{Argon2Config, Argon2ConfigError},
    argon2_pool::Argon2Pool,
    policy::{Blocklist, BlocklistError, CharacterClass, JudgingError, PasswordPolicy, PolicyViolation, Strength},
};
use crate::model::PasswordHash;

/// Whose password it is, and so what it must not resemble; empty texts are passed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordContext<'a> {
    /// The owner's name.
    pub username: &'a str,
    /// Their given name.
    pub first_name: &'a str,
    /// Their family name.
    pub last_name: &'a str,
    /// Their address.
    pub email: &'a str,
}

/// Hashing did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashingError {
    /// More passwords wait than the queue holds.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The hashing itself failed.
    #[error("hashing failed: {0}")]
    Failed(String),
}

/// What came of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, but the hash was made in another way than new ones are, mostly a weaker one: hash it again and
    /// keep that.
    RightButOutdated,
}

/// Turns passwords into hashes, off the async workers.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with a new salt.
    async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingError>;

    /// Compares a password with a hash. `None` stands for an account that does not exist: the answer is
    /// [`Verdict::Wrong`] and takes as long as for one that does.
    async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verdict, HashingError>;
}
