//! Files of pictures in a folder.
//!
//! `ab/abcd..-large.jpg`: a folder for each first byte of the digest, so that none gets very long. A file is written
//! under another name in `unfinished/`, synced, given its name, and then the folder is synced that the name is in.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::AvatarStore;
use crate::model::{AvatarFile, Timestamp};

/// Where files are until they are whole.
const UNFINISHED: &str = "unfinished";

/// Keeps files in a folder of its own.
#[derive(Clone, Debug)]
pub struct FolderAvatars {
    folder: Arc<Path>,
    /// How many files were begun, which names the next.
    begun: Arc<AtomicU64>,
}

impl FolderAvatars {
    /// Over this folder, which is made if there is none; only its owner may look into it. What an earlier process was
    /// writing when it ended is removed.
    ///
    /// # Errors
    /// It can't be made, or not be cleared.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        make(&folder)?;
        let unfinished = folder.join(UNFINISHED);
        make(&unfinished)?;
        for entry in fs::read_dir(&unfinished)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { folder: folder.into(), begun: Arc::default() })
    }

    fn place(&self, file: AvatarFile) -> (PathBuf, PathBuf) {
        let name = file.to_string();
        let folder = self.folder.join(name.get(..2).unwrap_or_default());
        let path = folder.join(name);
        (folder, path)
    }

    /// Does something with files off the async workers.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let folder = self.clone();
        spawn_blocking(move || work(&folder)).await.map_err(io::Error::other)?
    }

    fn write(&self, file: AvatarFile, content: &[u8], at: Timestamp) -> io::Result<()> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(UNFINISHED).join(number.to_string());
        let (folder, path) = self.place(file);
        make(&folder)?;
        let written = (|| {
            let mut new = File::create_new(&unfinished)?;
            new.write_all(content)?;
            new.set_modified(moment(at))?;
            new.sync_all()?;
            fs::rename(&unfinished, &path)?;
            sync(&folder)
        })();
        if written.is_err() {
            // It has no name yet by which anybody would find it; the next start would take it away as well.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn listed(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>> {
        let folder = self.folder.join(format!("{first:02x}"));
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            // What has another name is not ours.
            let Some(file) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            match entry.metadata() {
                Ok(metadata) => files.push((file, timestamp(metadata.modified()?))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

#[async_trait]
impl AvatarStore for FolderAvatars {
    async fn put(&self, file: AvatarFile, content: Vec<u8>, at: Timestamp) -> io::Result<()> {
        self.blocking(move |this| this.write(file, &content, at)).await
    }

    async fn get(&self, file: AvatarFile) -> io::Result<Option<Vec<u8>>> {
        self.blocking(move |this| match fs::read(this.place(file).1) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            content => content.map(Some),
        })
        .await
    }

    async fn remove(&self, file: AvatarFile) -> io::Result<()> {
        self.blocking(move |this| match fs::remove_file(this.place(file).1) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        })
        .await
    }

    async fn list(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>> {
        self.blocking(move |this| this.listed(first)).await
    }
}

/// Makes a folder that is its owner's alone, durably; what is above it is made as well.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        // Also if somebody was faster, who may not have synced it yet.
        _ => sync(parent),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or_default())
}

fn timestamp(time: SystemTime) -> Timestamp {
    let micros = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{AvatarFormat, AvatarId, AvatarSize},
        testkit::fixture::{NOW, after},
    };

    const FILE: AvatarFile =
        AvatarFile { avatar: AvatarId { digest: [0xab; 32], format: AvatarFormat::Png }, size: AvatarSize::Small };

    #[tokio::test]
    async fn a_file_is_kept_under_its_name_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let avatars = FolderAvatars::open(dir.path().join("a/b")).unwrap();
        assert_eq!(avatars.get(FILE).await.unwrap(), None);
        assert_eq!(avatars.list(0xab).await.unwrap(), []);
        avatars.put(FILE, b"picture".to_vec(), NOW).await.unwrap();
        assert_eq!(avatars.get(FILE).await.unwrap().as_deref(), Some(&b"picture"[..]));
        assert_eq!(avatars.list(0xab).await.unwrap(), [(FILE, NOW)]);
        assert_eq!(avatars.list(0xac).await.unwrap(), []);
        avatars.put(FILE, b"picture".to_vec(), after(60)).await.unwrap();
        assert_eq!(avatars.list(0xab).await.unwrap(), [(FILE, after(60))]);

        // Whoever opens it next finds the same.
        let avatars = FolderAvatars::open(dir.path().join("a/b")).unwrap();
        assert_eq!(avatars.get(FILE).await.unwrap().as_deref(), Some(&b"picture"[..]));
        avatars.remove(FILE).await.unwrap();
        avatars.remove(FILE).await.unwrap();
        assert_eq!((avatars.get(FILE).await.unwrap(), avatars.list(0xab).await.unwrap()), (None, vec![]));
    }

    #[tokio::test]
    async fn what_was_not_finished_goes_and_what_is_not_ours_stays_out_of_sight() {
        let dir = tempfile::tempdir().unwrap();
        let avatars = FolderAvatars::open(dir.path()).unwrap();
        avatars.put(FILE, vec![1], NOW).await.unwrap();
        let (half, foreign) = (dir.path().join("unfinished/0"), dir.path().join("ab/notes.txt"));
        fs::write(&half, "half").unwrap();
        fs::write(&foreign, "notes").unwrap();
        let avatars = FolderAvatars::open(dir.path()).unwrap();
        assert!(!half.exists() && foreign.exists());
        assert_eq!(avatars.list(0xab).await.unwrap(), [(FILE, NOW)]);
        avatars.put(FILE, vec![1], NOW).await.unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_looks_into_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("avatars");
        FolderAvatars::open(&folder).unwrap();
        for path in [folder.join(UNFINISHED), folder] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
