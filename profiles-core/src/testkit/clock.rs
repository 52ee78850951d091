//! Time that stands still until it is moved.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use crate::{env::Clock, model::Timestamp, testkit::fixture};

/// A clock for tests: it starts at [`fixture::NOW`] and moves only by [`ManualClock::advance`].
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock that shows [`fixture::NOW`].
    pub fn new() -> Self {
        Self { micros: AtomicI64::new(fixture::NOW.as_micros()) }
    }

    /// Moves it forward; answers what it shows then. Parts of a microsecond are dropped.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let later = Timestamp::from_micros(0).plus(by).as_micros();
        Timestamp::from_micros(self.micros.fetch_add(later, Ordering::SeqCst) + later)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_by_hand_alone() {
        let clock = ManualClock::new();
        assert_eq!((clock.now(), clock.now()), (fixture::NOW, fixture::NOW));
        assert_eq!(clock.advance(Duration::from_millis(1500)), fixture::NOW.plus(Duration::from_millis(1500)));
        assert_eq!(clock.now(), fixture::NOW.plus(Duration::from_millis(1500)));
    }
}
