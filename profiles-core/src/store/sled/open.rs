//! Opening a database, or saying in one line why not; closing it.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    thread,
};

use super::{
    SledConfig, codec,
    directory::Directory,
    engine::{Engine, View as _, Write, Writes, guarded, panic_message},
    keys::{self, Meta},
    marker::{FORMAT, State},
    rows::Rows as _,
};
use crate::store::{Result as StoreResult, StoreError};

/// The thread that a database is opened on. See [`super::SledStore::OPENING_THREAD`].
pub(super) const OPENING_THREAD: &str = "profiles-store-open";

/// Why a database could not be opened. Each is told in one line, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open, or this one.
    #[error("the database in {} is in use by another process: stop that one, or name another directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// It can't be read.
    #[error("the database in {} is damaged ({cause}): put a backup in its place, or name another directory", path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What was noticed, in one line.
        cause: String,
    },
    /// The path holds something that is not a database of this kind. Nothing was changed.
    #[error("{} is not a profiles database ({found}): name an empty directory, or one that does not exist yet", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A newer version of this software has written it.
    #[error("the database in {} has format {found} and this program knows {known}: use the version that wrote it", path.display())]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest that is known here.
        known: u64,
    },
    /// A version from before the first release has written it.
    #[error("the database in {} was made by a development version (format {found}, and this program knows {known}): name another directory, or remove that one", path.display())]
    Older {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The oldest that is known here.
        known: u64,
    },
    /// A restore into it was interrupted; what is in it is a part of something.
    #[error("the database in {} holds a part of what was to be restored into it: remove that directory, and restore again", path.display())]
    HalfRestored {
        /// The directory.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("the database at {} can't be opened ({source}): check the path, its permissions and the disk", path.display())]
    Io {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl OpenError {
    /// For `map_err`: the system refused something about this path.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn damaged(path: &Path, cause: &str) -> Self {
        Self::Damaged { path: path.to_owned(), cause: one_line(cause) }
    }

    pub(super) fn from_store(path: &Path, error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Self::damaged(path, &what.0),
            other => Self::Io { path: path.to_owned(), source: io::Error::other(one_line(&other.to_string())) },
        }
    }
}

/// The beginning of what may be a long story.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// An open database that nobody writes to yet.
pub(super) struct Opened {
    pub(super) engine: Engine,
    /// Our own descriptor of the file that all data is in. It is held for as long as the database is open, because
    /// Linux reports a failed write once to every descriptor that was open when it failed: were sled's background
    /// thread the first to sync, and swallow the error, we still get it.
    pub(super) data: File,
    /// How many groups of writes it has seen.
    pub(super) commits: u64,
    /// Whether it was not closed the last time.
    pub(super) unclean: bool,
    /// Holds the lock.
    pub(super) directory: Directory,
}

/// Opens the database in this directory; makes it if there is nothing yet.
pub(super) fn open(config: &SledConfig) -> Result<Opened, OpenError> {
    let given = config.clone();
    on_a_thread(&config.path, move || {
        let mut opened = start(&given)?;
        opened.keep_texts(given.half_of_cache());
        Ok(opened)
    })
}

/// The same, for who searches for no profiles.
pub(super) fn open_without_texts(config: &SledConfig) -> Result<Opened, OpenError> {
    let given = config.clone();
    on_a_thread(&config.path, move || start(&given))
}

/// Does what calls sled on a thread of its own, because sled panics on some damage: there, a panic becomes an error.
pub(super) fn on_a_thread<T: Send + 'static>(
    path: &Path,
    run: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let thread = thread::Builder::new().name(OPENING_THREAD.to_owned()).spawn(run).map_err(OpenError::io(path))?;
    thread.join().unwrap_or_else(|panic| Err(OpenError::damaged(path, panic_message(&*panic))))
}

impl Opened {
    /// Keeps the texts that profiles are searched by in memory, or so many bytes of them.
    fn keep_texts(&mut self, most: u64) {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if let Err(error) = guarded(|| self.engine.keep(keys::all_search_texts(), most)) {
            // Searches alone need them, and then say so. What else is there can be read, and saved.
            tracing::warn!(%error, "the texts that profiles are searched by can't be read");
        }
    }
}

fn start(config: &SledConfig) -> Result<Opened, OpenError> {
    let SledConfig { path, accept_loss, .. } = config.clone();
    let mut directory = Directory::claim(&path, accept_loss)?;
    let expected = match directory.found() {
        State::Unfinished => None,
        State::Open { commits } | State::Closed { commits, .. } => Some(commits),
    };
    if let Some(commits) = expected {
        // sled may change the file even if it then fails: it no longer is what was closed.
        directory.note_opening(commits)?;
    }
    let engine = Engine::open(&path, config.half_of_cache()).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => OpenError::damaged(&path, &error.to_string()),
        _ => OpenError::io(&path)(error),
    })?;
    let file = directory.data();
    let data = OpenOptions::new().read(true).write(true).open(&file).map_err(OpenError::io(&file))?;
    let mut found = guarded(|| Found::read(&engine)).map_err(|error| OpenError::from_store(&path, error))?;
    match (found.format, expected) {
        (None, None) if found.empty => {
            found.commits = 1;
            guarded(|| make(&engine, found.commits)).map_err(|error| OpenError::from_store(&path, error))?;
            data.sync_data().map_err(OpenError::io(&file))?;
            directory.finish(found.commits)?;
        }
        (Some(FORMAT), None) => directory.finish(found.commits)?,
        (Some(FORMAT), Some(expected)) if found.commits < expected && !accept_loss => {
            let lost = expected - found.commits;
            return Err(OpenError::damaged(&path, &format!("its last {lost} groups of writes are gone")));
        }
        (Some(FORMAT), Some(_)) if found.importing => return Err(OpenError::HalfRestored { path }),
        (Some(FORMAT), Some(_)) => {}
        (Some(newer), _) if newer > FORMAT => {
            return Err(OpenError::Newer { path, found: newer, known: FORMAT });
        }
        (Some(older), _) if older < FORMAT => {
            return Err(OpenError::Older { path, found: older, known: FORMAT });
        }
        _ => return Err(OpenError::damaged(&path, "what it should hold is not there")),
    }
    let unclean = matches!(directory.found(), State::Open { .. });
    Ok(Opened { engine, data, commits: found.commits, unclean, directory })
}

/// Closes a database whose engine has gone: notes what there is, for the next opening.
pub(super) fn close(directory: &mut Directory, commits: u64) -> Result<(), OpenError> {
    if directory.is_large()? {
        Engine::note_pages(directory.path()).map_err(OpenError::io(directory.path()))?;
    }
    directory.note_closing(commits)
}

/// What a database says of itself before it is written to.
struct Found {
    format: Option<u64>,
    commits: u64,
    importing: bool,
    empty: bool,
}

impl Found {
    fn read(engine: &Engine) -> StoreResult<Self> {
        Ok(Self {
            format: engine.read(&Meta::Format.key())?,
            commits: engine.count(&Meta::Commits.key())?,
            importing: engine.has(&Meta::Importing.key())?,
            empty: engine.scan(keys::everything()).next().is_none(),
        })
    }
}

/// The first commit of a new database.
fn make(engine: &Engine, commits: u64) -> StoreResult<()> {
    let format = (Meta::Format.key(), Write::Put(codec::encode(&FORMAT)?));
    let commits = (Meta::Commits.key(), Write::Put(codec::encode(&commits)?));
    engine.apply(Writes::from([format, commits]))?;
    engine.flush()
}
