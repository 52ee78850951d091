//! All that this store asks of an ordered key-value engine, and the only place that calls sled.
//!
//! A store over another engine is this file again: point reads, ordered scans, one atomic batch, and a barrier.

use std::{
    any::Any,
    collections::BTreeMap,
    io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use crate::store::{Inconsistency, Result, StoreError};

/// Bytes as the engine hands them out.
pub(super) type Bytes = ::sled::IVec;

/// A key and its value.
pub(super) type Pair = (Bytes, Bytes);

/// What a batch does at one key.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put(Bytes),
    Remove,
}

/// A batch, in the order of keys.
pub(super) type Writes = BTreeMap<Vec<u8>, Write>;

/// Something that keys can be read from: the engine, or a command's view of it.
pub(super) trait View {
    /// The value at this key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>>;

    /// The pairs in this range, ascending. Not a snapshot, unless nobody writes.
    fn scan(&self, range: Range<Vec<u8>>) -> Box<dyn Iterator<Item = Result<Pair>> + '_>;

    /// The same pairs, descending.
    fn scan_back(&self, range: Range<Vec<u8>>) -> Box<dyn Iterator<Item = Result<Pair>> + '_>;
}

/// A handle on an open database. The database closes when the last one is dropped.
#[derive(Clone)]
pub(super) struct Engine(::sled::Db);

impl Engine {
    /// Opens the database in this directory, or makes one.
    ///
    /// # Errors
    /// `InvalidData` for what is not the system's doing: damage, or another version of sled.
    ///
    /// # Panics
    /// sled does, on some damage.
    pub(super) fn open(path: &Path, cache_capacity: u64) -> io::Result<Self> {
        // `flush_every_ms` stays at its default of 500: that thread also cleans the file up.
        let opened = ::sled::Config::new().path(path).cache_capacity(cache_capacity).open();
        opened.map(Self).map_err(|error| match error {
            ::sled::Error::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        })
    }

    /// Applies all or nothing. Others see it at once; it is durable after the next [`Engine::flush`] and a sync.
    pub(super) fn apply(&self, writes: Writes) -> Result<()> {
        let mut batch = ::sled::Batch::default();
        for (key, write) in writes {
            match write {
                Write::Put(value) => batch.insert(key, value),
                Write::Remove => batch.remove(key),
            }
        }
        self.0.apply_batch(batch).map_err(failed)
    }

    /// Hands everything that was applied to the operating system. On Linux that is `sync_file_range`, which is not
    /// durable (sled#1452): a sync of the file must follow.
    pub(super) fn flush(&self) -> Result<()> {
        self.0.flush().map(drop).map_err(failed)
    }
}

impl View for Engine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.0.get(key).map_err(failed)
    }

    fn scan(&self, range: Range<Vec<u8>>) -> Box<dyn Iterator<Item = Result<Pair>> + '_> {
        Box::new(self.0.range(range).map(|pair| pair.map_err(failed)))
    }

    fn scan_back(&self, range: Range<Vec<u8>>) -> Box<dyn Iterator<Item = Result<Pair>> + '_> {
        Box::new(self.0.range(range).rev().map(|pair| pair.map_err(failed)))
    }
}

/// sled's own words about damage say where it is; about a disk they are the system's.
fn failed(error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Corruption { .. } | ::sled::Error::ReportableBug(_) => {
            StoreError::Corrupt(Inconsistency(error.to_string()))
        }
        other => StoreError::unavailable(other),
    }
}

/// Runs what calls the engine: sled panics on some damage (sled#1039), and that must not take a thread with it that
/// others rely on.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind safety: what the closures share is the engine, which is only ever read or given up after a panic, and
    // the writer's overlay, which is rolled back.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        Err(StoreError::Corrupt(Inconsistency(format!("the storage engine gave up: {}", panic_message(&*panic)))))
    })
}

/// The first line of what a panic said.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("it panicked")
}
