//! The log of changes.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{State, next_id},
};
use crate::{
    model::{AccountId, Change, ChangeId, ChangeKind, StatusId, Timestamp},
    store::{Changes, Feed, Result},
};

#[async_trait]
impl Feed for MemoryStore {
    async fn changes(&self, after: ChangeId, limit: usize) -> Result<Changes> {
        let state = self.state()?;
        let last = state.last_ids.change;
        let oldest = state.changes.first_key_value().map_or(last + 1, |(number, _)| number.get());
        if after.get() > last || after.get() + 1 < oldest {
            return Ok(Changes::Lost);
        }
        let later = state.changes.values().filter(|change| change.number > after);
        Ok(Changes::Since(later.take(limit).copied().collect()))
    }

    async fn last_change(&self) -> Result<ChangeId> {
        Ok(ChangeId::new(self.state()?.last_ids.change))
    }
}

impl State {
    /// Adds a line to the log, and forgets those that are too many.
    pub(super) fn log(&mut self, at: Timestamp, kind: ChangeKind, status: StatusId, account: AccountId) {
        let number = ChangeId::new(next_id(&mut self.last_ids.change));
        self.changes.insert(number, Change { number, at, kind, status, account });
        let kept = self.changes_kept.unwrap_or(Changes::KEPT);
        self.changes.retain(|old, _| number.get() - old.get() < kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{Accounts, Statuses},
        testkit::fixture,
    };

    #[tokio::test]
    async fn the_oldest_changes_are_forgotten() {
        let store = MemoryStore::keeping_changes(3);
        let ada = store.register(fixture::register("ada")).await.unwrap().account.id;
        for _ in 0..5 {
            store.post_status(ada, fixture::text("hello"), fixture::NOW).await.unwrap();
        }
        assert_eq!(store.changes(ChangeId::new(1), 9).await.unwrap(), Changes::Lost);
        let Changes::Since(kept) = store.changes(ChangeId::new(2), 9).await.unwrap() else { panic!("it is kept") };
        assert_eq!(kept.iter().map(|change| change.number.get()).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(store.last_change().await.unwrap(), ChangeId::new(5));
    }
}
