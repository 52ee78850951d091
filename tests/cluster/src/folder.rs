//! The temporary folder of a cluster, owned by who runs it.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use crate::programs::{must, run};

/// What fills a small disk.
const BALLAST: &str = "ballast";

/// A folder that the guard removes.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// User and group that the programs run as, where we are root.
    owner: Option<(u32, u32)>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let made = tempfile::Builder::new().prefix("profiles-cluster-").tempdir();
        let path = made.unwrap_or_else(|error| panic!("no temporary folder: {error}")).keep();
        Self::owned(path)
    }

    /// On a file system of its own, if we may mount one.
    pub(crate) fn on_small_disk(mebibytes: u32) -> Option<Self> {
        let mut folder = Self::new();
        let options = format!("size={mebibytes}m,mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder.path);
        if run(&mut mount).is_err() {
            // It is empty, and ours.
            let _ = fs::remove_dir(&folder.path);
            return None;
        }
        folder = Self::owned(folder.path);
        Some(folder)
    }

    fn owned(path: PathBuf) -> Self {
        let we_are_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let owner = we_are_root.then(|| (number_of("-u"), number_of("-g")));
        if let Some((user, group)) = owner {
            chown(&path, Some(user), Some(group)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        Self { path, owner }
    }

    /// Takes what room is left on its disk, but for 256 KiB.
    pub(crate) fn fill(&self) {
        let path = self.path.join(BALLAST);
        let mut file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let block = vec![0; 64 * 1024];
        let mut written = 0_u64;
        while file.write_all(&block).is_ok() {
            written += 64 * 1024;
        }
        file.set_len(written.saturating_sub(256 * 1024)).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) {
        let path = self.path.join(BALLAST);
        fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        self.owner
    }

    /// Makes a file that its owner alone can read.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        let made = File::options().write(true).create_new(true).mode(0o600).open(&path);
        made.and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| match self.owner {
                Some((user, group)) => chown(&path, Some(user), Some(group)),
                None => Ok(()),
            })
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Adds to a file that is there.
    pub(crate) fn append(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        let appended = File::options().append(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        appended.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// Of the user that Debian's package makes.
fn number_of(flag: &str) -> u32 {
    let text = must(Command::new("id").args([flag, "postgres"]));
    text.trim().parse().unwrap_or_else(|error| panic!("id {flag} postgres: {text:?}: {error}"))
}
