//! A file that only its owner can read, and that is there whole or not at all.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Whether a file that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// It may.
    Yes,
    /// It must stay.
    No,
}

/// A file that is being written, under another name beside its own (mode 0600 from the start). It goes if it is not
/// [kept](Self::keep).
#[derive(Debug)]
pub(crate) struct PrivateFile {
    file: NamedTempFile,
    path: PathBuf,
    replace: Replace,
}

impl PrivateFile {
    /// Begins it. Fails if what is there already must stay.
    pub(crate) fn create(path: &Path, replace: Replace) -> Result<Self, Failure> {
        match fs::symlink_metadata(path) {
            // A device, or somebody else's folder behind a link, would be replaced too.
            Ok(there) if !there.is_file() => {
                return Err(Failure::other(format!("{} is there already, and is no ordinary file", path.display())));
            }
            Ok(_) if replace == Replace::No => return Err(taken(path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot_write(path, &error)),
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder).map_err(|error| cannot_write(path, &error))?;
        Ok(Self { file, path: path.to_owned(), replace })
    }

    /// Puts it on the disk, and under its name.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        let Self { file, path, replace } = self;
        file.as_file().sync_all().map_err(|error| cannot_write(&path, &error))?;
        let kept = match replace {
            Replace::Yes => file.persist(&path),
            Replace::No => file.persist_noclobber(&path),
        };
        kept.map(drop).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => taken(&path),
            _ => cannot_write(&path, &error.error),
        })
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn taken(path: &Path) -> Failure {
    Failure::other(format!("{} is there already", path.display()))
        .hint("choose another name, or replace it with --force")
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::other(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, replace: Replace) -> Result<(), Failure> {
        let mut file = PrivateFile::create(path, replace)?;
        file.write_all(text.as_bytes()).unwrap();
        file.keep()
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_even_if_others_could_read_an_earlier_one() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "earlier").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "new", Replace::Yes).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn what_is_there_stays_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let begun_before = PrivateFile::create(&path, Replace::No).unwrap();
        write(&path, "one", Replace::No).unwrap();
        assert!(write(&path, "two", Replace::No).unwrap_err().hint.unwrap().contains("--force"));
        assert!(begun_before.keep().unwrap_err().message.contains("is there already"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert!(write(folder.path(), "three", Replace::Yes).unwrap_err().message.contains("no ordinary file"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}
