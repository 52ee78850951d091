//! Where the data is.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::{ExposeSecret, SecretBox};

use super::{
    ControlSocket,
    setting::settings,
    value::{Shown, Value},
};

settings! {
    /// Where the data is.
    pub struct Storage {
        /// Directory of the embedded database and of the secret key; made at the first start. One server uses it at a
        /// time.
        "data_dir" => data_dir: PathBuf = "./profiles-data".into();
        /// Bytes of memory for the embedded database's cache.
        "sled_cache_bytes" => sled_cache_bytes: u64 = 64 * 1024 * 1024, 1024 * 1024..=1 << 40;
        /// 64 hex digits from which the keys in mails are made, the same for all servers of a database. Without it they are
        /// kept in `secret.key` in `data_dir`. A command line can be read by everybody on the machine: prefer the file or the environment.
        "secret_key" => secret_key: Option<SecretKey> = None;
        /// Where operator's commands reach a running server: "auto", which is the Unix socket `control.sock` in
        /// `data_dir`, "off", or another path. With `database` there is none: the commands go to the database.
        "control_socket" => control_socket: ControlSocket = ControlSocket::Auto;
    }
}

impl Storage {
    /// Directory of the database itself: nothing else may be in it.
    pub(crate) fn store_dir(&self) -> PathBuf {
        self.data_dir.join("store")
    }

    /// Folder of the files of pictures.
    pub(crate) fn avatar_dir(&self) -> PathBuf {
        self.data_dir.join("avatars")
    }

    /// File of the secret, where none is set.
    pub(crate) fn secret_file(&self) -> PathBuf {
        self.data_dir.join("secret.key")
    }

    /// Where operator's commands reach a running server, if anywhere.
    pub(crate) fn control_socket(&self) -> Option<PathBuf> {
        match &self.control_socket {
            ControlSocket::Auto => Some(self.data_dir.join("control.sock")),
            ControlSocket::Off => None,
            ControlSocket::At(path) => Some(path.clone()),
        }
    }
}

/// 32 secret bytes. It shows nothing of itself.
#[derive(Clone)]
pub struct SecretKey(Arc<SecretBox<[u8; 32]>>);

impl SecretKey {
    /// The bytes, for making keys and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl From<[u8; 32]> for SecretKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(bytes))))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl FromStr for SecretKey {
    type Err = String;

    /// The error does not repeat what was given.
    fn from_str(text: &str) -> Result<Self, String> {
        let read = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        let bytes = read.ok().and_then(|read| <[u8; 32]>::try_from(read).ok());
        bytes.map(Self::from).ok_or_else(|| "must be 64 hex digits".to_owned())
    }
}

impl Value for SecretKey {
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
    fn a_key_is_64_hex_digits_and_stays_out_of_sight() {
        let text = "00ff".repeat(16);
        let key: SecretKey = text.parse().unwrap();
        assert_eq!(key.expose()[..3], [0, 0xff, 0]);
        assert_eq!(format!("{key:?}"), "SecretKey(..)");
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(65), &"0g".repeat(32), &"é".repeat(32)] {
            assert_eq!(bad.parse::<SecretKey>().unwrap_err(), "must be 64 hex digits");
        }
    }
}
