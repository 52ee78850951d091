//! Reading the pairs that lie in blocks, in either order.
//!
//! Blocks are read one after another, each as it is at that moment. One that was divided since the one before it was read
//! may show entries again that were read already; they are left out.

use std::ops::Range;

use super::{
    block::{Broken, Entries, Entry, Merged, part},
    engine::{Bytes, Pair},
    keys::{self, Space},
    place::Place,
    rows::corrupt,
};
use crate::store::{Result, StoreError};

/// Bytes that fit into [`Bytes`] itself.
const SHORT: usize = 22;

/// An error for a block that can't be read.
pub(super) fn broken(place: &[u8]) -> StoreError {
    let space = Space::of(place).map_or_else(|| Place::describe(place), |space| format!("{space:?}"));
    corrupt(format!("a block of pairs can't be read (space {space})"))
}

/// What to divide a changed block into that lies at this key.
pub(super) fn parts(merged: &Merged, place: &[u8]) -> Result<Vec<Range<usize>>> {
    merged.parts(keys::room(place)).map_err(|Broken| broken(place))
}

/// A part of a block, without copying it. A short one is copied all the same: that is cheaper than to count who has the
/// block.
pub(super) fn slice(block: &Bytes, range: &Range<usize>) -> Bytes {
    let bytes = part(block, range);
    if bytes.len() <= SHORT { Bytes::from(bytes) } else { block.subslice(range.start, bytes.len()) }
}

fn pair(block: &Bytes, entry: &Entry) -> Pair {
    (slice(block, &entry.key), slice(block, &entry.value))
}

/// The pairs of these blocks that are in a range, ascending.
pub(super) struct Ascending<Blocks> {
    blocks: Blocks,
    range: Range<Vec<u8>>,
    open: Option<Open>,
    /// The last key of the blocks that were read to their ends.
    last: Option<Bytes>,
}

/// A block that is being read.
struct Open {
    place: Bytes,
    block: Bytes,
    /// Where its next entry begins.
    at: usize,
    /// The key that was read last in it.
    read: Option<Range<usize>>,
}

impl<Blocks: Iterator<Item = Result<Pair>>> Ascending<Blocks> {
    pub(super) fn new(blocks: Blocks, range: Range<Vec<u8>>) -> Self {
        Self { blocks, range, open: None, last: None }
    }

    /// The open block has no more.
    fn close(&mut self) {
        if let Some(Open { block, read: Some(key), .. }) = self.open.take() {
            self.last = Some(slice(&block, &key));
        }
    }
}

impl<Blocks: Iterator<Item = Result<Pair>>> Iterator for Ascending<Blocks> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(open) = &mut self.open else {
                match self.blocks.next()? {
                    Ok((place, block)) => self.open = Some(Open { place, block, at: 0, read: None }),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            let entry = match Entries::from(&open.block, open.at).next() {
                Some(Ok(entry)) => entry,
                Some(Err(Broken)) => {
                    let error = broken(&open.place);
                    self.close();
                    return Some(Err(error));
                }
                None => {
                    self.close();
                    continue;
                }
            };
            open.at = entry.value.end;
            let key = part(&open.block, &entry.key);
            if key >= self.range.end.as_slice() {
                return None;
            }
            let is_new = match (&open.read, &self.last) {
                (Some(_), _) => true,
                (None, Some(last)) => key > last.as_ref(),
                (None, None) => key >= self.range.start.as_slice(),
            };
            if is_new {
                let pair = pair(&open.block, &entry);
                open.read = Some(entry.key);
                return Some(Ok(pair));
            }
        }
    }
}

/// The same, descending; the blocks come in that order.
pub(super) struct Descending<Blocks> {
    blocks: Blocks,
    range: Range<Vec<u8>>,
    /// The block that is being read, and those of its entries that are left.
    open: Option<(Bytes, Vec<Entry>)>,
    last: Option<Bytes>,
    /// Whether nothing before the open block is in the range.
    ends: bool,
}

impl<Blocks: Iterator<Item = Result<Pair>>> Descending<Blocks> {
    pub(super) fn new(blocks: Blocks, range: Range<Vec<u8>>) -> Self {
        Self { blocks, range, open: None, last: None, ends: false }
    }

    /// The entries of a block that are in the range and were not read yet.
    fn left(&self, place: &[u8], block: &[u8]) -> Result<Vec<Entry>> {
        let end = self.last.as_ref().map_or(self.range.end.as_slice(), |last| last);
        let mut left = Vec::new();
        for entry in Entries::of(block) {
            let entry = entry.map_err(|Broken| broken(place))?;
            let key = part(block, &entry.key);
            if key >= end {
                break;
            }
            if key >= self.range.start.as_slice() {
                left.push(entry);
            }
        }
        Ok(left)
    }
}

impl<Blocks: Iterator<Item = Result<Pair>>> Iterator for Descending<Blocks> {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((block, left)) = &mut self.open
                && let Some(entry) = left.pop()
            {
                let pair = pair(block, &entry);
                self.last = Some(pair.0.clone());
                return Some(Ok(pair));
            }
            if self.ends {
                return None;
            }
            let (place, block) = match self.blocks.next()? {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            self.ends = place.as_ref() <= self.range.start.as_slice();
            match self.left(&place, &block) {
                Ok(left) => self.open = Some((block, left)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
