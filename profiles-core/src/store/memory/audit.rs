//! The audit trail.

use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    model::{AuditEntry, AuditId, AuditNote, Timestamp},
    store::{Audit, AuditFilter, Result},
};

#[async_trait]
impl Audit for MemoryStore {
    async fn note(&self, note: AuditNote, at: Timestamp) -> Result<()> {
        self.state()?.note(at, Some(note));
        Ok(())
    }

    async fn audit(&self, filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state()?;
        let entries = state.audit.range((start, Bound::Unbounded)).map(|(_, entry)| entry);
        Ok(entries.filter(|entry| filter.matches(entry)).take(limit).cloned().collect())
    }

    async fn forget_audit(&self, before: Timestamp, limit: usize) -> Result<usize> {
        let mut state = self.state()?;
        let old = state.audit.values().take_while(|entry| entry.at < before).take(limit);
        let old: Vec<AuditId> = old.map(|entry| entry.id).collect();
        state.audit.retain(|id, _| !old.contains(id));
        Ok(old.len())
    }
}
