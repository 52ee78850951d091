//! Writes mails into a folder instead of sending them: for tests of other programs, and where something else sends them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{Mailer, MailerError, Message};

/// Writes every message into a file of its own, `NAME.eml`: whole, on the disk, and for its owner alone, since there may
/// be a key in it. The same message again is the same file.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Into this folder, which is made if it is not there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(Self { path })
    }
}

#[async_trait]
impl Mailer for Folder {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        let (folder, name, bytes) = (self.path.clone(), message.name().to_owned(), message.to_bytes());
        match tokio::task::spawn_blocking(move || keep(&folder, &name, &bytes)).await {
            Ok(kept) => kept.map_err(|error| MailerError::Unavailable(error.into())),
            Err(error) => Err(MailerError::Unavailable(error.into())),
        }
    }
}

/// Whoever watches the folder sees a whole file or none.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!(".{name}.tmp"));
    // One may be left from a crash.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(format!("{name}.eml")))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use profiles_core::model::Timestamp;

    use super::*;
    use crate::mailer::Draft;

    fn message(name: &str, text: &str) -> Message {
        let draft = Draft {
            from: "webmaster@localhost".parse().unwrap(),
            to: "ada@example.org".parse().unwrap(),
            subject: "x".into(),
            text: text.into(),
            html: None,
        };
        Message::new(draft, Timestamp::from_micros(0), name).unwrap()
    }

    #[tokio::test]
    async fn a_mail_is_a_whole_private_file() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("new/mails");
        let folder = Folder::new(&path).unwrap();
        fs::write(path.join(".1.ab.tmp"), "left from a crash").unwrap();
        folder.send(&message("1.ab", "one\ntwo")).await.unwrap();
        folder.send(&message("1.ab", "one\ntwo")).await.unwrap();
        folder.send(&message("2.cd", "three")).await.unwrap();
        let mut names: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["1.ab.eml", "2.cd.eml"]);
        let text = fs::read_to_string(path.join("1.ab.eml")).unwrap();
        assert!(text.ends_with("\r\n\r\none\r\ntwo") && text.contains("To: ada@example.org\r\n"), "{text}");
        assert_eq!(fs::metadata(path.join("1.ab.eml")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[tokio::test]
    async fn a_folder_that_can_not_be_written_is_told() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        assert!(Folder::new(place.path().join("file/mails")).is_err());
        let folder = Folder::new(place.path().join("mails")).unwrap();
        fs::remove_dir(place.path().join("mails")).unwrap();
        let error = folder.send(&message("1", "x")).await.unwrap_err();
        assert!(matches!(error, MailerError::Unavailable(_)), "{error}");
    }
}
