//! Writing a database anew, without what was overwritten in it.
//!
//! sled appends to a log, and uses a part of its file again once little of what is in it counts. Where writes are scattered,
//! a part keeps a little that counts for a long time, and the file grows to several times what is in it. So does what sled
//! notes in memory: of each part of the file, and of each piece that a page lies in.
//!
//! A copy is made beside the data, read again, and put in its place by one rename.

use std::{fs::File, mem, path::Path};

use super::{
    SledConfig, SledStore,
    directory::{data, wait_for_sled},
    engine::{Engine, Pair, View as _, Write, Writes, guarded},
    keys::{self, Meta},
    open::{OpenError, Opened, close, on_a_thread, open_without_texts},
};
use crate::store::Result as StoreResult;

/// Bytes of pairs that are written at once. Few in unit tests, so that there are several writes.
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
    /// The new file takes the place of the old one by one rename, after it was closed, opened and read again. If anything fails
    /// before, or the process ends, the database is as it was; a copy that was left behind goes when it is opened next.
    ///
    /// # Errors
    /// Those of [`SledStore::open`]; `Damaged` if not all of it can be read.
    pub fn compact(config: &SledConfig) -> Result<Compaction, OpenError> {
        let Opened { engine, data, commits, mut directory, .. } = open_without_texts(config)?;
        drop(data);
        let (before, copy, cache) = (directory.length()?, directory.copy(), config.half_of_cache());
        let written = on_a_thread(&config.path, move || write_copy(engine, &copy, cache));
        let taken = written.and_then(|data| directory.take_copy(&data, commits));
        // Otherwise it goes at the next opening.
        let _ = directory.remove_copy();
        if let Err(error) = taken {
            // What it says of closing is of less interest.
            let _ = on_a_thread(&config.path, move || close(&mut directory, commits));
            return Err(error);
        }
        Ok(Compaction { before, after: directory.length()? })
    }
}

/// Writes all that is in a database to another one, which is made there, and lets both go. Answers the file that all data of
/// the other is in: a descriptor from before anything was written to it, because of a failed write each is told once.
pub(super) fn write_copy(engine: Engine, to: &Path, cache: u64) -> Result<File, OpenError> {
    let of = to.parent().unwrap_or(to);
    let copy = Engine::open(to, cache).map_err(OpenError::io(to))?;
    let file = File::open(data(to)).map_err(OpenError::io(to))?;
    let written = guarded(|| fill(&copy, &engine)).map_err(|error| OpenError::from_store(of, error))?;
    drop((engine, copy));
    // As the next opening will find it.
    wait_for_sled(to)?;
    let copy = Engine::open(to, cache).map_err(OpenError::io(to))?;
    let read = guarded(|| Sum::of(copy.scan(keys::everything()))).map_err(|error| OpenError::from_store(of, error))?;
    if read == written { Ok(file) } else { Err(OpenError::damaged(of, "a copy is not what it was made from")) }
}

/// Puts all that is in a database into an empty one.
fn fill(copy: &Engine, engine: &Engine) -> StoreResult<Sum> {
    let (mut sum, mut writes, mut bytes) = (Sum::default(), Writes::new(), 0);
    // The end of the log, as in every database: one that has lost its end then says so.
    let (commits, mut last) = (Meta::Commits.key(), Writes::new());
    for pair in engine.scan(keys::everything()) {
        let (key, value) = pair?;
        sum.add(&key, &value);
        if key.as_ref() == commits.as_slice() {
            last.insert(commits.clone(), Write::Put(value));
            continue;
        }
        bytes += key.len() + value.len();
        writes.insert(key.to_vec(), Write::Put(value));
        if bytes >= AT_ONCE {
            copy.apply(mem::take(&mut writes))?;
            bytes = 0;
        }
    }
    copy.apply(writes)?;
    copy.apply(last)?;
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
    fn of(pairs: impl Iterator<Item = StoreResult<Pair>>) -> StoreResult<Self> {
        let mut sum = Self::default();
        for pair in pairs {
            let (key, value) = pair?;
            sum.add(&key, &value);
        }
        Ok(sum)
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.crc32);
        for part in [key, value] {
            hasher.update(&part.len().to_le_bytes());
            hasher.update(part);
        }
        *self = Self { pairs: self.pairs + 1, crc32: hasher.finalize() };
    }
}
