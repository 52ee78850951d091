//! Everything, to and from another store.

use std::mem;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender};

use super::{
    MemoryStore,
    state::{LastIds, MailRow, Owned, ProfileRow, RequestRow, State, StatusRow, TallyRow, TokenRow},
};
use crate::store::{
    AccountRow, EraseAccount, Inconsistency, MailKeyRow, Numbers, Order, Record, Result, StoreError, Transfer,
    transfer::{self, no_account, unfit},
};

#[async_trait]
impl Transfer for MemoryStore {
    async fn export(&self, to: Sender<Vec<Record>>) -> Result<()> {
        let mut records = self.state()?.records();
        while !records.is_empty() {
            let rest = records.split_off(transfer::AT_ONCE.min(records.len()));
            to.send(mem::replace(&mut records, rest)).await.map_err(|_| transfer::nobody_takes())?;
        }
        Ok(())
    }

    /// What comes is kept aside until it is whole, and then found to fit or not.
    async fn import(&self, mut from: Receiver<Vec<Record>>) -> Result<()> {
        self.state()?.check_is_empty()?;
        let (mut new, mut order, mut erasures) = (State::default(), Order::default(), Vec::new());
        while let Some(records) = from.recv().await {
            for record in records {
                order.check(&record)?;
                if let Record::Erasure(row) = &record {
                    erasures.push(row.clone());
                }
                new.take(record)?;
            }
        }
        order.finish()?;
        if let Some(found) = new.inconsistencies().into_iter().next() {
            return Err(StoreError::Unfit(Inconsistency(found)));
        }
        let mut state = self.state()?;
        state.check_is_empty()?;
        new.changes_kept = state.changes_kept;
        // Whoever listens goes on listening.
        mem::swap(&mut new.events, &mut state.events);
        *state = new;
        for row in erasures {
            // This store has no half-erased accounts.
            state.erase(EraseAccount { account: row.account, limit: usize::MAX, audit: None, at: row.begun_at })?;
        }
        Ok(())
    }
}

impl State {
    fn check_is_empty(&self) -> Result<()> {
        // Whatever was ever there had a number, but for counts of tries.
        let untouched = self.numbers() == Numbers::default() && self.tallies.is_empty();
        if untouched { Ok(()) } else { Err(StoreError::NotEmpty) }
    }

    fn numbers(&self) -> Numbers {
        let LastIds { account, profile, status, status_at, outbox, token, audit, change } = self.last_ids;
        Numbers { account, profile, status, status_at, token, mail: outbox, audit, change }
    }

    /// Everything, in its order.
    fn records(&self) -> Vec<Record> {
        let places = |account| self.places.get(account).cloned().unwrap_or_default();
        let accounts = self
            .accounts
            .iter()
            .map(|(id, account)| Record::Account(AccountRow { account: account.clone(), places: places(id) }));
        let profiles = self.profiles.iter().map(|(id, row)| {
            let ProfileRow { account, revision, avatar, bio, city } = row;
            Record::Profile(transfer::ProfileRow {
                id: *id,
                account: *account,
                revision: *revision,
                avatar: *avatar,
                bio: bio.clone(),
                city: city.clone(),
            })
        });
        let statuses = self.statuses.iter().map(|(id, row)| {
            let StatusRow { account, revision, text, created_at, updated_at } = row;
            Record::Status(transfer::StatusRow {
                id: *id,
                account: *account,
                revision: *revision,
                text: text.clone(),
                created_at: *created_at,
                updated_at: *updated_at,
            })
        });
        let tokens = self.tokens.iter().map(|(digest, token)| {
            let TokenRow { id, account, row, created_at, last_used_at } = token;
            Record::Token(transfer::TokenRow {
                digest: *digest,
                id: *id,
                account: *account,
                kind: row.kind,
                lifetime: row.lifetime,
                name: row.name.clone(),
                scopes: row.scopes,
                origin: row.origin.clone(),
                created_at: *created_at,
                last_used_at: *last_used_at,
            })
        });
        let mail_keys = self.mail_keys.iter().map(|(digest, key)| {
            let Owned { account, row } = key;
            let (purpose, email, expires_at) = (row.purpose, row.email.clone(), row.expires_at);
            Record::MailKey(MailKeyRow { digest: *digest, account: *account, purpose, email, expires_at })
        });
        let requests = self.requests.iter().map(|(key, row)| {
            Record::Request(transfer::RequestRow {
                key: *key,
                account: row.kept.account,
                fingerprint: row.kept.fingerprint,
                status: row.kept.status,
                expires_at: row.expires_at,
            })
        });
        let mails = self.outbox.iter().map(|(id, row)| Record::Mail(row.entry(*id)));
        let tallies = self.tallies.iter().map(|(key, row)| {
            let TallyRow { tally, told, forgotten_at } = *row;
            let (count, last) = (tally.count, tally.last);
            Record::Tally(transfer::TallyRow { key: *key, count, last, forgotten_at, told })
        });
        let audit = self.audit.values().cloned().map(Record::Audit);
        let changes = self.changes.values().copied().map(Record::Change);
        let numbers = [Record::Numbers(self.numbers())];
        let owned = accounts.chain(profiles).chain(statuses).chain(tokens).chain(mail_keys).chain(requests);
        owned.chain(mails).chain(tallies).chain(audit).chain(changes).chain(numbers).collect()
    }

    /// Takes a record that comes in its order.
    fn take(&mut self, record: Record) -> Result<()> {
        self.check_owner(&record)?;
        match record {
            Record::Account(AccountRow { account, places }) => {
                if !places.is_empty() {
                    self.places.insert(account.id, places);
                }
                self.accounts.insert(account.id, account);
            }
            Record::Profile(transfer::ProfileRow { id, account, revision, avatar, bio, city }) => {
                self.profiles.insert(id, ProfileRow { account, revision, avatar, bio, city });
            }
            Record::Status(transfer::StatusRow { id, account, revision, text, created_at, updated_at }) => {
                self.statuses.insert(id, StatusRow { account, revision, text, created_at, updated_at });
            }
            Record::Token(token) => {
                let row = token.to_new();
                let transfer::TokenRow { digest, id, account, created_at, last_used_at, .. } = token;
                self.tokens.insert(digest, TokenRow { id, account, row, created_at, last_used_at });
            }
            Record::MailKey(key) => {
                self.mail_keys.insert(key.digest, Owned { account: key.account, row: key.to_new() });
            }
            Record::Request(request) => {
                let row = RequestRow { kept: request.to_kept(), expires_at: request.expires_at };
                self.requests.insert(request.key, row);
            }
            Record::Mail(entry) => {
                self.outbox.insert(entry.id, MailRow::from(entry));
            }
            Record::Tally(row) => {
                let (tally, told, forgotten_at) = (row.tally(), row.told, row.forgotten_at);
                self.tallies.insert(row.key, TallyRow { tally, told, forgotten_at });
            }
            Record::Audit(entry) => drop(self.audit.insert(entry.id, entry)),
            Record::Change(change) => drop(self.changes.insert(change.number, change)),
            // It is ended when all is there.
            Record::Erasure(_) => {}
            Record::Numbers(Numbers { account, profile, status, status_at, token, mail, audit, change }) => {
                self.last_ids = LastIds { account, profile, status, status_at, outbox: mail, token, audit, change };
            }
        }
        Ok(())
    }

    /// Refuses a row of an account that is not there.
    fn check_owner(&self, record: &Record) -> Result<()> {
        let owner = match record {
            Record::Profile(row) => row.account,
            Record::Status(row) => row.account,
            Record::Token(row) => row.account,
            Record::MailKey(row) => row.account,
            Record::Request(row) => row.account,
            Record::Mail(row) => row.account,
            Record::Erasure(row) => row.account,
            Record::Account(_) | Record::Tally(_) | Record::Audit(_) | Record::Change(_) | Record::Numbers(_) => {
                return Ok(());
            }
        };
        match self.accounts.get(&owner) {
            None => Err(no_account(record, owner)),
            Some(account) if account.is_active && matches!(record, Record::Erasure(_)) => {
                Err(unfit(format!("account {owner} is being erased, and is active")))
            }
            Some(_) => Ok(()),
        }
    }
}
