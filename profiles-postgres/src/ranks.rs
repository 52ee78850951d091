//! Which row is at a place of its list, and how many there are before a number, at the same cost everywhere: counts of
//! blocks of 1,024 and of 1,048,576 numbers are kept with the rows, so that no more than a block has to be looked at.

use std::collections::BTreeMap;

use profiles_core::{model::ProfileId, store::Result};
use sqlx::query;

use crate::{
    error::Failure,
    row::{get, get_number, number},
    store::Inner,
    write::Work,
};

/// Bits of a number that its block leaves out, for the two sizes of blocks.
const LEVELS: [i16; 2] = [10, 20];

/// A list whose blocks are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ranked {
    Profiles,
    Statuses,
}

/// The statement for a list; both are written once.
macro_rules! for_list {
    ($list:expr, $text:ident) => {
        match $list {
            Ranked::Profiles => $text!("profiles", "profile_ranks"),
            Ranked::Statuses => $text!("statuses", "status_ranks"),
        }
    };
}

macro_rules! rows_before {
    ($rows:literal, $ranks:literal) => {
        concat!(
            "select ((select coalesce(sum(count), 0) from ",
            $ranks,
            " where level = 20 and block < $1 >> 20) \
             + (select coalesce(sum(count), 0) from ",
            $ranks,
            " where level = 10 \
                and block >= ($1 >> 20) << 10 and block < $1 >> 10) \
             + (select count(*) from ",
            $rows,
            " where id >= ($1 >> 10) << 10 and id < $1))::bigint as rows"
        )
    };
}

macro_rules! row_at {
    ($rows:literal, $ranks:literal) => {
        concat!(
            "with large as (select block, sum(count) over (order by block) - count as before, count \
                            from ", $ranks, " where level = 20), \
             l as (select * from large where before <= $1 and before + count > $1), \
             small as (select r.block, l.before + sum(r.count) over (order by r.block) - r.count as before, r.count \
                       from l join ", $ranks, " r on r.level = 10 \
                       and r.block >= l.block << 10 and r.block < (l.block + 1) << 10), \
             s as (select * from small where before <= $1 and before + count > $1) \
             select id from ", $rows, " where id >= (select block << 10 from s) \
             and id < (select (block + 1) << 10 from s) \
             order by id offset (select ($1 - before)::bigint from s) limit 1"
        )
    };
}

macro_rules! move_ranks {
    ($rows:literal, $ranks:literal) => {
        concat!(
            "insert into ",
            $ranks,
            " as ranks (level, block, count) \
             select * from unnest($1::smallint[], $2::bigint[], $3::bigint[]) \
             on conflict (level, block) do update set count = ranks.count + excluded.count"
        )
    };
}
pub(crate) use move_ranks;

/// By how much the counts of blocks change.
#[derive(Debug, Default)]
pub(crate) struct Moves(BTreeMap<(i16, i64), i64>);

impl Moves {
    pub(crate) fn add(&mut self, id: u64, by: i64) {
        for level in LEVELS {
            *self.0.entry((level, number(id) >> level)).or_default() += by;
        }
    }

    /// Level, block and difference, each as a column.
    pub(crate) fn columns(&self) -> (Vec<i16>, Vec<i64>, Vec<i64>) {
        let moved = self.0.iter().filter(|(_, by)| **by != 0);
        let (mut levels, mut blocks, mut differences) = (Vec::new(), Vec::new(), Vec::new());
        for ((level, block), by) in moved {
            levels.push(*level);
            blocks.push(*block);
            differences.push(*by);
        }
        (levels, blocks, differences)
    }
}

impl Work {
    /// Counts a profile that comes or goes. The book of profiles is held.
    pub(crate) async fn rank_profile(&mut self, id: ProfileId, by: i64) -> Result<(), Failure> {
        let mut moves = Moves::default();
        moves.add(id.get(), by);
        let (levels, blocks, differences) = moves.columns();
        query(move_ranks!("profiles", "profile_ranks"))
            .bind(levels)
            .bind(blocks)
            .bind(differences)
            .execute(self.sql())
            .await?;
        Ok(())
    }
}

impl Inner {
    /// How many rows have a smaller number.
    pub(crate) async fn rows_before(&self, list: Ranked, id: i64) -> Result<u64> {
        let row = self.row_anywhere(|| query(for_list!(list, rows_before)).bind(id)).await?;
        row.as_ref().map_or(Ok(0), |row| get_number(row, "rows"))
    }

    /// The number of the row that has so many before it.
    pub(crate) async fn row_at(&self, list: Ranked, place: u64) -> Result<Option<i64>> {
        let row = self.row_anywhere(|| query(for_list!(list, row_at)).bind(number(place))).await?;
        row.as_ref().map(|row| get(row, "id")).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_in_one_block_moves_nothing() {
        let mut moves = Moves::default();
        moves.add(1023, 1);
        moves.add(1024, 1);
        moves.add(1, -1);
        assert_eq!(moves.columns(), (vec![10, 20], vec![1, 0], vec![1, 1]));
    }
}
