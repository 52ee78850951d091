//! The outbox.

use std::time::Duration;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    model::{OutboxId, Timestamp},
    store::{Jobs, OutboxItem, Result},
};

#[async_trait]
impl Jobs for MemoryStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        let mut state = self.state()?;
        let free = state.outbox.iter_mut().filter(|(_, waiting)| waiting.held_until.is_none_or(|end| end <= now));
        let leased = free.take(limit).map(|(id, waiting)| {
            waiting.leases += 1;
            waiting.held_until = Some(now.plus(hold));
            OutboxItem { id: *id, mail: waiting.mail.clone(), attempt: waiting.leases }
        });
        Ok(leased.collect())
    }

    async fn complete(&self, id: OutboxId) -> Result<()> {
        self.state()?.outbox.remove(&id);
        Ok(())
    }
}
