//! Moments.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment, UTC, in microseconds since 1970-01-01: the resolution of Django's databases.
///
/// `Display` is the wire's form: RFC 3339 with `Z`, six digits of fraction, or none if it is exactly a second.
///
/// ```
/// use profiles_core::model::Timestamp;
///
/// assert_eq!(Timestamp::from_micros(1_500_000).to_string(), "1970-01-01T00:00:01.500000Z");
/// assert_eq!(Timestamp::from_micros(0).to_string(), "1970-01-01T00:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and a while; the end of time if that is beyond it.
    #[must_use]
    pub fn plus(self, while_: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(while_.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This moment less a while; the beginning of time if that is before it.
    #[must_use]
    pub fn minus(self, while_: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(while_.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        if self.0 % 1_000_000 == 0 { write!(f, "{moment:.0}") } else { write!(f, "{moment:.6}") }
    }
}
