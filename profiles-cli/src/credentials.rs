//! Where tokens are kept: one file for each server, which nobody but its owner can read.

use std::{
    fmt::Write as _,
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use crate::{config::FOLDER_VARIABLE, failure::Failure};

/// Far more than a token has; a longer file is none of ours.
const LONGEST_FILE: u64 = 4096;

/// The kept tokens.
#[derive(Debug)]
pub(crate) struct Credentials {
    folder: Option<PathBuf>,
}

impl Credentials {
    /// Those in the config folder, if there is one.
    pub(crate) fn in_config(folder: Option<&PathBuf>) -> Self {
        Self { folder: folder.map(|folder| folder.join("tokens")) }
    }

    /// The token for a server. What is in a damaged file comes as it is: no server takes it, and a logout deletes it.
    pub(crate) fn load(&self, server: &str) -> Result<Option<SecretString>, Failure> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(file_name(server))) else { return Ok(None) };
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &path, &error)),
        };
        let mut bytes = Vec::new();
        file.take(LONGEST_FILE).read_to_end(&mut bytes).map_err(|error| cannot("read", &path, &error))?;
        Ok(Some(SecretString::from(String::from_utf8_lossy(&bytes).trim())))
    }

    /// Makes sure that a token can be kept, before one is asked for: it would be lost otherwise.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.new_file().map(drop)
    }

    /// Keeps a token. The file replaces an earlier one at once and whole.
    pub(crate) fn store(&self, server: &str, token: &SecretString) -> Result<(), Failure> {
        let path = self.folder()?.join(file_name(server));
        let mut file = self.new_file()?;
        writeln!(file, "{}", token.expose_secret())
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| cannot("write", &path, &error))?;
        file.persist(&path).map_err(|error| cannot("write", &path, &error.error))?;
        Ok(())
    }

    /// Deletes the token for a server, if there is one.
    pub(crate) fn forget(&self, server: &str) -> Result<(), Failure> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(file_name(server))) else { return Ok(()) };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("delete", &path, &error)),
            _ => Ok(()),
        }
    }

    /// An empty file beside the tokens, which only its owner can read (mode 0600 from the start).
    fn new_file(&self) -> Result<NamedTempFile, Failure> {
        let folder = self.folder()?;
        create_private(folder).map_err(|error| cannot("create", folder, &error))?;
        NamedTempFile::new_in(folder).map_err(|error| cannot("write to", folder, &error))
    }

    fn folder(&self) -> Result<&Path, Failure> {
        self.folder.as_deref().ok_or_else(|| {
            Failure::other("there is no home folder to keep the token in")
                .hint(format!("name a folder in {FOLDER_VARIABLE}"))
        })
    }
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::other(format!("cannot {verb} {}: {error}", path.display()))
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A name for the server's file: different for different servers, even where the case of file names does not count.
fn file_name(server: &str) -> String {
    let mut name = String::new();
    for byte in server.bytes() {
        if matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-') {
            name.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "http://127.0.0.1:8000/";

    fn credentials() -> (tempfile::TempDir, Credentials) {
        let folder = tempfile::tempdir().unwrap();
        let credentials = Credentials::in_config(Some(&folder.path().join("config").join("profiles")));
        (folder, credentials)
    }

    fn token(credentials: &Credentials, server: &str) -> Option<String> {
        credentials.load(server).unwrap().map(|token| token.expose_secret().to_owned())
    }

    #[test]
    fn each_server_has_its_own_token() {
        let (_folder, credentials) = credentials();
        assert_eq!(token(&credentials, SERVER), None);
        credentials.store(SERVER, &"one".into()).unwrap();
        credentials.store("https://example.org/", &"two".into()).unwrap();
        assert_eq!(token(&credentials, SERVER).unwrap(), "one");

        credentials.store(SERVER, &"three".into()).unwrap();
        assert_eq!(token(&credentials, SERVER).unwrap(), "three");
        credentials.forget(SERVER).unwrap();
        credentials.forget(SERVER).unwrap();
        assert_eq!(token(&credentials, SERVER), None);
        assert_eq!(token(&credentials, "https://example.org/").unwrap(), "two");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_token() {
        use std::os::unix::fs::PermissionsExt;

        let (_folder, credentials) = credentials();
        credentials.store(SERVER, &"one".into()).unwrap();
        let folder = credentials.folder().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder), 0o700);
        assert_eq!(mode(&folder.join(file_name(SERVER))), 0o600);

        // A file that others could read is replaced by one that they can't.
        fs::set_permissions(folder.join(file_name(SERVER)), fs::Permissions::from_mode(0o644)).unwrap();
        credentials.store(SERVER, &"two".into()).unwrap();
        assert_eq!(mode(&folder.join(file_name(SERVER))), 0o600);
        let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [file_name(SERVER).as_str()], "no temporary file is left");
    }

    #[test]
    fn different_servers_have_different_files_whatever_the_case() {
        let names: Vec<_> = ["http://x/a", "http://x/A", "http://x/a/", "https://x/a", "http://x/%41"]
            .iter()
            .map(|server| file_name(server).to_lowercase())
            .collect();
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name}");
            assert!(!name.contains(['/', '\\', ':']), "{name}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let message = Credentials::in_config(Some(&file)).prepare().unwrap_err().message;
        assert!(message.contains("file"), "{message}");
        let nowhere = Credentials::in_config(None).prepare().unwrap_err();
        assert!(nowhere.hint.unwrap().contains("PROFILES_CONFIG_DIR"));
    }
}
