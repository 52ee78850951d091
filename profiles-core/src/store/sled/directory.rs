//! The directory that a database lies in.
//!
//! It holds sled's files and one of ours, the [`Marker`]. That one is there before sled makes anything, and says more
//! once the first sync is done. So three things can be told apart: a directory of somebody else's (no marker), a
//! database whose making was interrupted (an empty one), and one that has lost its files (a marker that knows better).
//! It is also what we lock: sled's own lock outlives a database by a moment, while its background threads end.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    marker::{self, Checksum, FORMAT, Marker, Reading, State},
    open::OpenError,
};

/// How long to wait for the background threads of a database that was closed a moment ago in this process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of data from which on it is large: sled takes a quarter of a second or more to read so much.
const LARGE: u64 = 256 * 1024 * 1024;

/// Where a copy of the data is made, below the directory.
const COPY: &str = "compacting";

/// A directory that nobody else opens as a database while this value lives.
pub(super) struct Directory {
    path: PathBuf,
    marker: Marker,
    found: State,
    /// Directories whose entries must be synced before anything in here is durable.
    unsynced: Vec<PathBuf>,
}

impl Directory {
    /// Takes possession; makes the directory if there is none. With `accept_loss`, data that is not what it was is no
    /// error.
    pub(super) fn claim(path: &Path, accept_loss: bool) -> Result<Self, OpenError> {
        let unsynced = make(path)?;
        check_contents(path)?;
        let file = path.join(marker::NAME);
        let Some(mut marker) = Marker::lock(&file).map_err(OpenError::io(&file))? else {
            return Err(OpenError::Locked { path: path.to_owned() });
        };
        let found = match marker.read().map_err(OpenError::io(&file))? {
            Reading::Known(state) => state,
            Reading::Newer(found) => return Err(OpenError::Newer { path: path.to_owned(), found, known: FORMAT }),
            Reading::Older(found) => return Err(OpenError::Older { path: path.to_owned(), found, known: FORMAT }),
            Reading::Nonsense => return Err(OpenError::damaged(path, &format!("{:?} makes no sense", marker::NAME))),
        };
        if found != State::Unfinished {
            check_files(path)?;
        }
        wait_for_sled(path)?;
        if let State::Closed { data, .. } = found
            && !accept_loss
            && data_checksum(path)? != data
        {
            return Err(OpenError::damaged(path, "its data is not what it was when it was closed"));
        }
        for snapshot in snapshots(path)?.iter().filter(|path| path.extension().is_some_and(|end| end == UNFINISHED)) {
            fs::remove_file(snapshot).map_err(OpenError::io(snapshot))?;
        }
        let claimed = Self { path: path.to_owned(), marker, found, unsynced };
        claimed.remove_copy()?;
        Ok(claimed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that all data is in.
    pub(super) fn data(&self) -> PathBuf {
        data(&self.path)
    }

    /// What the marker said when the directory was claimed.
    pub(super) fn found(&self) -> State {
        self.found
    }

    /// From here on the database changes. Whatever happens, the next opening must not take it for a closed one.
    pub(super) fn note_opening(&mut self, commits: u64) -> Result<(), OpenError> {
        let file = self.path.join(marker::NAME);
        self.marker.write_durably(State::Open { commits }).map_err(OpenError::io(&file))
    }

    /// The first sync of a new database is done: makes the names of its files durable as well.
    pub(super) fn finish(&mut self, commits: u64) -> Result<(), OpenError> {
        // sled syncs neither its settings nor the length of its file.
        sync(&self.path.join("conf"))?;
        sync(&data(&self.path))?;
        self.note_opening(commits)?;
        self.unsynced.push(self.path.clone());
        for path in &self.unsynced {
            sync(path)?;
        }
        Ok(())
    }

    /// So many commits are durable.
    pub(super) fn note_commits(&mut self, commits: u64) -> io::Result<()> {
        self.marker.write(State::Open { commits })
    }

    /// Bytes of the file that all data is in.
    pub(super) fn length(&self) -> Result<u64, OpenError> {
        let file = self.data();
        Ok(fs::metadata(&file).map_err(OpenError::io(&file))?.len())
    }

    /// Whether there is so much data that the next opening would take long, if it had to read it all. Waits until sled has
    /// let go of its files.
    pub(super) fn is_large(&self) -> Result<bool, OpenError> {
        wait_for_sled(&self.path)?;
        Ok(self.length()? > LARGE)
    }

    /// A directory for a copy of the data, which is to be made.
    pub(super) fn copy(&self) -> PathBuf {
        self.path.join(COPY)
    }

    /// Puts the copy, whose data this is, in the place of the data, once sled has let go of both, and closes the database. Whatever
    /// ends this on its way, either of them is there, whole.
    pub(super) fn take_copy(&mut self, file: &File, commits: u64) -> Result<(), OpenError> {
        let copy = self.copy();
        for path in [&self.path, &copy] {
            wait_for_sled(path)?;
            check_is_one_file(path)?;
        }
        make_alike(&self.data(), file).and_then(|()| file.sync_all()).map_err(OpenError::io(&copy))?;
        for snapshot in snapshots(&self.path)? {
            fs::remove_file(&snapshot).map_err(OpenError::io(&snapshot))?;
        }
        sync(&self.path)?;
        fs::rename(data(&copy), self.data()).map_err(OpenError::io(&self.path))?;
        sync(&self.path)?;
        self.note_closing(commits)?;
        for snapshot in snapshots(&copy)? {
            let place = self.path.join(snapshot.file_name().unwrap_or_default());
            let alike = File::open(&snapshot).and_then(|file| make_alike(&self.data(), &file));
            alike.and_then(|()| fs::rename(&snapshot, place)).map_err(OpenError::io(&snapshot))?;
        }
        Ok(())
    }

    /// Removes what there is of a copy.
    pub(super) fn remove_copy(&self) -> Result<(), OpenError> {
        let copy = self.copy();
        wait_for_sled(&copy)?;
        match fs::remove_dir_all(&copy) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(OpenError::io(&copy)(error)),
            _ => Ok(()),
        }
    }

    /// The last handle on the database is gone: notes what is there now.
    pub(super) fn note_closing(&mut self, commits: u64) -> Result<(), OpenError> {
        wait_for_sled(&self.path)?;
        // What sled wrote on its way out is no more than tidying up, but the checksum counts it.
        sync(&data(&self.path))?;
        let data = data_checksum(&self.path)?;
        let file = self.path.join(marker::NAME);
        self.marker.write_durably(State::Closed { commits, data }).map_err(OpenError::io(&file))
    }
}

/// The file of a database that all data is in.
pub(super) fn data(path: &Path) -> PathBuf {
    path.join("db")
}

/// Gives a file the owner and the mode of another: whoever opens that one is to open this one too, and nobody else.
fn make_alike(path: &Path, file: &File) -> io::Result<()> {
    let wanted = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let found = file.metadata()?;
        if (found.uid(), found.gid()) != (wanted.uid(), wanted.gid()) {
            fchown(file, Some(wanted.uid()), Some(wanted.gid()))?;
        }
    }
    file.set_permissions(wanted.permissions())
}

/// Syncs a file or a directory.
fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(OpenError::io(path))
}

fn data_checksum(path: &Path) -> Result<Checksum, OpenError> {
    let file = data(path);
    Checksum::of(&file).map_err(OpenError::io(&file))
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
        Some(first) if !names.iter().any(|name| name == marker::NAME) => {
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

/// How the name of half a snapshot ends. A process that was killed while it opened a database leaves one, which sled takes
/// for the newest and refuses (sled#1533). The real one is complete before it gets its name, so the half can go.
const UNFINISHED: &str = "generating";

/// sled's snapshots in a directory. They tell where the pages are, which sled finds out without them as well.
fn snapshots(path: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(OpenError::io(path))? {
        let entry = entry.map_err(OpenError::io(path))?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Refuses data of which a part lies in files of their own, as sled does with pages of over 128 KB. The store's do not become
/// so large.
fn check_is_one_file(path: &Path) -> Result<(), OpenError> {
    let folder = path.join("blobs");
    let mut files = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        files => files.map_err(OpenError::io(&folder))?,
    };
    if files.next().is_some() {
        Err(OpenError::damaged(path, "a part of its data lies in files of their own"))
    } else {
        Ok(())
    }
}

/// Waits until sled's lock on its file is free. We hold the marker's, so it is only a matter of threads that end.
pub(super) fn wait_for_sled(path: &Path) -> Result<(), OpenError> {
    let file = data(path);
    let started = Instant::now();
    loop {
        match File::open(&file).and_then(|data| Ok(data.try_lock()?)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(OpenError::io(&file)(error)),
            Err(_) if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(1)),
            Err(_) => return Err(OpenError::Locked { path: path.to_owned() }),
        }
    }
}
