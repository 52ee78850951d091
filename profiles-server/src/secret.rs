//! The server's own secret, from which the keys in mails are made.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use profiles_core::{
    env::{Entropy, EntropyError},
    mail::MailSecret,
};

use crate::config::{SecretKey, Storage};

/// Why there is no secret. `Display` is one line, and shows nothing of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file can't be read or written.
    #[error("can't keep the secret key in {}: {error}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file holds something else.
    #[error("{} does not hold a secret key: put the right file back, or remove it to have a new one made; \
             links in mails that were sent stop working then", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Other servers use the same database, and their secret is not the one that is here.
    #[error("the servers of this database share a secret key, which is not {}: copy secret.key from one of them to {}, \
             or set secret_key to what is in it", if path.exists() { "this server's" } else { "here yet" }, path.display())]
    Unshared {
        /// Where it would be.
        path: PathBuf,
    },
    /// A new one can't be made.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// The secret that is set, or the one in `secret.key` in the data directory, which is made if it is not there.
///
/// # Errors
/// The file can't be used.
pub fn mail_secret(storage: &Storage, entropy: &dyn Entropy) -> Result<MailSecret, SecretError> {
    if let Some(secret) = stored(storage)? {
        return Ok(secret);
    }
    let path = storage.secret_file();
    let key = make(&path, entropy, |error| SecretError::File { path: path.clone(), error })?;
    Ok(MailSecret::from_bytes(*key.expose()))
}

/// The secret that is set, or the one in `secret.key`, or `None` if there is none yet.
///
/// # Errors
/// The file can't be used.
pub fn stored(storage: &Storage) -> Result<Option<MailSecret>, SecretError> {
    if let Some(key) = &storage.secret_key {
        return Ok(Some(MailSecret::from_bytes(*key.expose())));
    }
    let path = storage.secret_file();
    let text = read(&path).map_err(|error| SecretError::File { path: path.clone(), error })?;
    let key = text.map(|text| text.trim_end().parse::<SecretKey>()).transpose();
    Ok(key.map_err(|_| SecretError::Damaged { path })?.map(|key| MailSecret::from_bytes(*key.expose())))
}

/// The file's text, or `None` if there is no file.
fn read(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    warn_if_others_can_read(&file, path);
    let mut bytes = Vec::new();
    // Longer than a key is damaged; how much longer does not matter.
    Read::by_ref(&mut file).take(100).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
}

/// Makes a key and keeps it: the whole file is there, or none.
fn make(
    path: &Path,
    entropy: &dyn Entropy,
    failed: impl Fn(io::Error) -> SecretError,
) -> Result<SecretKey, SecretError> {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes)?;
    let key = SecretKey::from(bytes);
    let draft = path.with_extension("key.new");
    let keep = || {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        // A server that was killed at this very place before may have left one.
        let _ = fs::remove_file(&draft);
        let mut file = private_file(&draft)?;
        writeln!(file, "{}", data_encoding::HEXLOWER.encode(key.expose()))?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(directory)?.sync_all()
    };
    keep().map_err(failed)?;
    Ok(key)
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn warn_if_others_can_read(file: &File, path: &Path) {
    if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others on this machine can read the secret key: chmod 600 it");
    }
}

#[cfg(test)]
mod tests {
    use profiles_core::{env::SystemEntropy, mail::KeySeed};

    use super::*;

    fn key(storage: &Storage) -> String {
        let seed: KeySeed = serde_json::from_str("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]").unwrap();
        mail_secret(storage, &SystemEntropy).unwrap().key(&seed).expose().to_owned()
    }

    #[test]
    fn it_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage { data_dir: directory.path().join("new"), ..Storage::default() };
        let first = key(&storage);
        assert_eq!(key(&storage), first);
        let path = storage.data_dir.join("secret.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        let set = Storage { secret_key: Some(text.trim().parse().unwrap()), ..Storage::default() };
        assert_eq!(key(&set), first);
    }

    #[test]
    fn a_damaged_file_is_told_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let storage = Storage { data_dir: directory.path().to_owned(), ..Storage::default() };
        let path = directory.path().join("secret.key");
        for damaged in ["", "0011", "not a key at all", &"00".repeat(5000)] {
            fs::write(&path, damaged).unwrap();
            let error = mail_secret(&storage, &SystemEntropy).unwrap_err().to_string();
            assert!(error.contains("secret.key does not hold a secret key") && !error.contains('\n'), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }
}
