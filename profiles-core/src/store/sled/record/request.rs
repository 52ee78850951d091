//! Requests that are done once.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, Digest, KeptRequest, NewRequest, StatusId, Timestamp};

/// In [`super::super::keys::Space::Request`].
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct RequestRecord {
    account: u64,
    fingerprint: Digest,
    status: Option<u64>,
    expires_at: i64,
}

impl RequestRecord {
    pub(in crate::store::sled) fn new(account: AccountId, status: Option<StatusId>, request: NewRequest) -> Self {
        let NewRequest { fingerprint, expires_at, .. } = request;
        let status = status.map(StatusId::get);
        Self { account: account.get(), fingerprint, status, expires_at: expires_at.as_micros() }
    }

    pub(in crate::store::sled) fn account(&self) -> AccountId {
        AccountId::new(self.account)
    }

    pub(in crate::store::sled) fn expires_at(&self) -> Timestamp {
        Timestamp::from_micros(self.expires_at)
    }

    pub(in crate::store::sled) fn into_kept(self) -> KeptRequest {
        KeptRequest {
            account: AccountId::new(self.account),
            fingerprint: self.fingerprint,
            status: self.status.map(StatusId::new),
        }
    }
}
