//! Counting what may not be tried too often.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use profiles_core::{
    model::{Limit, Tally, ThrottleKey, Timestamp},
    store::{Admission, Attempt, Forgive, Result, StoreError, Throttles},
};
use sqlx::{postgres::PgRow, query};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use crate::{
    PostgresStore,
    error::Failure,
    row::{get, get_count, get_digest, get_moment},
    store::Inner,
    write::{Command, Work},
};

#[async_trait]
impl Throttles for PostgresStore {
    /// Whoever tries what is refused already is told so by a look, and of those who try the same thing at once one after
    /// the other goes to the database: so that guessing passwords does not take every connection.
    async fn attempt(&self, command: Attempt) -> Result<Admission> {
        if let Some(until) = self.inner.refused_until(&command).await? {
            return Ok(Admission::Refused { until });
        }
        let turn = timeout(self.inner.config.answer_within(), self.inner.turns.take(&command.limits)).await;
        let _turn = turn.map_err(|_| StoreError::Busy)?;
        self.write(command).await
    }

    async fn forgive(&self, tries: &[Forgive]) -> Result<()> {
        self.write(ForgiveTries(tries.to_vec())).await
    }
}

/// How often something was tried, and whether the trail has told of the present wait.
#[derive(Clone, Copy)]
struct Row {
    tally: Tally,
    told: bool,
}

/// Turns of a process, as many as there are first bytes of keys, so that strangers seldom share one.
pub(crate) struct Turns([Mutex<()>; 256]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// Waits for the turns of these keys, in one order, so that nobody waits in a circle.
    async fn take(&self, limits: &[(ThrottleKey, Limit)]) -> Vec<MutexGuard<'_, ()>> {
        let turns = limits.iter().filter_map(|(key, _)| key.digest().as_bytes().first());
        let turns: BTreeSet<usize> = turns.map(|byte| usize::from(*byte)).collect();
        let mut taken = Vec::with_capacity(turns.len());
        for turn in turns {
            if let Some(turn) = self.0.get(turn) {
                taken.push(turn.lock().await);
            }
        }
        taken
    }
}

impl Inner {
    /// Until when this is refused, if the trail has told of it too, so that there is nothing to write.
    async fn refused_until(&self, command: &Attempt) -> Result<Option<Timestamp>> {
        let keys: Vec<Vec<u8>> = command.limits.iter().map(|(key, _)| key.digest().as_bytes().to_vec()).collect();
        let rows =
            self.rows(|| query("select key, count, last, told from tallies where key = any($1)").bind(&keys)).await?;
        let known = rows.iter().map(to_entry).collect::<Result<BTreeMap<_, _>>>()?;
        let refused = latest_refusal(command, &known);
        Ok(refused.filter(|(_, key)| known.get(key).is_some_and(|row| row.told)).map(|(until, _)| until))
    }
}

/// The latest moment until which one of the limits refuses, and which it is; of several that are as late, the first.
fn latest_refusal(command: &Attempt, known: &BTreeMap<ThrottleKey, Row>) -> Option<(Timestamp, ThrottleKey)> {
    let refused = command.limits.iter().filter_map(|(key, limit)| {
        limit.refuses_until(known.get(key).map(|row| row.tally), command.at).map(|until| (until, *key))
    });
    refused.reduce(|latest, other| if other.0 > latest.0 { other } else { latest })
}

fn to_entry(row: &PgRow) -> Result<(ThrottleKey, Row)> {
    let tally = Tally { count: get_count(row, "count")?, last: get_moment(row, "last")? };
    Ok((ThrottleKey::from_digest(get_digest(row, "key")?), Row { tally, told: get(row, "told")? }))
}

#[async_trait]
impl Command for Attempt {
    type Answer = Admission;

    async fn run(&self, work: &mut Work) -> Result<Admission, Failure> {
        let keys: Vec<ThrottleKey> = self.limits.iter().map(|(key, _)| *key).collect();
        work.hold_tallies(&keys).await?;
        let mut known = work.tallies(&keys).await?;
        if let Some((until, key)) = latest_refusal(self, &known) {
            if known.get(&key).is_some_and(|row| !row.told) {
                query("update tallies set told = true where key = $1")
                    .bind(key.digest().as_bytes().as_slice())
                    .execute(work.sql())
                    .await?;
                work.note(self.at, self.audit.as_ref()).await?;
            }
            return Ok(Admission::Refused { until });
        }
        for (key, limit) in &self.limits {
            let tally = limit.counted(known.get(key).map(|row| row.tally), self.at);
            known.insert(*key, Row { tally, told: false });
            work.put_tally(*key, tally, limit).await?;
        }
        Ok(Admission::Granted)
    }
}

struct ForgiveTries(Vec<Forgive>);

#[async_trait]
impl Command for ForgiveTries {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        work.forgive(&self.0).await
    }
}

impl Work {
    /// Nobody else counts these until the transaction ends, whether they are there or not.
    async fn hold_tallies(&mut self, keys: &[ThrottleKey]) -> Result<(), Failure> {
        // Two keys that share eight bytes hold each other up, and nothing worse.
        let mut names: Vec<i64> = keys
            .iter()
            .filter_map(|key| key.digest().as_bytes().first_chunk().map(|bytes| i64::from_be_bytes(*bytes)))
            .collect();
        // In one order, so that nobody waits in a circle.
        names.sort_unstable();
        names.dedup();
        for name in names {
            query("select pg_advisory_xact_lock($1)").bind(name).execute(self.sql()).await?;
        }
        Ok(())
    }

    async fn tallies(&mut self, keys: &[ThrottleKey]) -> Result<BTreeMap<ThrottleKey, Row>, Failure> {
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.digest().as_bytes().as_slice()).collect();
        let rows = query("select key, count, last, told from tallies where key = any($1) order by key for update")
            .bind(&keys)
            .fetch_all(self.sql())
            .await?;
        Ok(rows.iter().map(to_entry).collect::<Result<_>>()?)
    }

    async fn put_tally(&mut self, key: ThrottleKey, tally: Tally, limit: &Limit) -> Result<(), Failure> {
        let forgotten_at: Timestamp = limit.forgotten_at(tally.last);
        query(
            "insert into tallies (key, count, last, told, forgotten_at) values ($1, $2, $3, false, $4) \
             on conflict (key) do update set count = excluded.count, last = excluded.last, told = false, \
             forgotten_at = excluded.forgotten_at",
        )
        .bind(key.digest().as_bytes().as_slice())
        .bind(i64::from(tally.count))
        .bind(tally.last.as_micros())
        .bind(forgotten_at.as_micros())
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Forgets tries that turned out right.
    pub(crate) async fn forgive(&mut self, tries: &[Forgive]) -> Result<(), Failure> {
        if tries.is_empty() {
            return Ok(());
        }
        let key_of = |forgiven: &Forgive| match forgiven {
            Forgive::All(key) | Forgive::One(key) => *key,
        };
        let keys: Vec<ThrottleKey> = tries.iter().map(key_of).collect();
        self.hold_tallies(&keys).await?;
        for forgiven in tries {
            let statement = match forgiven {
                Forgive::All(_) => "delete from tallies where key = $1",
                Forgive::One(_) => "update tallies set count = count - 1 where key = $1 and count > 0",
            };
            query(statement).bind(key_of(forgiven).digest().as_bytes().as_slice()).execute(self.sql()).await?;
        }
        Ok(())
    }
}
