//! Lines of the log of changes.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, Change, ChangeId, ChangeKind, StatusId, Timestamp};

#[derive(Serialize, Deserialize)]
enum Kind {
    Created,
    Updated,
    Deleted,
}

/// In [`super::super::keys::Space::Change`].
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct ChangeRecord {
    at: i64,
    kind: Kind,
    status: u64,
    account: u64,
}

impl ChangeRecord {
    pub(in crate::store::sled) fn new(at: Timestamp, kind: ChangeKind, status: StatusId, account: AccountId) -> Self {
        let kind = match kind {
            ChangeKind::Created => Kind::Created,
            ChangeKind::Updated => Kind::Updated,
            ChangeKind::Deleted => Kind::Deleted,
        };
        Self { at: at.as_micros(), kind, status: status.get(), account: account.get() }
    }

    pub(in crate::store::sled) fn into_change(self, number: ChangeId) -> Change {
        Change {
            number,
            at: Timestamp::from_micros(self.at),
            kind: match self.kind {
                Kind::Created => ChangeKind::Created,
                Kind::Updated => ChangeKind::Updated,
                Kind::Deleted => ChangeKind::Deleted,
            },
            status: StatusId::new(self.status),
            account: AccountId::new(self.account),
        }
    }
}
