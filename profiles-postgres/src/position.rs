//! How far the database's log goes.

use profiles_core::store::Result;
use sqlx::postgres::PgRow;

use crate::{error::corrupt, row::get};

/// A place in the log. Whoever promotes a copy begins a new timeline, which branches off from the one before: what comes
/// later on that one is lost, so a place on a newer timeline is the later one, whatever the offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) timeline: i32,
    /// Bytes from the beginning of the log.
    pub(crate) offset: i64,
}

/// Columns that tell how far the log is on the disk of the database that is asked, if `$asked` and if it writes one of its
/// own. Whatever was acknowledged before the statement was sent is in the log up to there.
macro_rules! position_columns {
    ($asked:literal) => {
        concat!(
            "case when ",
            $asked,
            " and not pg_is_in_recovery() \
             then ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::integer end as timeline, \
             case when ",
            $asked,
            " and not pg_is_in_recovery() \
             then (pg_current_wal_flush_lsn() - '0/0')::bigint end as log_offset"
        )
    };
}
pub(crate) use position_columns;

impl Position {
    /// From the columns that [`position_columns`] makes; `None` if they were not asked for, or of a copy.
    ///
    /// # Errors
    /// The columns are not there.
    pub(crate) fn of(row: &PgRow) -> Result<Option<Self>> {
        let (timeline, offset): (Option<i32>, Option<i64>) = (get(row, "timeline")?, get(row, "log_offset")?);
        match (timeline, offset) {
            (Some(timeline), Some(offset)) => Ok(Some(Self { timeline, offset })),
            (None, None) => Ok(None),
            _ => Err(corrupt("half a place in the log")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_timeline_is_later_whatever_was_lost() {
        let [before, lost, after] =
            [(1, 100), (1, 900), (2, 101)].map(|(timeline, offset)| Position { timeline, offset });
        assert!(before < lost && lost < after);
    }
}
