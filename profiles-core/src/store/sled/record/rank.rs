//! A node of a counted index.

use serde::{Deserialize, Serialize};

/// In [`Space::StatusRank`](super::super::keys::Space::StatusRank) and `ProfileRank`: how many rows there are in each of
/// the 32 parts of a block.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct RankRecord([u64; 32]);

impl RankRecord {
    /// Rows in the whole block.
    pub(in super::super) fn total(&self) -> u64 {
        self.0.iter().fold(0, |total, count| total.saturating_add(*count))
    }

    /// Rows in one part.
    pub(in super::super) fn of(&self, part: u64) -> u64 {
        usize::try_from(part).ok().and_then(|part| self.0.get(part)).copied().unwrap_or_default()
    }

    /// Rows in the parts before this one.
    pub(in super::super) fn before(&self, part: u64) -> u64 {
        self.0.iter().zip(0..part).fold(0, |total, (count, _)| total.saturating_add(*count))
    }

    /// The part that has the row with so many before it; `rank` then says how many are before it in the part.
    pub(in super::super) fn holding(&self, rank: &mut u64) -> Option<u64> {
        for (count, part) in self.0.iter().zip(0..) {
            if *rank < *count {
                return Some(part);
            }
            *rank -= count;
        }
        None
    }

    /// Counts rows that came or went; none goes below zero.
    pub(in super::super) fn add(&mut self, part: u64, by: i64) {
        if let Some(count) = usize::try_from(part).ok().and_then(|part| self.0.get_mut(part)) {
            *count = count.saturating_add_signed(by);
        }
    }
}
