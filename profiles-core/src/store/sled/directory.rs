//! The directory that a database lies in.
//!
//! It holds sled's files and one of ours, the marker. That one is there before sled makes anything, and is filled in
//! once the first sync is done. So three things can be told apart: a directory of somebody else's (no marker), a
//! database whose making was interrupted (an empty marker), and one that has lost its files (a full marker alone). It
//! is also what we lock: sled's own lock outlives a database by a moment, while its background threads end.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::open::OpenError;

const MARKER: &str = "profiles-store";
const TEXT: &str = "The database of a profiles server. The files beside this one belong to it: leave them alone.\n";

/// How long to wait for the background threads of a database that was closed a moment ago in this process.
const PATIENCE: Duration = Duration::from_secs(5);

/// A directory that nobody else opens as a database while this value lives.
pub(super) struct Directory {
    path: PathBuf,
    /// Holds the lock.
    marker: File,
    finished: bool,
    /// Directories whose entries must be synced before anything in here is durable.
    unsynced: Vec<PathBuf>,
}

impl Directory {
    /// Takes possession; makes the directory if there is none.
    pub(super) fn claim(path: &Path) -> Result<Self, OpenError> {
        let unsynced = make(path)?;
        check_contents(path)?;
        let file = path.join(MARKER);
        let marker = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file);
        let marker = marker.map_err(OpenError::io(&file))?;
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(OpenError::io(&file)(error)),
        }
        let finished = marker.metadata().map_err(OpenError::io(&file))?.len() > 0;
        if finished {
            check_files(path)?;
        }
        remove_unfinished_snapshots(path).map_err(OpenError::io(path))?;
        wait_for_sled(path)?;
        Ok(Self { path: path.to_owned(), marker, finished, unsynced })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a database was completely made in here once.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// The first sync is done: makes the files themselves durable, and says so.
    pub(super) fn finish(&mut self) -> Result<(), OpenError> {
        if self.finished {
            return Ok(());
        }
        let file = self.path.join(MARKER);
        self.marker.write_all(TEXT.as_bytes()).map_err(OpenError::io(&file))?;
        self.marker.sync_all().map_err(OpenError::io(&file))?;
        self.unsynced.push(self.path.clone());
        for path in &self.unsynced {
            File::open(path).and_then(|directory| directory.sync_all()).map_err(OpenError::io(path))?;
        }
        self.finished = true;
        Ok(())
    }
}

/// Makes the directory and what is above it; answers which directories got a new entry. The parent is always among
/// them: it may have been made a moment ago by somebody who did not sync it.
fn make(path: &Path) -> Result<Vec<PathBuf>, OpenError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(vec![parent(path)]),
        Ok(_) => return Err(OpenError::Foreign { path: path.to_owned(), found: "it is a file".to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(OpenError::io(path)(error)),
    }
    let mut unsynced = vec![parent(path)];
    while let Some(missing) = unsynced.last().filter(|last| !last.exists()) {
        unsynced.push(parent(missing));
    }
    fs::create_dir_all(parent(path)).map_err(OpenError::io(path))?;
    let mut builder = DirBuilder::new();
    // It holds hashes of passwords and addresses of people: nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Somebody was faster; the lock decides.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(OpenError::io(path)(error)),
        _ => Ok(unsynced),
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Refuses a directory of somebody else's: one with anything in it but no marker.
fn check_contents(path: &Path) -> Result<(), OpenError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(OpenError::io(path))? {
        let name = entry.map_err(OpenError::io(path))?.file_name().to_string_lossy().into_owned();
        // Every fresh ext4 file system has one, and its root makes a fine directory for a database.
        if name != "lost+found" {
            names.push(name);
        }
    }
    match names.iter().min() {
        Some(first) if !names.iter().any(|name| name == MARKER) => {
            Err(OpenError::Foreign { path: path.to_owned(), found: format!("it contains {first:?}") })
        }
        _ => Ok(()),
    }
}

/// sled makes files that it misses, and so an empty database out of one that has lost its data.
fn check_files(path: &Path) -> Result<(), OpenError> {
    for name in ["conf", "db"] {
        let file = path.join(name);
        match fs::metadata(&file) {
            Ok(found) if !found.is_file() => return Err(OpenError::damaged(path, &format!("{name:?} is not a file"))),
            Ok(found) if found.len() == 0 => return Err(OpenError::damaged(path, &format!("{name:?} is empty"))),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(OpenError::damaged(path, &format!("{name:?} is missing")));
            }
            Err(error) => return Err(OpenError::io(&file)(error)),
        }
    }
    Ok(())
}

/// A process that was killed while it opened a database leaves half a snapshot, which sled takes for the newest and
/// refuses (sled#1533). The real one is complete before it gets its name, so the half can go.
fn remove_unfinished_snapshots(path: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Waits until sled's lock on its file is free. We hold the marker's, so it is only a matter of threads that end.
fn wait_for_sled(path: &Path) -> Result<(), OpenError> {
    let file = path.join("db");
    let started = Instant::now();
    loop {
        match File::open(&file).map(|data| data.try_lock()) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(TryLockError::WouldBlock)) if started.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            Ok(Err(TryLockError::WouldBlock)) => return Err(OpenError::Locked { path: path.to_owned() }),
            Ok(Err(TryLockError::Error(error))) => return Err(OpenError::io(&file)(error)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(OpenError::io(&file)(error)),
        }
    }
}
