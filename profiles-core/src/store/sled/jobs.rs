//! The outbox.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::View as _,
    keys::{self, Meta, Space},
    place::Place,
    record::OutboxRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    mail::Mail,
    model::{AccountId, OutboxId, Timestamp},
    store::{Jobs, OutboxItem, Result},
};

#[async_trait]
impl Jobs for SledStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        self.write(move |transaction| {
            let free = transaction.free_mails(now, limit)?;
            let mut items = Vec::with_capacity(free.len());
            for (id, mut record) in free {
                record.hold(now.plus(hold));
                transaction.put(keys::outbox(id), &record)?;
                items.push(OutboxItem { id, attempt: record.attempts(), mail: record.into_mail() });
            }
            Ok(items)
        })
        .await
    }

    async fn complete(&self, id: OutboxId) -> Result<()> {
        self.write(move |transaction| {
            let key = keys::outbox(id);
            if transaction.has(&key)? {
                transaction.remove(key);
            }
            Ok(())
        })
        .await
    }
}

impl Transaction<'_> {
    /// Puts mails of an account into the outbox.
    pub(super) fn put_mails(&mut self, account: AccountId, mails: Vec<Mail>, at: Timestamp) -> Result<()> {
        for mail in mails {
            let id = OutboxId::new(self.next(Meta::LastOutbox)?);
            self.put(keys::outbox(id), &OutboxRecord::new(account, mail, at))?;
        }
        Ok(())
    }

    /// Removes every mail of an account, for when the account goes.
    pub(super) fn remove_mails_of(&mut self, account: AccountId) -> Result<()> {
        let mut own = Vec::new();
        for pair in self.scan(Space::Outbox.range()) {
            let (key, value) = pair?;
            if codec::decode::<OutboxRecord>(&key, &value)?.account() == account {
                own.push(key.to_vec());
            }
        }
        for key in own {
            self.remove(key);
        }
        Ok(())
    }

    /// The oldest that nobody holds. What is passed over on the way is held by somebody, so that is never many, however
    /// many mails wait.
    fn free_mails(&self, now: Timestamp, limit: usize) -> Result<Vec<(OutboxId, OutboxRecord)>> {
        let mut free = Vec::new();
        for pair in self.scan(Space::Outbox.range()) {
            if free.len() == limit {
                break;
            }
            let (key, value) = pair?;
            let Some(Place::Outbox(id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
            let record: OutboxRecord = codec::decode(&key, &value)?;
            if record.is_free(now) {
                free.push((id, record));
            }
        }
        Ok(free)
    }
}
