//! The audit trail.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    maintenance::AT_ONCE,
    place::Place,
    record::AuditRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    model::{AccountId, AuditActor, AuditEntry, AuditId, AuditNote, Timestamp},
    store::{Audit, AuditFilter, Result},
};

#[async_trait]
impl Audit for SledStore {
    async fn note(&self, note: AuditNote, at: Timestamp) -> Result<()> {
        self.write(move |transaction| transaction.note(at, Some(note))).await
    }

    async fn audit(&self, filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>> {
        let filter = filter.clone();
        self.scan(move |view| list(view, &filter, after, limit)).await
    }

    async fn forget_audit(&self, before: Timestamp, limit: usize) -> Result<usize> {
        let old = self.scan(move |view| oldest(view, before, limit)).await?;
        let mut forgotten = 0;
        for ids in old.chunks(AT_ONCE) {
            let ids = ids.to_vec();
            forgotten += self.write(move |transaction| transaction.forget(ids)).await?;
        }
        Ok(forgotten)
    }
}

fn list(view: &dyn View, filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>> {
    let range = match filter.account {
        None => keys::audit_after(after),
        Some(account) => keys::audit_of_after(account, after),
    };
    let mut entries = Vec::new();
    for pair in view.scan(range) {
        if entries.len() == limit {
            break;
        }
        entries.extend(line(view, pair?)?.filter(|entry| filter.matches(entry)));
    }
    Ok(entries)
}

/// The line of this pair, which lies among the records or in the index of an account; `None` if it was forgotten since
/// the index was read.
fn line(view: &dyn View, (key, value): Pair) -> Result<Option<AuditEntry>> {
    match Place::parse(&key) {
        Some(Place::Audit(id)) => entry(id, codec::decode(&key, &value)?).map(Some),
        Some(Place::AuditOfAccount(_, id)) => {
            let record: Option<AuditRecord> = view.read(&keys::audit(id))?;
            record.map(|record| entry(id, record)).transpose()
        }
        _ => Err(corrupt(Place::describe(&key))),
    }
}

/// A line from its record.
pub(super) fn entry(id: AuditId, record: AuditRecord) -> Result<AuditEntry> {
    let unknown = || corrupt(format!("{} has a word that is not known", Place::describe(&keys::audit(id))));
    record.into_entry(id).ok_or_else(unknown)
}

/// The first lines, as long as they are from before this moment.
fn oldest(view: &dyn View, before: Timestamp, limit: usize) -> Result<Vec<AuditId>> {
    let mut ids = Vec::new();
    for pair in view.scan(keys::audit_after(None)).take(limit) {
        match line(view, pair?)? {
            Some(entry) if entry.at < before => ids.push(entry.id),
            _ => break,
        }
    }
    Ok(ids)
}

/// Whose list a line is in: of who did it, and of whom it was done to.
pub(super) fn listed_for(note: &AuditNote) -> BTreeSet<AccountId> {
    let actor = if let AuditActor::Account(actor) = note.actor { Some(actor) } else { None };
    note.account.into_iter().chain(actor).collect()
}

impl Transaction<'_> {
    /// Adds a line to the trail, if there is one.
    pub(super) fn note(&mut self, at: Timestamp, note: Option<AuditNote>) -> Result<()> {
        let Some(note) = note else { return Ok(()) };
        let id = AuditId::new(self.next(Meta::LastAudit)?);
        for account in listed_for(&note) {
            self.mark(keys::audit_of(account, id))?;
        }
        self.put(keys::audit(id), &AuditRecord::new(at, &note))
    }

    /// Removes lines with their index entries; answers how many of them still were there.
    fn forget(&mut self, ids: Vec<AuditId>) -> Result<usize> {
        let mut forgotten = 0;
        for id in ids {
            let key = keys::audit(id);
            let Some(record) = self.read(&key)? else { continue };
            for account in listed_for(&entry(id, record)?.note) {
                self.remove(keys::audit_of(account, id));
            }
            self.remove(key);
            forgotten += 1;
        }
        Ok(forgotten)
    }
}
