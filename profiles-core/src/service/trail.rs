//! Lines of the audit trail, as services write them.

use crate::{
    Core, Result,
    model::{AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, Stamp},
    permissions::Actor,
    store::AuditFilter,
};

impl From<Actor> for AuditActor {
    fn from(actor: Actor) -> Self {
        actor.account().map_or(Self::Anonymous, Self::Account)
    }
}

impl Core {
    /// A line about this, from where the request comes from.
    pub(crate) fn line(
        &self,
        event: AuditEvent,
        outcome: AuditOutcome,
        actor: impl Into<AuditActor>,
        account: Option<AccountId>,
    ) -> AuditNote {
        AuditNote { event, outcome, actor: actor.into(), account, object: None, origin: self.origin.clone() }
    }

    /// The same, about what was done.
    pub(crate) fn done(&self, event: AuditEvent, actor: impl Into<AuditActor>, account: AccountId) -> AuditNote {
        self.line(event, AuditOutcome::Done, actor, Some(account))
    }

    /// The stamp of a write to what belongs to `owner`; the trail tells of it if somebody else did it.
    pub(crate) fn stamp_of(&self, event: AuditEvent, actor: Actor, owner: AccountId, object: u64) -> Stamp {
        let others = actor.account() != Some(owner);
        let line = || AuditNote { object: Some(object), ..self.line(event, AuditOutcome::Done, actor, Some(owner)) };
        Stamp { at: self.clock.now(), audit: others.then(line) }
    }

    /// Notes what was refused and wrote nothing else.
    pub(crate) async fn note_refusal(
        &self,
        event: AuditEvent,
        actor: impl Into<AuditActor>,
        account: Option<AccountId>,
    ) -> Result<()> {
        let line = self.line(event, AuditOutcome::Refused, actor, account);
        Ok(self.store.note(line, self.clock.now()).await?)
    }

    /// Lines of the audit trail, oldest first: for operators.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn audit(&self, filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>> {
        Ok(self.store.audit(filter, after, limit).await?)
    }
}
