//! When statuses were posted, of those that were looked at.
//!
//! Moments do not decrease with the ids, so the statuses since some moment begin at an id that is found by bisection. That
//! looks at two dozen statuses of ten million, each in a page of its own, where the list that is then shown lies in one.
//! But the moment of an id never changes, and ids are never given twice: so what was seen once holds for good, and the next
//! search begins between the nearest two moments that are known.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{PoisonError, RwLock},
};

use crate::model::{StatusId, Timestamp};

/// Moments that are remembered at most. Together they take less than 100 KB.
const MOST: usize = if cfg!(test) { 8 } else { 4096 };

/// Moments of statuses, each with its id.
#[derive(Debug, Default)]
pub(super) struct Moments(RwLock<BTreeSet<(Timestamp, StatusId)>>);

impl Moments {
    /// Of the ids below `end`, those among which there is one such that the statuses from it on were posted at this moment
    /// or later, and those before it earlier; the end counts as one of them.
    pub(super) fn around(&self, at: Timestamp, end: u64) -> Range<u64> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let middle = (at, StatusId::new(0));
        let before = known.range(..middle).next_back().map_or(0, |(_, id)| id.get().saturating_add(1));
        let since = known.range(middle..).next().map_or(end, |(_, id)| id.get());
        before.min(end)..since.min(end)
    }

    /// Forgets all: what there is now is another database.
    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Remembers when this status was posted.
    pub(super) fn learn(&self, at: Timestamp, id: StatusId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert((at, id));
        if known.len() > MOST {
            // Every other one, so that those that are left are spread as these were.
            let mut stays = false;
            known.retain(|_| {
                stays = !stays;
                stays
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_nearest_known_moments_bound_a_search() {
        let moments = Moments::default();
        assert_eq!(moments.around(moment(5), 100), 0..100);
        for (at, id) in [(10, 7), (10, 8), (20, 30)] {
            moments.learn(moment(at), StatusId::new(id));
        }
        for (at, ids) in [(9, 0..7), (10, 0..7), (11, 9..30), (20, 9..30), (21, 31..100)] {
            assert_eq!(moments.around(moment(at), 100), ids, "since {at}");
        }
        assert_eq!(moments.around(moment(21), 31), 31..31);
        assert_eq!(moments.around(moment(11), 5), 5..5, "of ids that were read after the end was");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_spread() {
        let moments = Moments::default();
        for number in 0..1000 {
            moments.learn(moment(number), StatusId::new(number.unsigned_abs()));
            assert!(moments.0.read().unwrap().len() <= MOST);
        }
        let ids = moments.around(moment(500), 1000);
        assert!(ids.contains(&500) && ids.start > 0 && ids.end < 1000, "{ids:?}");
    }
}
