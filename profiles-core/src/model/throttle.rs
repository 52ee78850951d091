//! How often something may be tried.

use std::time::Duration;

use super::{Digest, Timestamp};

/// So many tries are free; then each has to wait, twice as long as the one before it, up to a longest wait. After a time
/// without any try all is forgotten.
///
/// Waits end by themselves, whatever else is tried meanwhile: who is refused is not counted, so nobody can make a wait
/// longer by trying during it.
///
/// ```
/// use std::time::Duration;
/// use profiles_core::model::{Limit, Tally, Timestamp};
///
/// let limit = Limit::new(1, Duration::from_secs(30), Duration::from_secs(60), Duration::from_secs(3600));
/// let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
/// let tally = Tally { count: 1, last: at(0) };
/// assert_eq!(limit.refuses_until(Some(tally), at(29)), Some(at(30)));
/// assert_eq!(limit.refuses_until(Some(tally), at(30)), None);
/// assert_eq!(limit.refuses_until(Some(Tally { count: 9, last: at(0) }), at(30)), Some(at(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    free: u32,
    first_wait: Duration,
    longest_wait: Duration,
    forgotten_after: Duration,
}

impl Limit {
    /// `free` tries at once; then one after `first_wait`, the next after twice as long and so on, but never longer than
    /// `longest_wait`. `forgotten_after` is taken to be at least `longest_wait`.
    pub fn new(free: u32, first_wait: Duration, longest_wait: Duration, forgotten_after: Duration) -> Self {
        Self { free, first_wait, longest_wait, forgotten_after: forgotten_after.max(longest_wait) }
    }

    /// `free` tries at once, and then one in each `period`; all are free again after `period` times `free`.
    pub fn steady(free: u32, period: Duration) -> Self {
        Self::new(free, period, period, period.saturating_mul(free))
    }

    /// How many are free.
    pub fn free(&self) -> u32 {
        self.free
    }

    /// Until when a try has to wait; `None` if it need not.
    pub fn refuses_until(&self, tally: Option<Tally>, now: Timestamp) -> Option<Timestamp> {
        let tally = tally.filter(|tally| self.forgotten_at(tally.last) > now)?;
        let beyond = tally.count.checked_sub(self.free)?;
        let wait = self.first_wait.saturating_mul(2_u32.saturating_pow(beyond)).min(self.longest_wait);
        Some(tally.last.plus(wait)).filter(|until| *until > now)
    }

    /// One try more.
    #[must_use]
    pub fn counted(&self, tally: Option<Tally>, now: Timestamp) -> Tally {
        let known = tally.filter(|tally| self.forgotten_at(tally.last) > now);
        Tally { count: known.map_or(0, |tally| tally.count).saturating_add(1), last: now }
    }

    /// When tries are forgotten of which this was the last.
    pub fn forgotten_at(&self, last: Timestamp) -> Timestamp {
        last.plus(self.forgotten_after)
    }
}

/// How often something was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// So often.
    pub count: u32,
    /// The last time.
    pub last: Timestamp,
}

/// What is counted: a kind of try and by whom, as a digest, so that a store holds nothing to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey(Digest);

impl ThrottleKey {
    /// What these parts say together; no two lists of parts are the same key.
    pub fn of(parts: &[&str]) -> Self {
        let mut text = String::new();
        for part in parts {
            text.push_str(&part.len().to_string());
            text.push(':');
            text.push_str(part);
        }
        Self(Digest::of(&text))
    }

    /// A key that was kept.
    pub const fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// What a store keeps.
    pub const fn digest(&self) -> &Digest {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn waits_grow_and_end() {
        let seconds = Duration::from_secs;
        let limit = Limit::new(3, seconds(10), seconds(35), seconds(100));
        let mut tally = None;
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            if let Some(until) = limit.refuses_until(tally, at(now)) {
                assert_eq!(limit.refuses_until(tally, at(now + 1)), Some(until), "waiting makes it no longer");
                waits.push(until.as_seconds() - now);
                now = until.as_seconds();
            }
            tally = Some(limit.counted(tally, at(now)));
        }
        assert_eq!(waits, [10, 20, 35, 35, 35]);
        assert_eq!(limit.refuses_until(tally, at(now + 100)), None);
        assert_eq!(limit.counted(tally, at(now + 100)).count, 1, "forgotten");
    }

    #[test]
    fn a_count_that_is_huge_overflows_nothing() {
        let hour = Duration::from_hours(1);
        let limit = Limit::new(1, hour, hour * 24, hour * 48);
        let tally = Some(Tally { count: u32::MAX, last: at(0) });
        assert_eq!(limit.refuses_until(tally, at(1)), Some(at(24 * 3600)));
        assert_eq!(limit.counted(tally, at(1)).count, u32::MAX);
        let never = Limit::new(0, Duration::MAX, Duration::MAX, Duration::MAX);
        assert!(never.refuses_until(tally, Timestamp::from_micros(i64::MAX - 1)).is_some());
    }

    #[test]
    fn parts_can_not_be_moved_from_one_to_the_next() {
        assert_ne!(ThrottleKey::of(&["ab", "c"]), ThrottleKey::of(&["a", "bc"]));
        assert_ne!(ThrottleKey::of(&["a1:b"]), ThrottleKey::of(&["a", "b"]));
    }
}
