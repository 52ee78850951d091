//! When something ends, as people write it.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};

/// When something ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// So long from now.
    After(SignedDuration),
    /// At this moment.
    At(Timestamp),
}

impl Expiry {
    /// Reads `12h`, `90d`, `8w`, `2027-01-01` (its beginning, in UTC) or `2027-01-01T12:00:00Z`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let hours = |unit| match unit {
            'h' => Some(1),
            'd' => Some(24),
            'w' => Some(7 * 24),
            _ => None,
        };
        if let Some((number, hours)) =
            text.chars().last().and_then(|unit| Some((text.strip_suffix(unit)?, hours(unit)?)))
            && let Ok(number @ 1..) = number.parse::<u32>()
        {
            return Ok(Self::After(SignedDuration::from_hours(i64::from(number) * hours)));
        }
        // A time without an offset would be another moment in another place, so it is none.
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        // jiff takes any time of the day for a part of a date.
        match text.parse::<Date>() {
            Ok(day) if text.len() == "2027-01-01".len() => {
                Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).map(Self::At).map_err(|error| error.to_string())
            }
            _ => Err("write a duration such as 12h, 90d or 8w, a day such as 2027-01-01, or a moment with its offset \
                      such as 2027-01-01T12:00:00Z"
                .to_owned()),
        }
    }

    /// The moment in RFC 3339, in UTC; `None` if it is later than any that can be written.
    pub(crate) fn from(self, now: Timestamp) -> Option<String> {
        let moment = match self {
            Self::At(moment) => moment,
            Self::After(duration) => now.checked_add(duration).ok()?,
        };
        Some(moment.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Option<String> {
        let now = "2026-11-25T08:30:00Z".parse().unwrap();
        Expiry::parse(text).ok().map(|expiry| expiry.from(now).unwrap())
    }

    #[test]
    fn durations_days_and_moments_are_understood() {
        for (text, expected) in [
            ("1h", "2026-11-25T09:30:00Z"),
            ("90d", "2027-02-23T08:30:00Z"),
            ("2w", "2026-12-09T08:30:00Z"),
            ("2027-01-01", "2027-01-01T00:00:00Z"),
            ("2027-01-01T12:00:00Z", "2027-01-01T12:00:00Z"),
            ("2027-01-01T12:00:00+02:00", "2027-01-01T10:00:00Z"),
        ] {
            assert_eq!(moment(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "d", "0d", "-1d", "90", "1.5d", "90 d", "90m", "9999999999d", "ä", "2027-01-01T12:00:00", "2027-13-01"]
        {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_lies_beyond_the_calendar_is_no_moment() {
        assert_eq!(Expiry::parse("4294967295w").unwrap().from(Timestamp::MAX), None);
    }
}
