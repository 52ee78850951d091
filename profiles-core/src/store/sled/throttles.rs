//! Counting what may not be tried too often.

use async_trait::async_trait;

use super::{
    SledStore,
    engine::View,
    keys::{self, Expiring},
    record::ThrottleRecord,
    rows::Rows as _,
    transaction::Transaction,
};
use crate::{
    model::{Limit, ThrottleKey, Timestamp},
    store::{Admission, Attempt, Forgive, Result, Throttles},
};

#[async_trait]
impl Throttles for SledStore {
    /// A refusal that the trail has told of writes nothing, so it is found by reading: a flood of tries during a wait
    /// takes nobody's place in the queue, and waits for nobody's sync.
    async fn attempt(&self, command: Attempt) -> Result<Admission> {
        let limits = command.limits.clone();
        let refusal = self.read(move |view| refusal(view, &limits, command.at)).await?;
        match refusal {
            Some(Refusal { until, told: true, .. }) => Ok(Admission::Refused { until }),
            _ => self.write(move |transaction| transaction.attempt(command)).await,
        }
    }

    async fn forgive(&self, tries: &[Forgive]) -> Result<()> {
        let tries = tries.to_vec();
        self.write(move |transaction| transaction.forgive(&tries)).await
    }
}

/// The limit that refuses a try for longest.
struct Refusal {
    until: Timestamp,
    key: ThrottleKey,
    told: bool,
}

fn refusal(view: &dyn View, limits: &[(ThrottleKey, Limit)], at: Timestamp) -> Result<Option<Refusal>> {
    let mut latest: Option<Refusal> = None;
    for (key, limit) in limits {
        let record: Option<ThrottleRecord> = view.read(&keys::throttle(key))?;
        let Some(record) = record else { continue };
        let Some(until) = limit.refuses_until(Some(record.tally()), at) else { continue };
        // Of several that are as late, the first.
        if latest.as_ref().is_none_or(|latest| until > latest.until) {
            latest = Some(Refusal { until, key: *key, told: record.told });
        }
    }
    Ok(latest)
}

impl Transaction<'_> {
    fn attempt(&mut self, command: Attempt) -> Result<Admission> {
        let Attempt { limits, audit, at } = command;
        if let Some(Refusal { until, key, told }) = refusal(self, &limits, at)? {
            if !told {
                self.note_told(&key)?;
                self.note(at, audit)?;
            }
            return Ok(Admission::Refused { until });
        }
        for (key, limit) in limits {
            let before = self.tries(&key)?;
            let tally = limit.counted(before.as_ref().map(ThrottleRecord::tally), at);
            if let Some(before) = &before {
                self.remove_tries(&key, before);
            }
            let record = ThrottleRecord::new(tally, limit.forgotten_at(tally.last));
            self.mark(keys::expiry(record.forgotten_at(), Expiring::Throttle, key.digest()))?;
            self.put(keys::throttle(&key), &record)?;
        }
        Ok(Admission::Granted)
    }

    fn note_told(&mut self, key: &ThrottleKey) -> Result<()> {
        let Some(mut record) = self.tries(key)? else { return Ok(()) };
        record.told = true;
        self.put(keys::throttle(key), &record)
    }

    /// Forgets tries that turned out right.
    pub(super) fn forgive(&mut self, tries: &[Forgive]) -> Result<()> {
        for forgiven in tries {
            let (Forgive::All(key) | Forgive::One(key)) = forgiven;
            let Some(mut record) = self.tries(key)? else { continue };
            match forgiven {
                Forgive::All(_) => self.remove_tries(key, &record),
                Forgive::One(_) => {
                    record.forgive_one();
                    self.put(keys::throttle(key), &record)?;
                }
            }
        }
        Ok(())
    }

    /// What is counted under this key.
    pub(super) fn tries(&self, key: &ThrottleKey) -> Result<Option<ThrottleRecord>> {
        self.read(&keys::throttle(key))
    }

    /// Removes a count of tries with its index entry.
    pub(super) fn remove_tries(&mut self, key: &ThrottleKey, record: &ThrottleRecord) {
        self.remove(keys::throttle(key));
        self.remove(keys::expiry(record.forgotten_at(), Expiring::Throttle, key.digest()));
    }
}
