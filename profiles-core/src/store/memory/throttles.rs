//! Counting what may not be tried too often.

use async_trait::async_trait;

use super::{MemoryStore, state::TallyRow};
use crate::store::{Admission, Attempt, Forgive, Result, Throttles};

#[async_trait]
impl Throttles for MemoryStore {
    async fn attempt(&self, command: Attempt) -> Result<Admission> {
        let mut state = self.state()?;
        let Attempt { limits, audit, at } = command;
        let refused = limits.iter().filter_map(|(key, limit)| {
            let tally = state.tallies.get(key).map(|row| row.tally);
            limit.refuses_until(tally, at).map(|until| (until, *key))
        });
        // Of several that are as late, the first.
        let latest = refused.reduce(|latest, other| if other.0 > latest.0 { other } else { latest });
        if let Some((until, key)) = latest {
            let row = state.tallies.get_mut(&key).filter(|row| !row.told);
            if let Some(row) = row {
                row.told = true;
                state.note(at, audit);
            }
            return Ok(Admission::Refused { until });
        }
        for (key, limit) in limits {
            let tally = limit.counted(state.tallies.get(&key).map(|row| row.tally), at);
            state.tallies.insert(key, TallyRow { tally, told: false, forgotten_at: limit.forgotten_at(tally.last) });
        }
        Ok(Admission::Granted)
    }

    async fn forgive(&self, tries: &[Forgive]) -> Result<()> {
        self.state()?.forgive(tries);
        Ok(())
    }
}
