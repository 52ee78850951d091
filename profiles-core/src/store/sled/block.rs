//! Blocks: pairs that follow each other in the order of keys, in one value of the engine.
//!
//! sled divides a leaf of its tree that has more than 16 pairs, however small they are. Each leaf costs memory for as long
//! as the database is open, wherever its bytes are, and time at opening. So the engine is given few pairs that are large
//! instead of many that are small, and what is in them is its secret.
//!
//! An entry is the length of its key, the length of its value, the key, and the value; lengths are two bytes each, the
//! lower one first. Entries stand one behind the other, in the order of their keys.

use std::ops::Range;

use super::engine::Write;

/// Bytes for the two lengths of an entry.
const LENGTHS: usize = 4;

/// A block that nothing here has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// Where an entry stands in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it begins. It ends with its value.
    start: usize,
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The entries of a block, one after another. Behind one that is broken there is none.
pub(super) struct Entries<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    pub(super) fn of(block: &'a [u8]) -> Self {
        Self::from(block, 0)
    }

    /// Those from the one on that begins here.
    pub(super) fn from(block: &'a [u8], at: usize) -> Self {
        Self { block, at }
    }

    /// What is at `at`, with its key and its value.
    fn read(&self) -> Option<Entry> {
        let (&[low, high, value_low, value_high], _) = self.block.get(self.at..)?.split_first_chunk()?;
        let start = self.at + LENGTHS;
        let middle = start + usize::from(u16::from_le_bytes([low, high]));
        let end = middle + usize::from(u16::from_le_bytes([value_low, value_high]));
        (end <= self.block.len()).then_some(Entry { start: self.at, key: start..middle, value: middle..end })
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.block.len() {
            return None;
        }
        let entry = self.read();
        self.at = entry.as_ref().map_or(self.block.len(), |entry| entry.value.end);
        Some(entry.ok_or(Broken))
    }
}

/// A part of a block; nothing, of one that has no such part.
pub(super) fn part<'a>(block: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    block.get(range.clone()).unwrap_or_default()
}

/// Where the value at this key is.
pub(super) fn find(block: &[u8], key: &[u8]) -> Result<Option<Range<usize>>, Broken> {
    for entry in Entries::of(block) {
        let entry = entry?;
        let there = part(block, &entry.key);
        if there >= key {
            return Ok((there == key).then_some(entry.value));
        }
    }
    Ok(None)
}

/// A block with writes done to it.
pub(super) struct Merged {
    pub(super) block: Vec<u8>,
    /// Whether the last of them was added behind all that was there.
    grows: bool,
}

impl Merged {
    /// Does these writes, which are in the order of their keys.
    ///
    /// # Errors
    /// The block is broken, or a key or a value is over 65,535 bytes.
    pub(super) fn new(former: &[u8], writes: &[(Vec<u8>, Write)]) -> Result<Self, Broken> {
        let added = writes.iter().map(|(key, write)| match write {
            Write::Put(value) => LENGTHS + key.len() + value.len(),
            Write::Remove => 0,
        });
        let mut block = Vec::with_capacity(former.len() + added.sum::<usize>());
        // Up to here the former block has been dealt with.
        let mut done = 0;
        let mut grows = false;
        let mut entries = Entries::of(former);
        let mut next = entries.next().transpose()?;
        for (key, write) in writes {
            while let Some(entry) = next.take_if(|entry| part(former, &entry.key) < key.as_slice()) {
                block.extend_from_slice(part(former, &(done..entry.value.end)));
                done = entry.value.end;
                next = entries.next().transpose()?;
            }
            if let Some(entry) = next.take_if(|entry| part(former, &entry.key) == key.as_slice()) {
                done = entry.value.end;
                next = entries.next().transpose()?;
                grows = false;
            } else {
                grows = next.is_none();
            }
            match write {
                Write::Put(value) => push(&mut block, key, value)?,
                Write::Remove => grows = false,
            }
        }
        block.extend_from_slice(part(former, &(done..former.len())));
        Ok(Self { block, grows })
    }

    /// What to divide it into, so that no part with more than one entry is much over `room`. A block that grows at its end
    /// leaves full ones behind; one that grew in its middle is divided evenly.
    pub(super) fn parts(&self, room: usize) -> Result<Vec<Range<usize>>, Broken> {
        let length = self.block.len();
        let room = room.max(1);
        let even = |rest: usize| rest / rest.div_ceil(room).max(1);
        let mut parts = Vec::new();
        let mut from = 0;
        for entry in Entries::of(&self.block) {
            let entry = entry?;
            let full =
                if self.grows { entry.value.end - from > room } else { entry.start - from >= even(length - from) };
            if full && entry.start > from {
                parts.push(from..entry.start);
                from = entry.start;
            }
        }
        parts.push(from..length);
        Ok(parts)
    }
}

fn push(block: &mut Vec<u8>, key: &[u8], value: &[u8]) -> Result<(), Broken> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).map_err(|_| Broken);
    block.extend_from_slice(&length(key)?.to_le_bytes());
    block.extend_from_slice(&length(value)?.to_le_bytes());
    block.extend_from_slice(key);
    block.extend_from_slice(value);
    Ok(())
}
