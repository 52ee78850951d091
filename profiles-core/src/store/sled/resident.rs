//! Pairs that are kept in memory, all of a range.
//!
//! The engine's own cache keeps what was asked for last. That is no help to who reads a range from its beginning to its end
//! again and again, as a search does with the texts of profiles: once the range is a little larger than what the cache has
//! room for, each page was thrown out just before it is asked for again. What is here stays, in the order of keys, and costs
//! no look-up of a page.
//!
//! If a range grows larger than it may, those of its pairs are kept that come first, and the others are read from the engine,
//! until the database is opened anew.

use std::{
    collections::BTreeMap,
    mem,
    ops::{Bound, Range},
    sync::{PoisonError, RwLock},
    vec,
};

use super::engine::{Bytes, Pair, Pairs, Write, Writes};
use crate::store::{Result, query::Way};

/// Pairs that are read under one lock.
const AT_ONCE: usize = if cfg!(test) { 3 } else { 64 };

/// Bytes that a pair takes beside its own, in a map whose leaves are half full: 80 for its two handles, and a count.
const OVERHEAD: usize = 160;

/// What a pair takes. Allocators round up, by an eighth at most.
fn size(key: &Bytes, value: &Bytes) -> usize {
    key.len() + value.len() + value.len() / 8 + OVERHEAD
}

/// The pairs of a range.
pub(super) struct Resident {
    range: Range<Vec<u8>>,
    /// Bytes that may be kept.
    most: usize,
    kept: RwLock<Kept>,
}

struct Kept {
    pairs: BTreeMap<Bytes, Bytes>,
    bytes: usize,
    /// All pairs of the range before this key are here.
    end: Vec<u8>,
}

impl Resident {
    /// Keeps these, which are the pairs of this range, ascending: all of them, or as many as may be.
    pub(super) fn load(range: Range<Vec<u8>>, most: usize, pairs: impl Iterator<Item = Result<Pair>>) -> Result<Self> {
        let mut kept = Kept { pairs: BTreeMap::new(), bytes: 0, end: range.end.clone() };
        for pair in pairs {
            let (key, value) = pair?;
            // Not a part of a block, which would stay with it.
            kept.put(key, Bytes::from(value.as_ref()));
            if kept.shrink(most) {
                break;
            }
        }
        Ok(Self { range, most, kept: RwLock::new(kept) })
    }

    /// Whether all of this range is in the one that is kept.
    pub(super) fn covers(&self, range: &Range<Vec<u8>>) -> bool {
        self.range.start <= range.start && range.end <= self.range.end
    }

    /// Those of a batch that [`Resident::apply`] is to be told of.
    pub(super) fn own(&self, writes: &Writes) -> Vec<(Bytes, Write)> {
        let own = writes.range::<Vec<u8>, _>(&self.range.start..&self.range.end);
        own.map(|(key, write)| (key.as_slice().into(), write.clone())).collect()
    }

    /// Keeps up with what was written.
    pub(super) fn apply(&self, writes: Vec<(Bytes, Write)>) {
        if writes.is_empty() {
            return;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        for (key, write) in writes {
            if key.as_ref() >= kept.end.as_slice() {
                continue;
            }
            match write {
                Write::Put(value) => kept.put(key, value),
                Write::Remove => kept.remove(&key),
            }
        }
        kept.shrink(self.most);
    }

    /// What comes next on a way through a range, of which the range then has no more.
    fn next(&self, range: &mut Range<Vec<u8>>, way: Way) -> Next {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        match way {
            Way::Up if range.start >= kept.end => Next::Stored(mem::take(range)),
            Way::Up => {
                let end = (&range.end).min(&kept.end).clone();
                let pairs: Vec<_> = kept.between(&range.start, &end).take(AT_ONCE).collect();
                let last = pairs.last().filter(|_| pairs.len() == AT_ONCE).map(|(key, _)| key);
                range.start = last.map_or(end, |last| [last.as_ref(), &[0]].concat());
                Next::Kept(pairs)
            }
            Way::Down if range.end > kept.end => {
                let from = (&range.start).max(&kept.end).clone();
                Next::Stored(from.clone()..mem::replace(&mut range.end, from))
            }
            Way::Down => {
                let pairs: Vec<_> = kept.between(&range.start, &range.end).rev().take(AT_ONCE).collect();
                let last = pairs.last().filter(|_| pairs.len() == AT_ONCE).map(|(key, _)| key);
                range.end = last.map_or_else(|| range.start.clone(), |last| last.to_vec());
                Next::Kept(pairs)
            }
        }
    }
}

impl Kept {
    fn put(&mut self, key: Bytes, value: Bytes) {
        self.remove(&key);
        self.bytes += size(&key, &value);
        self.pairs.insert(key, value);
    }

    fn remove(&mut self, key: &Bytes) {
        if let Some(former) = self.pairs.remove(key) {
            self.bytes -= size(key, &former);
        }
    }

    /// Gives up the last pairs until the others have no more bytes than this; answers whether it gave up any.
    fn shrink(&mut self, most: usize) -> bool {
        let mut gave_up = false;
        while self.bytes > most
            && let Some((last, _)) = self.pairs.last_key_value()
        {
            let last = last.clone();
            self.remove(&last);
            self.end = last.to_vec();
            gave_up = true;
        }
        gave_up
    }

    fn between(&self, start: &[u8], end: &[u8]) -> impl DoubleEndedIterator<Item = Pair> {
        let pairs = self.pairs.range::<[u8], _>((Bound::Included(start), Bound::Excluded(end)));
        pairs.map(|(key, value)| (key.clone(), value.clone()))
    }
}

enum Next {
    Kept(Vec<Pair>),
    /// The pairs of this range, which are to be read from the engine.
    Stored(Range<Vec<u8>>),
}

/// The pairs of a range, in either order: those that are kept, and the others from the engine.
///
/// Not a snapshot, as no scan is. But what moves from one value to another that is put behind it, and before the next one that
/// there is, in one batch, is missed on neither way: pairs are taken some at a time, all as they are at one moment, and the
/// next ones are those on the other side of the last.
pub(super) struct Walk<'a, Scan> {
    resident: &'a Resident,
    way: Way,
    /// Reads the pairs of a range from the engine, in this order.
    scan: Scan,
    /// What was not reached yet.
    range: Range<Vec<u8>>,
    kept: vec::IntoIter<Pair>,
    stored: Option<Pairs<'a>>,
}

impl<'a, Scan> Walk<'a, Scan> {
    pub(super) fn new(resident: &'a Resident, range: Range<Vec<u8>>, way: Way, scan: Scan) -> Self {
        Self { resident, way, scan, range, kept: vec::IntoIter::default(), stored: None }
    }
}

impl<'a, Scan> Iterator for Walk<'a, Scan>
where
    Scan: Fn(Range<Vec<u8>>) -> Pairs<'a>,
{
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.kept.next() {
                return Some(Ok(pair));
            }
            if let Some(pair) = self.stored.as_mut().and_then(Iterator::next) {
                return Some(pair);
            }
            self.stored = None;
            if self.range.is_empty() {
                return None;
            }
            match self.resident.next(&mut self.range, self.way) {
                Next::Kept(pairs) => self.kept = pairs.into_iter(),
                Next::Stored(range) => self.stored = Some((self.scan)(range)),
            }
        }
    }
}
