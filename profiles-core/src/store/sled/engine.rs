//! All that this store asks of an ordered key-value engine, and the only place that calls sled.
//!
//! A store over another engine is this file again: point reads, ordered scans, one atomic batch, and a barrier.
//!
//! sled is given blocks of pairs and not the pairs themselves ([`super::block`] says why). A block lies at the first key
//! that it may have, and reaches to the next block; the first block of a space lies at the space's number alone. So a key is
//! in the block that lies at it, or else in the last one before it.

use std::{
    any::Any,
    collections::BTreeMap,
    io,
    ops::{Bound, Range},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    block::{Broken, Entries, Merged, find, part},
    blocks::{Ascending, Descending, broken, parts, slice},
    resident::{Resident, Walk},
};
use crate::store::{Inconsistency, Result, StoreError, query::Way};

/// Bytes as the engine hands them out.
pub(super) type Bytes = ::sled::IVec;

/// A key and its value.
pub(super) type Pair = (Bytes, Bytes);

/// Pairs, one after another.
pub(super) type Pairs<'a> = Box<dyn Iterator<Item = Result<Pair>> + 'a>;

/// What a batch does at one key.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Put(Bytes),
    Remove,
}

/// A batch, in the order of keys.
pub(super) type Writes = BTreeMap<Vec<u8>, Write>;

/// Bytes of cache that sled is told of at least.
const LEAST_CACHE: u64 = 1024 * 1024;

/// Bytes that sled keeps beyond what it is told of: each of its 256 lists keeps the page that was read last, however large,
/// and one that is not counted yet ([`Engine::noted`]). Told of still less, it has lists that hold a single page, and two
/// that a request needs throw each other out.
const BEYOND: u64 = 8 * 1024 * 1024;

/// As often as a page is looked up again that came from the file.
const NOTES: usize = 63;

/// A look-up that takes longer has read a page from the file, most likely. From the cache, it takes a microsecond.
const FROM_CACHE: Duration = Duration::from_micros(5);

/// Something that keys can be read from: the engine, or a command's view of it.
pub(super) trait View {
    /// The value at this key.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>>;

    /// The pairs in this range, ascending. Not a snapshot, unless nobody writes.
    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_>;

    /// The same pairs, descending.
    fn scan_back(&self, range: Range<Vec<u8>>) -> Pairs<'_>;
}

/// A handle on an open database. The database closes when the last one is dropped.
#[derive(Clone)]
pub(super) struct Engine {
    db: ::sled::Db,
    /// What is read from memory.
    resident: Option<Arc<Resident>>,
}

impl Engine {
    /// Opens the database in this directory, or makes one. sled is told of less than this cache, by what it keeps [`BEYOND`].
    ///
    /// # Errors
    /// `InvalidData` for what is not the system's doing: damage, or another version of sled.
    ///
    /// # Panics
    /// sled does, on some damage.
    pub(super) fn open(path: &Path, cache_capacity: u64) -> io::Result<Self> {
        // `flush_every_ms` stays at its default of 500: that thread also cleans the file up.
        let told = (cache_capacity - BEYOND.min(cache_capacity / 2)).max(LEAST_CACHE);
        let opened = ::sled::Config::new().path(path).cache_capacity(told).open();
        let db = opened.map_err(|error| match error {
            ::sled::Error::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        })?;
        Ok(Self { db, resident: None })
    }

    /// Keeps the pairs of this range in memory, or so many bytes of them: scans within it then read no page. To be asked for
    /// before the handle is cloned, because clones that were made before would write past it.
    ///
    /// # Errors
    /// What reading the pairs answers; nothing is kept then.
    pub(super) fn keep(&mut self, range: Range<Vec<u8>>, most: usize) -> Result<()> {
        let resident = Resident::load(range.clone(), most, self.stored(range))?;
        self.resident = Some(Arc::new(resident));
        Ok(())
    }

    /// Has sled note where the pages of a database are that was closed, so that the next opening need not find out by
    /// reading its whole log. It does so whenever it opens one, and never when it closes one.
    pub(super) fn note_pages(path: &Path) -> io::Result<()> {
        Self::open(path, LEAST_CACHE).map(drop)
    }

    /// Applies all or nothing. Others see it at once; it is durable after the next [`Engine::flush`] and a sync.
    ///
    /// A block goes when its last entry does, and two are never made one: so an entry only ever moves to a block behind
    /// its own, and who reads on meanwhile misses none.
    pub(super) fn apply(&self, writes: Writes) -> Result<()> {
        let resident = self.resident.as_ref().map(|resident| (resident, resident.own(&writes)));
        let mut batch = ::sled::Batch::default();
        let mut writes = writes.into_iter().peekable();
        while let Some(first) = writes.next() {
            let (place, former) =
                self.block_of(&first.0)?.unwrap_or_else(|| (space(&first.0).into(), Bytes::default()));
            let mut own = vec![first];
            if writes.peek().is_some_and(|(key, _)| space(key) == space(&place)) {
                let end = self.block_behind(&place)?;
                let is_own =
                    |key: &[u8]| space(key) == space(&place) && end.as_ref().is_none_or(|end| key < end.as_ref());
                own.extend(std::iter::from_fn(|| writes.next_if(|(key, _)| is_own(key))));
            }
            let merged = Merged::new(&former, &own).map_err(|Broken| broken(&place))?;
            if former == merged.block {
                continue;
            }
            if merged.block.is_empty() {
                batch.remove(place);
                continue;
            }
            let mut place = place;
            for (number, range) in parts(&merged, &place)?.into_iter().enumerate() {
                let block = part(&merged.block, &range);
                if number > 0 {
                    let first = Entries::of(block).next().and_then(std::result::Result::ok);
                    place = part(block, &first.ok_or_else(|| broken(&place))?.key).into();
                }
                batch.insert(place.clone(), block);
            }
        }
        self.db.apply_batch(batch).map_err(failed)?;
        if let Some((resident, writes)) = resident {
            resident.apply(writes);
        }
        Ok(())
    }

    /// Looks for a block, and sees to it that what sled keeps in memory stays within bounds.
    fn noted(&self, look: impl FnOnce() -> Option<::sled::Result<Pair>>) -> Option<Result<Pair>> {
        let begun = Instant::now();
        let found = look();
        if let Some(Ok((place, _))) = &found
            && begun.elapsed() > FROM_CACHE
        {
            self.note(place);
        }
        found.map(|pair| pair.map_err(failed))
    }

    /// Has sled count the page of this block, which was just read from the file, and free what that throws out of its cache.
    ///
    /// sled notes which pages were used, each in one of 256 lists, and counts and evicts only when a list has 64 notes. Until
    /// then what it has read from the file counts nowhere: 8,000 pages, which are some 300 MB, however small its cache. So a
    /// page that was just read is looked up again until it has filled a list, and what is not counted is a page of each at
    /// most.
    ///
    /// A page that is thrown out waits until no thread can still be reading it, and before that until its thread has thrown
    /// out 64 things: a megabyte or two for each thread that reads.
    fn note(&self, place: &[u8]) {
        for _ in 0..NOTES {
            // An error is told to whoever looks for something.
            let _ = self.db.get(place);
        }
        crossbeam_epoch::pin().flush();
    }

    /// The block that this key is in, if it is anywhere, and the key that it lies at.
    fn block_of(&self, key: &[u8]) -> Result<Option<Pair>> {
        self.noted(|| self.db.range(space(key)..=key).next_back()).transpose()
    }

    /// The key that the next block in the same space lies at.
    fn block_behind(&self, place: &[u8]) -> Result<Option<Bytes>> {
        let behind = (Bound::Excluded(place), Bound::Unbounded);
        let next = self.noted(|| self.db.range::<&[u8], _>(behind).next()).transpose()?;
        Ok(next.map(|(next, _)| next).filter(|next| space(next) == space(place)))
    }

    /// The blocks that lie before this key, the last one first. Each is looked for when it is asked for: an iterator of sled's
    /// goes on with a leaf of its tree as it once was, and so passes over a block that was put into it since, with what moved
    /// there from the block before.
    fn blocks_before(&self, space: Vec<u8>, mut end: Vec<u8>) -> impl Iterator<Item = Result<Pair>> {
        std::iter::from_fn(move || {
            let found = self.noted(|| self.db.range(space.as_slice()..end.as_slice()).next_back())?;
            if let Ok((place, _)) = &found {
                end = place.to_vec();
            }
            Some(found)
        })
    }

    /// What keeps all of this range in memory, or begins to.
    fn resident_of(&self, range: &Range<Vec<u8>>) -> Option<&Resident> {
        self.resident.as_deref().filter(|resident| resident.covers(range))
    }

    /// The pairs that sled has in this range, ascending.
    fn stored(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        let first = match self.block_of(&range.start) {
            Ok(first) => first.map_or_else(|| range.start.as_slice().into(), |(place, _)| place),
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let mut blocks = self.db.range(first.as_ref()..range.end.as_slice());
        let blocks = std::iter::from_fn(move || self.noted(|| blocks.next()));
        Box::new(Ascending::new(blocks, range))
    }

    /// The same, descending.
    fn stored_back(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        Box::new(Descending::new(self.blocks_before(space(&range.start).to_vec(), range.end.clone()), range))
    }

    /// Hands everything that was applied to the operating system. On Linux that is `sync_file_range`, which is not
    /// durable (sled#1452): a sync of the file must follow.
    pub(super) fn flush(&self) -> Result<()> {
        self.db.flush().map(drop).map_err(failed)
    }
}

impl View for Engine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let Some((place, block)) = self.block_of(key)? else { return Ok(None) };
        let found = find(&block, key).map_err(|Broken| broken(&place))?;
        Ok(found.map(|value| slice(&block, &value)))
    }

    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        match self.resident_of(&range) {
            Some(resident) => Box::new(Walk::new(resident, range, Way::Up, |range| self.stored(range))),
            None => self.stored(range),
        }
    }

    fn scan_back(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        match self.resident_of(&range) {
            Some(resident) => Box::new(Walk::new(resident, range, Way::Down, |range| self.stored_back(range))),
            None => self.stored_back(range),
        }
    }
}

/// What a key begins with that no block has two of: its space.
fn space(key: &[u8]) -> &[u8] {
    key.get(..1).unwrap_or_default()
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
