//! Counted indexes: how many rows there are below an id, and which id the row at a place of the list has.
//!
//! Ids are given in ascending order and rows are deleted, so an id does not say at which place of a list its row stands.
//! Here ids are divided into blocks of 32, those into blocks of 32 of them, and so on, five times. A node counts the rows
//! in each of the 32 parts of its block. Both questions are answered by one node of each level, and by a look at 32 ids
//! at the end; a row that comes or goes moves a number in one node of each level, in the same batch.
//!
//! A reader is not alone: what it meets in one node may be newer than what it met in the one above. Then it ends up a
//! few rows aside, as if it had come a moment earlier or later.

use std::ops::Range;

use super::{
    engine::View,
    keys::{self, Space},
    place::Place,
    record::RankRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::store::{Result, query::Way};

/// A node has 2^5 parts.
const SHIFT: u32 = 5;
/// The lowest level, whose parts are of 32 ids.
const LOWEST: u8 = 1;
/// The highest level. Its nodes, of 2^30 ids each, are read one after another: there are few.
const HIGHEST: u8 = 5;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ranked {
    Statuses,
    Profiles,
}

impl Ranked {
    fn space(self) -> Space {
        match self {
            Self::Statuses => Space::StatusRank,
            Self::Profiles => Space::ProfileRank,
        }
    }

    /// The rows with these ids.
    fn rows(self, ids: Range<u64>) -> Range<Vec<u8>> {
        match self {
            Self::Statuses => keys::statuses(ids),
            Self::Profiles => keys::profiles(ids),
        }
    }

    fn node(self, view: &(impl View + ?Sized), level: u8, block: u64) -> Result<Option<RankRecord>> {
        view.read(&keys::rank(self.space(), level, block))
    }

    /// What remains of `ids` after so many rows, in a list whose ids go `way`.
    pub(super) fn skip(self, view: &dyn View, ids: Range<u64>, way: Way, count: u64) -> Result<Range<u64>> {
        if count == 0 {
            return Ok(ids);
        }
        let (below, up_to) = (self.rank(view, ids.start)?, self.rank(view, ids.end)?);
        let nothing = ids.end..ids.end;
        if count >= up_to.saturating_sub(below) {
            return Ok(nothing);
        }
        Ok(match way {
            Way::Up => self.at(view, below + count)?.map_or(nothing, |id| id.max(ids.start)..ids.end),
            Way::Down => self.at(view, up_to - count - 1)?.map_or(nothing, |id| ids.start..(id + 1).min(ids.end)),
        })
    }

    /// How many rows have an id of these.
    pub(super) fn count(self, view: &dyn View, ids: Range<u64>) -> Result<u64> {
        Ok(self.rank(view, ids.end)?.saturating_sub(self.rank(view, ids.start)?))
    }

    /// How many rows have an id below this one.
    fn rank(self, view: &dyn View, id: u64) -> Result<u64> {
        let mut below = 0;
        for pair in view.scan(keys::ranks(self.space(), HIGHEST, 0..block(HIGHEST, id))) {
            let (key, value) = pair?;
            below += super::codec::decode::<RankRecord>(&key, &value)?.total();
        }
        for level in (LOWEST..=HIGHEST).rev() {
            let Some(node) = self.node(view, level, block(level, id))? else { return Ok(below) };
            let part = part(level, id);
            below += node.before(part);
            if node.of(part) == 0 {
                return Ok(below);
            }
        }
        for pair in view.scan(self.rows((id >> SHIFT << SHIFT)..id)) {
            pair?;
            below += 1;
        }
        Ok(below)
    }

    /// The id of the row that has so many before it.
    fn at(self, view: &dyn View, mut rank: u64) -> Result<Option<u64>> {
        let mut from = 0;
        let mut path = None;
        for pair in view.scan(keys::ranks(self.space(), HIGHEST, 0..u64::MAX)) {
            let (key, value) = pair?;
            let node: RankRecord = super::codec::decode(&key, &value)?;
            let Some(Place::StatusRank(_, block) | Place::ProfileRank(_, block)) = Place::parse(&key) else {
                return Err(corrupt(Place::describe(&key)));
            };
            if rank < node.total() {
                path = Some((block, node));
                break;
            }
            rank -= node.total();
            from = first(HIGHEST, block.saturating_add(1));
        }
        let mut level = HIGHEST;
        while let Some((block, node)) = path.take() {
            let Some(part) = node.holding(&mut rank) else {
                // It has changed since the node above it was read.
                from = first(level, block + 1);
                break;
            };
            let child = (block << SHIFT) + part;
            from = first(level - 1, child);
            if level > LOWEST {
                level -= 1;
                path = self.node(view, level, child)?.map(|node| (child, node));
            }
        }
        let rank = usize::try_from(rank).unwrap_or(usize::MAX);
        view.scan(self.rows(from..u64::MAX)).nth(rank).map(|pair| self.id(&pair?.0)).transpose()
    }

    fn id(self, key: &[u8]) -> Result<u64> {
        match (self, Place::parse(key)) {
            (Self::Statuses, Some(Place::Status(id))) => Ok(id.get()),
            (Self::Profiles, Some(Place::Profile(id))) => Ok(id.get()),
            _ => Err(corrupt(Place::describe(key))),
        }
    }
}

impl Transaction<'_> {
    /// Counts a row that comes (1) or goes (-1).
    pub(super) fn rank(&mut self, ranked: Ranked, id: u64, by: i64) -> Result<()> {
        for level in LOWEST..=HIGHEST {
            let key = keys::rank(ranked.space(), level, block(level, id));
            let mut node: RankRecord = self.read(&key)?.unwrap_or_default();
            node.add(part(level, id), by);
            if node.total() == 0 {
                self.remove(key);
            } else {
                self.put(key, &node)?;
            }
        }
        Ok(())
    }
}

/// The block of a level that an id is in.
fn block(level: u8, id: u64) -> u64 {
    id >> (SHIFT * (u32::from(level) + 1))
}

/// Which part of that block.
fn part(level: u8, id: u64) -> u64 {
    (id >> (SHIFT * u32::from(level))) % (1 << SHIFT)
}

/// The first id of a block; blocks of level 0 are the parts of the lowest level.
fn first(level: u8, block: u64) -> u64 {
    block.saturating_mul(1 << (SHIFT * (u32::from(level) + 1)))
}

/// Counts rows once more, to compare them with the index.
#[derive(Default)]
pub(super) struct Recount(std::collections::BTreeMap<(u8, u64), RankRecord>);

impl Recount {
    /// There is a row with this id.
    pub(super) fn count(&mut self, id: u64) {
        for level in LOWEST..=HIGHEST {
            self.0.entry((level, block(level, id))).or_default().add(part(level, id), 1);
        }
    }

    /// What a node has to say, once: `None` if there are no rows in its block, or it was asked for already.
    pub(super) fn take(&mut self, level: u8, block: u64) -> Option<RankRecord> {
        self.0.remove(&(level, block))
    }

    /// The nodes that were not asked for.
    pub(super) fn left(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        self.0.keys().copied()
    }
}
