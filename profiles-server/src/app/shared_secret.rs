//! One secret for all servers of a database.
//!
//! The database must not have it (who steals the database must not be able to make the keys in mails), so it keeps a
//! fingerprint: a server whose secret is another one would send links that no other server knows, and is not let in.

use std::fs;

use profiles_core::{env::SystemEntropy, mail::MailSecret};
use profiles_postgres::PostgresStore;

use super::StartError;
use crate::{
    config::Storage,
    secret::{SecretError, mail_secret, stored},
};

/// What the fingerprint is a proof for; a fingerprint proves nothing else.
const PURPOSE: &str = "fingerprint";

/// The secret that is set or in the data directory, if it is that of the database. The first server of a database makes
/// one if it has none.
///
/// # Errors
/// The database's is another one, or this server has none; the file can't be used; the database does not answer.
pub(super) async fn shared_secret(storage: &Storage, store: &PostgresStore) -> Result<MailSecret, StartError> {
    let kept = store.secret_fingerprint().await.map_err(StartError::Fingerprint)?;
    let (secret, is_new) = match stored(storage)? {
        Some(secret) => (secret, false),
        None if kept.is_some() => return Err(SecretError::Unshared { path: storage.secret_file() }.into()),
        None => (mail_secret(storage, &SystemEntropy)?, true),
    };
    let own = secret.proof(PURPOSE, &[]);
    let holds = match kept {
        Some(kept) => kept,
        None => store.keep_secret_fingerprint(own).await.map_err(StartError::Fingerprint)?,
    };
    if holds == own {
        return Ok(secret);
    }
    if is_new {
        // Another server was faster; nobody has used ours. If it stays, the next start says the same.
        let _ = fs::remove_file(storage.secret_file());
    }
    Err(SecretError::Unshared { path: storage.secret_file() }.into())
}

/// How it stands with this server's secret, in a line; nothing is made.
///
/// # Errors
/// It is not that of the database, or the database does not answer.
pub(crate) async fn compare(
    storage: &Storage,
    secret: Option<&MailSecret>,
    store: &PostgresStore,
) -> Result<&'static str, StartError> {
    let kept = store.secret_fingerprint().await.map_err(StartError::Fingerprint)?;
    match (secret, kept) {
        (None, None) => Ok("secret key: none yet; the first start makes it"),
        (Some(_), None) => Ok("secret key: readable"),
        (Some(secret), Some(kept)) if secret.proof(PURPOSE, &[]) == kept => {
            Ok("secret key: that of all servers of the database")
        }
        (_, Some(_)) => Err(SecretError::Unshared { path: storage.secret_file() }.into()),
    }
}
