//! Counts of tries.

use serde::{Deserialize, Serialize};

use crate::model::{Tally, Timestamp};

/// In [`super::super::keys::Space::Throttle`].
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct ThrottleRecord {
    count: u32,
    last: i64,
    forgotten_at: i64,
    /// Whether the audit trail has told of the present wait.
    pub(in crate::store::sled) told: bool,
}

impl ThrottleRecord {
    /// A try was counted.
    pub(in crate::store::sled) fn new(tally: Tally, forgotten_at: Timestamp) -> Self {
        let Tally { count, last } = tally;
        Self { count, last: last.as_micros(), forgotten_at: forgotten_at.as_micros(), told: false }
    }

    pub(in crate::store::sled) fn tally(&self) -> Tally {
        Tally { count: self.count, last: Timestamp::from_micros(self.last) }
    }

    pub(in crate::store::sled) fn forgotten_at(&self) -> Timestamp {
        Timestamp::from_micros(self.forgotten_at)
    }

    /// One try is counted no longer.
    pub(in crate::store::sled) fn forgive_one(&mut self) {
        self.count = self.count.saturating_sub(1);
    }
}
