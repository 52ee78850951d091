//! The log of changes: so many lines, numbered without gaps.

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::Pair,
    keys::{self, Meta},
    place::Place,
    record::ChangeRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    model::{AccountId, Change, ChangeId, ChangeKind, StatusId, Timestamp},
    store::{Changes, Feed, Result},
};

#[async_trait]
impl Feed for SledStore {
    /// What is applied and not yet on the disk is not told: after a loss of power its numbers would be given again, to
    /// something else.
    async fn changes(&self, after: ChangeId, limit: usize) -> Result<Changes> {
        let last = self.shared.last_change();
        let Some(newer) = last.get().checked_sub(after.get()) else { return Ok(Changes::Lost) };
        let wanted = usize::try_from(newer).unwrap_or(usize::MAX).min(limit);
        if wanted == 0 {
            // Nothing to read, unless nobody knows whether there was something.
            return if newer == 0 { Ok(Changes::Since(Vec::new())) } else { self.reaches(after).await };
        }
        self.scan(move |view| {
            let lines = view.scan(keys::changes_after(after)).take(wanted).map(|pair| line(&pair?));
            let changes = lines.collect::<Result<Vec<Change>>>()?;
            // Lines are forgotten in their order: if the first is there and none is missing, all are.
            let follows = changes.first().is_some_and(|first| first.number == after.next());
            let whole = follows && changes.len() == wanted;
            Ok(if whole { Changes::Since(changes) } else { Changes::Lost })
        })
        .await
    }

    async fn last_change(&self) -> Result<ChangeId> {
        self.read(|_| Ok(())).await?;
        Ok(self.shared.last_change())
    }
}

impl SledStore {
    /// No changes, if the log reaches back to this number.
    async fn reaches(&self, after: ChangeId) -> Result<Changes> {
        let kept = self.read(move |view| view.has(&keys::change(after.next()))).await?;
        Ok(if kept { Changes::Since(Vec::new()) } else { Changes::Lost })
    }
}

fn line((key, value): &Pair) -> Result<Change> {
    let Some(Place::Change(number)) = Place::parse(key) else { return Err(corrupt(Place::describe(key))) };
    Ok(codec::decode::<ChangeRecord>(key, value)?.into_change(number))
}

impl Transaction<'_> {
    /// Adds a line to the log, and forgets those that are too many.
    pub(super) fn log(&mut self, at: Timestamp, kind: ChangeKind, status: StatusId, account: AccountId) -> Result<()> {
        let number = self.next(Meta::LastChange)?;
        self.put(keys::change(ChangeId::new(number)), &ChangeRecord::new(at, kind, status, account))?;
        let forgotten = self.count(&Meta::ForgottenChanges.key())?;
        let surplus = (number - forgotten).saturating_sub(self.changes_kept);
        // One for one, and two for one after the number of lines was lowered.
        for old in (forgotten + 1..=forgotten + surplus).take(2) {
            self.remove(keys::change(ChangeId::new(old)));
            self.next(Meta::ForgottenChanges)?;
        }
        Ok(())
    }
}
