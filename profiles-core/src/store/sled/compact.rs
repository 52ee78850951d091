//! Writing a database anew, without what was overwritten in it.
//!
//! sled appends to a log, and uses a part of its file again once little of what is in it counts. Where writes are scattered,
//! a part keeps a little that counts for a long time, and the file grows to several times what is in it. So does what sled
//! notes in memory: of each part of the file, and of each piece that a page lies in.
//!
//! A copy is made beside the data, read again, and put in its place by one rename.

use std::{mem, path::Path, thread};

use super::{
    SledConfig, SledStore,
    engine::{Engine, Pair, View as _, Write, Writes, guarded, panic_message},
    keys,
    open::{self, OPENING_THREAD, OpenError, Opened, close},
    rows::corrupt,
};
use crate::store::Result as StoreResult;

/// Bytes of pairs that are written at once. Few in unit tests, so that it takes several writes.
const AT_ONCE: usize = if cfg!(test) { 64 * 1024 } else { 1024 * 1024 };

/// What [`SledStore::compact`] has won: the bytes of the file that all data is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compaction {
    /// How long it was.
    pub before: u64,
    /// How long it is.
    pub after: u64,
}

impl SledStore {
    /// Writes a database anew, without what was overwritten in it: its file then has little more than what counts, and it
    /// opens sooner and takes less memory. What is in it stays the same.
    ///
    /// It is for an operator, while no process has the database open; blocks for as long as it takes to read and write
    /// what counts twice (`docs/operations.md` has a measurement), and needs room for a second copy of it on the disk.
    ///
    /// # Atomicity
    /// The new file takes the place of the old one by one rename, after it was read again and compared. If anything fails
    /// before, or the process ends, the database is as it was; a copy that was left behind goes when it is opened next.
    ///
    /// # Errors
    /// Those of [`SledStore::open`]; `Damaged` if not all of it can be read.
    pub fn compact(config: &SledConfig) -> Result<Compaction, OpenError> {
        let Opened { engine, data, commits, mut directory, .. } = open::open(config)?;
        drop(data);
        let (before, copy, cache) = (directory.length()?, directory.copy(), config.cache_capacity / 2);
        let written = on_a_thread(&config.path, move || write_copy(engine, &copy, cache));
        let taken = written.and_then(|()| directory.take_copy());
        directory.remove_copy()?;
        let closed = on_a_thread(&config.path, move || {
            close(&mut directory, commits)?;
            directory.length()
        });
        taken?;
        Ok(Compaction { before, after: closed? })
    }
}

/// Calls sled, on a thread whose panics are errors.
fn on_a_thread<T: Send + 'static>(
    path: &Path,
    run: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    let thread = thread::Builder::new().name(OPENING_THREAD.to_owned()).spawn(run).map_err(OpenError::io(path))?;
    thread.join().unwrap_or_else(|panic| Err(OpenError::damaged(path, panic_message(&*panic))))
}

/// Writes all that is in a database to another one, which is made there, and lets both go.
pub(super) fn write_copy(engine: Engine, to: &Path, cache: u64) -> Result<(), OpenError> {
    let copy = Engine::open(to, cache).map_err(OpenError::io(to))?;
    let copied = guarded(|| {
        let written = fill(&copy, engine.scan(keys::everything()))?;
        let mut read = Sum::default();
        for pair in copy.scan(keys::everything()) {
            let (key, value) = pair?;
            read.add(&key, &value);
        }
        if read == written { Ok(()) } else { Err(corrupt("a copy of the database is not the same".to_owned())) }
    });
    copied.map_err(|error| OpenError::from_store(to, error))
}

/// Puts these pairs into an empty database.
fn fill(copy: &Engine, pairs: impl Iterator<Item = StoreResult<Pair>>) -> StoreResult<Sum> {
    let (mut sum, mut writes, mut bytes) = (Sum::default(), Writes::new(), 0);
    for pair in pairs {
        let (key, value) = pair?;
        sum.add(&key, &value);
        bytes += key.len() + value.len();
        writes.insert(key.to_vec(), Write::Put(value));
        if bytes >= AT_ONCE {
            copy.apply(mem::take(&mut writes))?;
            bytes = 0;
        }
    }
    copy.apply(writes)?;
    copy.flush()?;
    Ok(sum)
}

/// Of pairs, how many there are, and a checksum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    pairs: u64,
    crc32: u32,
}

impl Sum {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.crc32);
        for part in [key, value] {
            hasher.update(&part.len().to_le_bytes());
            hasher.update(part);
        }
        *self = Self { pairs: self.pairs + 1, crc32: hasher.finalize() };
    }
}
