//! Looking after the store.

use async_trait::async_trait;

use super::{
    SledStore,
    keys::{self, Expiring, Space},
    place::Place,
    record::{MailKeyRecord, TokenRecord},
    rows::{Rows as _, corrupt},
    transaction::Transaction,
    verify::inconsistencies,
};
use crate::{
    event::EventStream,
    model::{Digest, ThrottleKey, Timestamp},
    store::{Erasure, Inconsistency, Maintenance, Result, StoreError},
};

/// Rows that are removed in one command, so that others do not wait long behind it.
pub(super) const AT_ONCE: usize = 256;

#[async_trait]
impl Maintenance for SledStore {
    async fn ready(&self) -> Result<()> {
        if self.inlet.lock().is_ok_and(|inlet| inlet.is_none()) {
            return Err(StoreError::unavailable("the store is closed"));
        }
        self.shared.check()
    }

    /// Writes may go on beside it. What it then finds may be a row in motion, so it looks a second time, on the
    /// writer's thread, while writes wait.
    async fn verify(&self) -> Result<Vec<Inconsistency>> {
        let found = self.scan(|view| Ok(inconsistencies(view))).await;
        let found = match found {
            Ok(found) if !found.is_empty() => self.write(|transaction| Ok(inconsistencies(transaction))).await,
            other => other,
        };
        match found {
            // The engine itself could not go on.
            Err(StoreError::Corrupt(what)) => Ok(vec![what]),
            other => other,
        }
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize> {
        let found = self
            .scan(move |view| {
                let keys = view.scan(keys::expired(now)).take(limit);
                keys.map(|pair| pair.map(|(key, _)| key.to_vec())).collect::<Result<Vec<_>>>()
            })
            .await?;
        let mut swept = 0;
        for keys in found.chunks(AT_ONCE) {
            let keys = keys.to_vec();
            swept += self.write(move |transaction| transaction.sweep(keys)).await?;
        }
        Ok(swept + self.go_on_erasing(now, limit - swept).await?)
    }

    fn events(&self) -> EventStream {
        self.shared.events()
    }

    async fn close(&self) -> Result<()> {
        let first = self.shut();
        let mut ended = self.ended.clone();
        let outcome = match ended.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        match outcome {
            Some(Ok(())) if first => Ok(()),
            Some(Ok(())) => Err(StoreError::unavailable("the store is closed")),
            Some(Err(reason)) => Err(StoreError::unavailable(reason.to_string())),
            None => Err(StoreError::unavailable("the writer was lost")),
        }
    }
}

impl SledStore {
    /// Goes on with erasures that were begun; answers how many rows it removed, which are no more than `limit`.
    async fn go_on_erasing(&self, now: Timestamp, limit: usize) -> Result<usize> {
        let begun = self
            .scan(move |view| {
                let entries = view.scan(Space::Erasing.range()).take(limit);
                entries.map(|pair| pair.map(|(key, _)| key.to_vec())).collect::<Result<Vec<_>>>()
            })
            .await?;
        let mut removed = 0;
        for entry in begun {
            let Some(Place::Erasing(account)) = Place::parse(&entry) else {
                return Err(corrupt(Place::describe(&entry)));
            };
            while removed < limit {
                let room = AT_ONCE.min(limit - removed);
                let step = self.write(move |transaction| transaction.go_on_erasing(account, room, now));
                let (rows, erasure) = step.await?;
                removed += rows;
                if erasure == Erasure::Done {
                    break;
                }
            }
        }
        Ok(removed)
    }
}

impl Transaction<'_> {
    /// Removes what these entries of the expiry index name, and answers how many of them still were there.
    fn sweep(&mut self, entries: Vec<Vec<u8>>) -> Result<usize> {
        let mut swept = 0;
        for entry in entries {
            let Some(Place::Expiry(_, what, digest)) = Place::parse(&entry) else {
                return Err(corrupt(Place::describe(&entry)));
            };
            if self.has(&entry)? {
                self.sweep_one(what, &digest)?;
                self.remove(entry);
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn sweep_one(&mut self, what: Expiring, digest: &Digest) -> Result<()> {
        match what {
            Expiring::MailKey => {
                let key: Option<MailKeyRecord> = self.read(&keys::mail_key(digest))?;
                if let Some(key) = key {
                    self.remove_mail_key(digest, key.account(), key.expires_at());
                }
            }
            Expiring::Throttle => {
                let key = ThrottleKey::from_digest(*digest);
                if let Some(record) = self.tries(&key)? {
                    self.remove_tries(&key, &record);
                }
            }
            Expiring::Request => self.remove_request(digest)?,
            Expiring::ApiToken | Expiring::Session | Expiring::PersonalToken => {
                let token: Option<TokenRecord> = self.read(&keys::token(digest))?;
                if let Some(token) = token {
                    self.remove_token(digest, &token);
                }
            }
        }
        Ok(())
    }
}
