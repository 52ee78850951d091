//! Requests that are done once.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{RequestRow, State},
};
use crate::{
    model::{AccountId, Digest, KeptRequest, NewRequest, StatusText, Timestamp},
    store::{Posted, Requests, Result},
};

#[async_trait]
impl Requests for MemoryStore {
    async fn request(&self, key: &Digest, now: Timestamp) -> Result<Option<KeptRequest>> {
        Ok(self.state()?.request(key, now))
    }

    async fn post_status_once(
        &self,
        account: AccountId,
        text: StatusText,
        request: NewRequest,
        at: Timestamp,
    ) -> Result<Posted> {
        let mut state = self.state()?;
        if let Some(before) = state.request(&request.key, at) {
            return Ok(Posted::Before(before));
        }
        let status = state.post_status(account, text, at)?;
        let kept = KeptRequest { account, fingerprint: request.fingerprint, status: Some(status.id) };
        state.keep_request(request, kept);
        Ok(Posted::Now(status))
    }
}

impl State {
    pub(super) fn request(&self, key: &Digest, now: Timestamp) -> Option<KeptRequest> {
        self.requests.get(key).filter(|row| row.expires_at > now).map(|row| row.kept)
    }

    /// Remembers a request whose key is not taken; of too many of its account, those go that end first.
    pub(super) fn keep_request(&mut self, request: NewRequest, kept: KeptRequest) {
        self.requests.insert(request.key, RequestRow { kept, expires_at: request.expires_at });
        let own = self.requests.iter().filter(|(_, row)| row.kept.account == kept.account);
        let mut own: Vec<_> = own.map(|(key, row)| (row.expires_at, *key)).collect();
        own.sort();
        for (_, key) in own.iter().take(own.len().saturating_sub(KeptRequest::MOST)) {
            self.requests.remove(key);
        }
    }
}
