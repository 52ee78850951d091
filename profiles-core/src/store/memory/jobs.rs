//! The outbox.

use std::{ops::Bound, time::Duration};

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{MailRow, State, next_id},
};
use crate::{
    event::EventKind,
    mail::Mail,
    model::{AccountId, OutboxId, Timestamp},
    store::{Jobs, MailOutcome, MailState, OutboxEntry, OutboxItem, Result},
};

#[async_trait]
impl Jobs for MemoryStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        let mut state = self.state()?;
        let due = state.outbox.iter_mut().filter(|(_, row)| row.state != MailState::Dead && row.due <= now);
        let mut due: Vec<_> = due.collect();
        due.sort_by_key(|(id, row)| (row.due, **id));
        let leased = due.into_iter().take(limit).map(|(id, row)| {
            row.attempts += 1;
            // Whoever held it until now has not said what came of it.
            row.unsure += u32::from(row.state == MailState::Held);
            row.state = MailState::Held;
            row.due = now.plus(hold);
            let (mail, queued_at) = (row.mail.clone(), row.queued_at);
            OutboxItem { id: *id, mail, attempt: row.attempts, unsure: row.unsure, queued_at }
        });
        Ok(leased.collect())
    }

    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()> {
        let mut state = self.state()?;
        if outcome == MailOutcome::Sent {
            state.outbox.remove(&id);
            return Ok(());
        }
        let Some(row) = state.outbox.get_mut(&id) else { return Ok(()) };
        if row.state == MailState::Held && row.attempts == attempt {
            match outcome {
                MailOutcome::Sent => {}
                MailOutcome::Later { at, why, unsure } => {
                    row.state = MailState::Waiting;
                    row.due = at;
                    row.unsure += u32::from(unsure);
                    row.problem = Some(why);
                }
                MailOutcome::Dead { why } => {
                    row.state = MailState::Dead;
                    row.problem = Some(why);
                }
            }
        }
        Ok(())
    }

    async fn next_mail(&self) -> Result<Option<Timestamp>> {
        let state = self.state()?;
        let alive = state.outbox.values().filter(|row| row.state != MailState::Dead);
        Ok(alive.map(|row| row.due).min())
    }

    async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state()?;
        let rows = state.outbox.range((start, Bound::Unbounded)).take(limit);
        Ok(rows.map(|(id, row)| row.entry(*id)).collect())
    }

    async fn mails_of(&self, account: AccountId, limit: usize) -> Result<Vec<OutboxEntry>> {
        let state = self.state()?;
        let rows = state.outbox.iter().filter(|(_, row)| row.account == account).take(limit);
        Ok(rows.map(|(id, row)| row.entry(*id)).collect())
    }

    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        let mut state = self.state()?;
        let Some(row) = state.outbox.get_mut(&id) else { return Ok(false) };
        if row.state != MailState::Held {
            row.state = MailState::Waiting;
            (row.due, row.attempts, row.unsure) = (now, 0, 0);
            let account = row.account;
            state.events.publish(now, EventKind::MailQueued { account });
        }
        Ok(true)
    }

    async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        Ok(self.state()?.outbox.remove(&id).is_some())
    }
}

impl State {
    /// Puts mails of an account into the outbox, and tells of it.
    pub(super) fn put_mails(&mut self, account: AccountId, mails: Vec<Mail>, at: Timestamp) {
        if mails.is_empty() {
            return;
        }
        for mail in mails {
            let number = OutboxId::new(next_id(&mut self.last_ids.outbox));
            let row = MailRow {
                account,
                mail,
                queued_at: at,
                attempts: 0,
                unsure: 0,
                state: MailState::Waiting,
                due: at,
                problem: None,
            };
            self.outbox.insert(number, row);
        }
        self.events.publish(at, EventKind::MailQueued { account });
    }

    /// Removes every mail of an account, for when the account goes.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the command that erases an account"))]
    pub(super) fn remove_mails_of(&mut self, account: AccountId) {
        self.outbox.retain(|_, row| row.account != account);
    }
}

impl MailRow {
    pub(super) fn entry(&self, id: OutboxId) -> OutboxEntry {
        let Self { account, mail, queued_at, attempts, unsure, state, due, problem } = self;
        OutboxEntry {
            id,
            account: *account,
            mail: mail.clone(),
            state: *state,
            attempts: *attempts,
            unsure: *unsure,
            due: *due,
            problem: problem.clone(),
            queued_at: *queued_at,
        }
    }
}

impl From<OutboxEntry> for MailRow {
    fn from(entry: OutboxEntry) -> Self {
        let OutboxEntry { id: _, account, mail, state, attempts, unsure, due, problem, queued_at } = entry;
        Self { account, mail, queued_at, attempts, unsure, state, due, problem }
    }
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
    use super::*;
    use crate::{
        store::{Accounts, Register},
        testkit::fixture,
    };

    #[tokio::test]
    async fn the_mails_of_an_account_go_and_others_stay() {
        let store = MemoryStore::new();
        for name in ["ada", "bob"] {
            let outbox = vec![fixture::mail(name, 1), fixture::mail(name, 2)];
            store.register(Register { outbox, ..fixture::register(name) }).await.unwrap();
        }
        store.state().unwrap().remove_mails_of(AccountId::new(1));
        let left = store.mails(None, 10).await.unwrap();
        assert_eq!(left.iter().map(|entry| entry.account.get()).collect::<Vec<_>>(), [2, 2]);
    }
}
