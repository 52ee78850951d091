//! Lines of the audit trail.

use serde::{Deserialize, Serialize};

use super::origin::OriginRecord;
use crate::model::{AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, Timestamp};

#[derive(Serialize, Deserialize)]
enum AuditActorRecord {
    Anonymous,
    Account(u64),
    Operator,
}

/// In [`super::super::keys::Space::Audit`]. What was done and what came of it are kept as their words
/// ([`AuditEvent::as_str`], [`AuditOutcome::as_str`]), which never change.
#[derive(Serialize, Deserialize)]
pub(in crate::store::sled) struct AuditRecord {
    at: i64,
    event: String,
    outcome: String,
    actor: AuditActorRecord,
    account: Option<u64>,
    object: Option<u64>,
    origin: OriginRecord,
}

impl AuditRecord {
    pub(in crate::store::sled) fn new(at: Timestamp, note: &AuditNote) -> Self {
        Self {
            at: at.as_micros(),
            event: note.event.as_str().to_owned(),
            outcome: note.outcome.as_str().to_owned(),
            actor: match note.actor {
                AuditActor::Anonymous => AuditActorRecord::Anonymous,
                AuditActor::Account(id) => AuditActorRecord::Account(id.get()),
                AuditActor::Operator => AuditActorRecord::Operator,
            },
            account: note.account.map(AccountId::get),
            object: note.object,
            origin: OriginRecord::of(&note.origin),
        }
    }

    /// `None` if it has a word that nobody here knows.
    pub(in crate::store::sled) fn into_entry(self, id: AuditId) -> Option<AuditEntry> {
        let note = AuditNote {
            event: AuditEvent::parse(&self.event)?,
            outcome: AuditOutcome::parse(&self.outcome)?,
            actor: match self.actor {
                AuditActorRecord::Anonymous => AuditActor::Anonymous,
                AuditActorRecord::Account(id) => AuditActor::Account(AccountId::new(id)),
                AuditActorRecord::Operator => AuditActor::Operator,
            },
            account: self.account.map(AccountId::new),
            object: self.object,
            origin: self.origin.into_origin(),
        };
        Some(AuditEntry { id, at: Timestamp::from_micros(self.at), note })
    }
}
