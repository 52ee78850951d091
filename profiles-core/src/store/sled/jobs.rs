//! The outbox.
//!
//! Every mail but a dead letter has an entry in an index by moment: when it is due, or when its lease ends. So leasing
//! reads what it leases and nothing else, however many mails wait, are held or are dead.

use std::{ops::Range, time::Duration};

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::View,
    keys::{self, Meta, Space},
    place::Place,
    record::OutboxRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    mail::Mail,
    model::{AccountId, OutboxId, Timestamp},
    store::{Jobs, MailOutcome, OutboxEntry, OutboxItem, Result},
};

#[async_trait]
impl Jobs for SledStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        self.write(move |transaction| {
            let due: Vec<_> = transaction.moments(keys::due(now)).take(limit).collect::<Result<_>>()?;
            let mut items = Vec::with_capacity(due.len());
            for (_, id) in due {
                let mut record = transaction.listed_mail(id)?;
                transaction.change_mail(id, &mut record, |record| record.hold(now.plus(hold)))?;
                items.push(record.into_item(id));
            }
            Ok(items)
        })
        .await
    }

    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()> {
        self.write(move |transaction| {
            let Some(mut record) = transaction.mail(id)? else { return Ok(()) };
            match outcome {
                MailOutcome::Sent => {
                    transaction.remove_mail(id, &record);
                    Ok(())
                }
                _ if !record.is_held_by(attempt) => Ok(()),
                MailOutcome::Later { at, why, unsure } => {
                    transaction.change_mail(id, &mut record, |record| record.put_off(at, why, unsure))
                }
                MailOutcome::Dead { why } => transaction.change_mail(id, &mut record, |record| record.bury(why)),
            }
        })
        .await
    }

    async fn next_mail(&self) -> Result<Option<Timestamp>> {
        self.read(|view| view.moments(Space::OutboxDue.range()).next().map(|first| Ok(first?.0)).transpose()).await
    }

    async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>> {
        self.scan(move |view| {
            let rows = view.scan(keys::outbox_after(after)).take(limit);
            rows.map(|row| row.and_then(|(key, value)| mail_row(&key, &value))).collect()
        })
        .await
    }

    async fn mails_of(&self, account: AccountId, limit: usize) -> Result<Vec<OutboxEntry>> {
        self.scan(move |view| {
            let ids = view.scan(keys::mails_of(account)).take(limit).map(|pair| match Place::parse(&pair?.0) {
                Some(Place::OutboxOfAccount(_, id)) => Ok(id),
                _ => Err(corrupt(format!("the list of mails of account {account}"))),
            });
            // A mail that was sent meanwhile is not among them any more.
            let entry = |id: OutboxId| Ok(view.mail(id)?.map(|record| record.into_entry(id)));
            ids.filter_map(|id| id.and_then(entry).transpose()).collect()
        })
        .await
    }

    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        self.write(move |transaction| {
            let Some(mut record) = transaction.mail(id)? else { return Ok(false) };
            if !record.is_held() {
                transaction.change_mail(id, &mut record, |record| record.revive(now))?;
                transaction.tell(now, EventKind::MailQueued { account: record.account() });
            }
            Ok(true)
        })
        .await
    }

    async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        self.write(move |transaction| {
            let record = transaction.mail(id)?;
            if let Some(record) = &record {
                transaction.remove_mail(id, record);
            }
            Ok(record.is_some())
        })
        .await
    }
}

/// A mail from its pair.
fn mail_row(key: &[u8], value: &[u8]) -> Result<OutboxEntry> {
    let Some(Place::Outbox(id)) = Place::parse(key) else { return Err(corrupt(Place::describe(key))) };
    Ok(codec::decode::<OutboxRecord>(key, value)?.into_entry(id))
}

/// Reading the outbox.
trait Outbox: View {
    fn mail(&self, id: OutboxId) -> Result<Option<OutboxRecord>> {
        self.read(&keys::outbox(id))
    }

    /// A mail that an index entry names.
    fn listed_mail(&self, id: OutboxId) -> Result<OutboxRecord> {
        self.mail(id)?.ok_or_else(|| corrupt(format!("mail {id} is listed and does not exist")))
    }

    /// The entries of the index by moment in this range, and their mails.
    fn moments(&self, range: Range<Vec<u8>>) -> impl Iterator<Item = Result<(Timestamp, OutboxId)>> {
        self.scan(range).map(|pair| {
            let (key, _) = pair?;
            match Place::parse(&key) {
                Some(Place::OutboxDue(at, id)) => Ok((at, id)),
                _ => Err(corrupt(Place::describe(&key))),
            }
        })
    }
}

impl<V: View + ?Sized> Outbox for V {}

impl Transaction<'_> {
    /// Puts mails of an account into the outbox, and tells of it.
    pub(super) fn put_mails(&mut self, account: AccountId, mails: Vec<Mail>, at: Timestamp) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        for mail in mails {
            let id = OutboxId::new(self.next(Meta::LastOutbox)?);
            self.mark(keys::outbox_of(account, id))?;
            self.put_mail(id, &OutboxRecord::new(account, mail, at))?;
        }
        self.tell(at, EventKind::MailQueued { account });
        Ok(())
    }

    /// Ends every lease: nobody of this process has one yet, and the process that had them is gone.
    pub(super) fn release_mails(&mut self) -> Result<()> {
        let mut held = Vec::new();
        for pair in self.scan(Space::OutboxDue.range()) {
            let (key, value) = pair?;
            let Some(Place::OutboxDue(_, id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
            if codec::decode(&key, &value)? {
                held.push(id);
            }
        }
        for id in held {
            let mut record = self.listed_mail(id)?;
            self.change_mail(id, &mut record, OutboxRecord::release)?;
        }
        Ok(())
    }

    /// Removes every mail of an account, for when the account goes.
    pub(super) fn remove_mails_of(&mut self, account: AccountId) -> Result<()> {
        let keys: Vec<_> =
            self.scan(keys::mails_of(account)).map(|pair| pair.map(|(key, _)| key)).collect::<Result<_>>()?;
        for key in keys {
            let Some(Place::OutboxOfAccount(_, id)) = Place::parse(&key) else {
                return Err(corrupt(Place::describe(&key)));
            };
            let record = self.listed_mail(id)?;
            self.remove_mail(id, &record);
        }
        Ok(())
    }

    /// Writes a mail that is changed, and moves its entry by moment.
    fn change_mail(
        &mut self,
        id: OutboxId,
        record: &mut OutboxRecord,
        change: impl FnOnce(&mut OutboxRecord),
    ) -> Result<()> {
        if let Some(due) = record.due() {
            self.remove(keys::outbox_due(due, id));
        }
        change(record);
        self.put_mail(id, record)
    }

    pub(super) fn put_mail(&mut self, id: OutboxId, record: &OutboxRecord) -> Result<()> {
        if let Some(due) = record.due() {
            self.put(keys::outbox_due(due, id), &record.is_held())?;
        }
        self.put(keys::outbox(id), record)
    }

    fn remove_mail(&mut self, id: OutboxId, record: &OutboxRecord) {
        self.remove(keys::outbox(id));
        self.remove(keys::outbox_of(record.account(), id));
        if let Some(due) = record.due() {
            self.remove(keys::outbox_due(due, id));
        }
    }
}
