//! Requests that are done once.

use async_trait::async_trait;

use super::{
    SledStore,
    engine::View,
    keys::{self, Expiring},
    place::Place,
    record::RequestRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    model::{AccountId, Digest, KeptRequest, NewRequest, StatusId, StatusText, Timestamp},
    store::{Posted, Requests, Result},
};

#[async_trait]
impl Requests for SledStore {
    async fn request(&self, key: &Digest, now: Timestamp) -> Result<Option<KeptRequest>> {
        let key = *key;
        self.read(move |view| request(view, &key, now)).await
    }

    async fn post_status_once(
        &self,
        account: AccountId,
        text: StatusText,
        request: NewRequest,
        at: Timestamp,
    ) -> Result<Posted> {
        self.write(move |transaction| {
            if let Some(before) = self::request(transaction, &request.key, at)? {
                return Ok(Posted::Before(before));
            }
            let status = transaction.post_status(account, text, at)?;
            transaction.keep_request(account, Some(status.id), request)?;
            Ok(Posted::Now(status))
        })
        .await
    }
}

/// What came of a request that has not expired.
pub(super) fn request(view: &dyn View, key: &Digest, now: Timestamp) -> Result<Option<KeptRequest>> {
    let record: Option<RequestRecord> = view.read(&keys::request(key))?;
    Ok(record.filter(|record| record.expires_at() > now).map(RequestRecord::into_kept))
}

impl Transaction<'_> {
    /// Remembers a request whose key is not taken; of too many of its account, those go that end first.
    pub(super) fn keep_request(
        &mut self,
        account: AccountId,
        status: Option<StatusId>,
        request: NewRequest,
    ) -> Result<()> {
        // One that has expired and was not swept yet.
        self.remove_request(&request.key)?;
        self.mark(keys::request_of(account, request.expires_at, &request.key))?;
        self.mark(keys::expiry(request.expires_at, Expiring::Request, &request.key))?;
        self.put(keys::request(&request.key), &RequestRecord::new(account, status, request))?;
        let own = self.requests_of(account)?;
        for key in own.iter().take(own.len().saturating_sub(KeptRequest::MOST)) {
            self.remove_request(key)?;
        }
        Ok(())
    }

    /// The requests of an account; those first that end first.
    pub(super) fn requests_of(&self, account: AccountId) -> Result<Vec<Digest>> {
        let entries = self.scan(keys::requests_of(account));
        let keys = entries.map(|pair| match Place::parse(&pair?.0) {
            Some(Place::RequestOfAccount(_, _, key)) => Ok(key),
            _ => Err(corrupt(format!("the list of requests of account {account} has an unknown entry"))),
        });
        keys.collect()
    }

    /// Removes a request with its index entries, if it is there.
    pub(super) fn remove_request(&mut self, key: &Digest) -> Result<()> {
        let record: Option<RequestRecord> = self.read(&keys::request(key))?;
        if let Some(record) = record {
            self.remove(keys::request(key));
            self.remove(keys::request_of(record.account(), record.expires_at(), key));
            self.remove(keys::expiry(record.expires_at(), Expiring::Request, key));
        }
        Ok(())
    }
}
