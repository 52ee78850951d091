//! The embedded store: everything in one directory, by sled 0.34.
//!
//! Commands go through one queue to one thread, which applies a group of them, syncs the file once, and answers all;
//! so a write is durable when it returns, and its price is shared. Reads see a write as soon as its group is applied,
//! which is up to one sync before its author gets the answer.
//!
//! | file | subject |
//! |---|---|
//! | `open`, `directory`, `marker` | opening, locking, telling what is wrong |
//! | `engine` | all that is asked of sled |
//! | `block`, `blocks` | pairs packed into one value of the engine; reading them in order |
//! | `keys`, `place`, `record`, `codec` | what is on disk |
//! | `transaction`, `writer` | writing |
//! | `shared`, `rows` | reading |
//! | `search` | the index for searching profiles |
//! | `accounts`, `tokens`, `mail_keys`, `throttles`, `profiles`, `statuses`, `feed`, `requests`, `jobs`, `audit`, `maintenance` | the traits |
//! | `rank`, `moments` | counted indexes, by which any page is found at the same price; when statuses were posted |
//! | `erasure`, `verify`, `reindex` | taking an account away in steps; finding what does not fit; making indexes anew |
//! | `load`, `transfer` | writing rows by the thousand; everything, to and from another store |
//! | `compact` | writing the database anew, without what was overwritten |

mod accounts;
mod audit;
mod block;
mod blocks;
mod codec;
mod compact;
mod directory;
mod engine;
mod erasure;
mod feed;
mod jobs;
mod keys;
mod load;
mod mail_keys;
mod maintenance;
mod marker;
mod moments;
mod open;
mod place;
mod profiles;
mod rank;
mod record;
mod reindex;
mod requests;
mod resident;
mod rows;
mod search;
mod shared;
mod statuses;
mod throttles;
mod tokens;
mod transaction;
mod transfer;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    fs::File,
    future::ready,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use tokio::{runtime::Handle, sync::Semaphore};

pub use self::{compact::Compaction, open::OpenError};
use self::{
    engine::View,
    moments::Moments,
    open::Opened,
    shared::Shared,
    transaction::Transaction,
    writer::{Barrier, Ended, Inlet, Writer, unanswered},
};
use super::{Changes, Result, StoreError};
use crate::event::EventPublisher;

/// Where a [`SledStore`] lies, and what it may use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SledConfig {
    /// Its directory, made if it is not there. Nothing else may be in it.
    pub path: PathBuf,
    /// Bytes of memory: one half for what was read or written last, in pages of some 40 KB, and the other for the texts that
    /// profiles are searched by, if they take so much. The allocator keeps a little around them. Below 32 MiB, pages take
    /// some more than their half.
    pub cache_capacity: u64,
    /// Writes that may wait; one more is [`StoreError::Busy`].
    pub queue: usize,
    /// Reads of many rows that run at the same time, each on a thread of its own; more of them wait.
    pub scans: usize,
    /// Lines that the log of changes keeps. If it is lowered, the surplus goes as new lines come.
    pub changes: u64,
    /// Open what is left of a database that has lost data, instead of [`OpenError::Damaged`]. What is left is older than
    /// what was acknowledged, in parts or as a whole: [`verify`](super::Maintenance::verify) tells whether it fits
    /// together. For an operator who has no backup.
    pub accept_loss: bool,
}

impl SledConfig {
    /// In this directory, with 64 MiB of cache, 1,024 waiting writes and 4 threads.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            cache_capacity: 64 * 1024 * 1024,
            queue: 1024,
            scans: 4,
            changes: Changes::KEPT,
            accept_loss: false,
        }
    }

    /// Bytes for pages, and as many for the texts that searches read from one end to the other.
    fn half_of_cache(&self) -> u64 {
        self.cache_capacity / 2
    }
}

/// Keeps everything in one directory.
///
/// A write is on the disk when it returns: it survives the process, the system and the power. If the disk refuses a
/// sync, the writes that wait for it fail and the store stops for good, because nobody knows what is on the disk; then
/// every call is [`StoreError::Unavailable`], and a new process finds out by opening it again.
///
/// It is to be used within a Tokio runtime. [`Maintenance::close`](super::Maintenance::close) ends it; dropping it does
/// the same, and blocks until that is done. Afterwards the directory can be opened again at once.
///
/// ```no_run
/// use profiles_core::store::{
///     Maintenance,
///     sled::{SledConfig, SledStore},
/// };
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SledStore::open(SledConfig::new("profiles-data/store"))?;
/// if store.opened_unclean() {
///     assert_eq!(store.verify().await?, []);
/// }
/// store.close().await?;
/// # Ok(())
/// # }
/// ```
pub struct SledStore {
    shared: Arc<Shared>,
    /// Gone once the store is asked to close.
    inlet: Mutex<Option<Inlet>>,
    ended: Ended,
    thread: Option<JoinHandle<()>>,
    scans: Arc<Semaphore>,
    moments: Arc<Moments>,
    opened_unclean: bool,
}

impl SledStore {
    /// The name of the thread that [`SledStore::open`] calls sled on.
    ///
    /// sled panics on some damaged databases. That panic is caught and becomes [`OpenError::Damaged`], but Rust's panic
    /// hook prints it to standard error first. The hook belongs to the process and not to a library; a program that
    /// wants to say nothing but the error's one line installs a hook that is silent on this thread.
    pub const OPENING_THREAD: &str = open::OPENING_THREAD;

    /// Opens the database in a directory, or makes one. Blocks for as long as that takes: milliseconds, or seconds for
    /// gigabytes. Mails that an earlier process had leased and did not finish are due again.
    pub fn open(config: SledConfig) -> Result<Self, OpenError> {
        Self::open_with(config, |data| Box::new(Disk(data)))
    }

    /// With another barrier than the disk's.
    fn open_with(config: SledConfig, barrier: impl FnOnce(File) -> Box<dyn Barrier>) -> Result<Self, OpenError> {
        let Opened { engine, data, commits, unclean, directory } = open::open(&config)?;
        let SledConfig { path, queue, scans, changes, .. } = config;
        let events = EventPublisher::default();
        let shared = Arc::new(Shared::new(engine.clone(), events.source()));
        let barrier = barrier(data);
        let mut writer = Writer { engine, barrier, events, shared: Arc::clone(&shared), directory, commits, changes };
        writer.begin().map_err(|reason| OpenError::io(&path)(io::Error::other(reason.to_string())))?;
        let (inlet, ended, thread) = writer.start(queue).map_err(OpenError::io(&path))?;
        Ok(Self {
            shared,
            inlet: Mutex::new(Some(inlet)),
            ended,
            thread: Some(thread),
            scans: Arc::new(Semaphore::new(scans.max(1))),
            moments: Arc::default(),
            opened_unclean: unclean,
        })
    }

    /// Whether the database was not closed the last time, by a crash or a loss of power. Nothing that was acknowledged
    /// is lost; [`verify`](super::Maintenance::verify) tells whether all fits.
    pub fn opened_unclean(&self) -> bool {
        self.opened_unclean
    }

    /// Every read of a few keys goes through here.
    ///
    /// It runs where it is called, on the async worker: from the cache, the three look-ups of a principal take 1 µs
    /// together (`benches/store.rs`), less than to wake another thread. A page that is not in the cache costs a read of
    /// the disk, so the cache should hold what is asked for often. To change that for all of them, call
    /// [`SledStore::scan`] here.
    fn read<T: Send + 'static>(
        &self,
        run: impl FnOnce(&dyn View) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send {
        ready(self.shared.read(run))
    }

    /// Every read of many keys goes through here. It runs on the runtime's blocking threads, a bounded number at a time.
    async fn scan<T: Send + 'static>(&self, run: impl FnOnce(&dyn View) -> Result<T> + Send + 'static) -> Result<T> {
        let runtime = Handle::try_current().map_err(StoreError::unavailable)?;
        let permit = Arc::clone(&self.scans).acquire_owned().await.map_err(StoreError::unavailable)?;
        let shared = Arc::clone(&self.shared);
        let scan = runtime.spawn_blocking(move || {
            // Whoever waits for the answer may have gone; the permit stays until the work is done.
            let _permit = permit;
            shared.read(run)
        });
        scan.await.map_err(StoreError::unavailable)?
    }

    /// Every write goes through here: runs a command on the writer's thread and waits until it is durable.
    async fn write<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let queued = match &*self.inlet.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(inlet) => inlet.send(command),
            None => Err(StoreError::unavailable("the store is closed")),
        };
        queued?.await.unwrap_or_else(|_| Err(unanswered(&self.shared)))
    }

    /// Takes no more writes. The writer ends when it has done those that wait. Answers whether this is the first time.
    fn shut(&self) -> bool {
        self.inlet.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.shut();
        if let Some(thread) = self.thread.take() {
            // It catches its own panics.
            let _ = thread.join();
        }
    }
}

/// Says where nothing of what is stored: that is other people's data.
impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledStore").field("opened_unclean", &self.opened_unclean).finish_non_exhaustive()
    }
}

/// The real barrier.
struct Disk(File);

impl Barrier for Disk {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
