//! What is held about somebody: reading it all, and erasing it all.

use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::{Field, name},
    model::{
        Account, AuditEntry, AuditEvent, AuditId, Network, Password, Profile, Stamp, Status, StatusId, Timestamp, Token,
    },
    permissions::{Action, Actor, Denied, Object},
    store::{AuditFilter, EraseAccount, Erasure, OutboxEntry, Slice, Start, StatusFilter},
};

/// Statuses that are erased in one step: few enough that a write behind it hardly waits.
const ERASED_AT_ONCE: usize = 500;

/// Mails that are told of. More wait only where no mail can be sent for days.
const MAILS: usize = 1000;

/// Everything that is held about an account, but for what may be long: its statuses and its lines of the audit trail,
/// which are read in parts.
#[derive(Clone, Debug)]
pub struct OwnData {
    /// The account. Its password is a hash, and is not to be shown.
    pub account: Account,
    /// Its profile.
    pub profile: Profile,
    /// Its logins and personal tokens, without their secrets, which nobody has.
    pub tokens: Vec<Token>,
    /// The parts of the internet that it logged in from, each with when it last did.
    pub places: Vec<(Network, Timestamp)>,
    /// Mails to it that wait, or that could not be sent.
    pub mails: Vec<OutboxEntry>,
}

impl Core {
    /// What is held about the actor's own account; the trail notes that it was read out.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn own_data(&self, actor: Actor) -> Result<OwnData> {
        let id = self.own_keys(actor, Action::Read)?;
        let account = self.find_account(id).await?;
        let profile = self.store.profile_of(id).await?.ok_or(Error::Missing(Kind::Profile))?;
        let tokens = self.store.tokens_of(id, self.clock.now()).await?;
        let line = self.line(AuditEvent::Export, crate::model::AuditOutcome::Done, actor, Some(id));
        self.store.note(line, self.clock.now()).await?;
        let places = self.store.places_of(id).await?;
        let mails = self.store.mails_of(id, MAILS).await?;
        Ok(OwnData { account, profile, tokens, places, mails })
    }

    /// The actor's own statuses after `after`, at most `limit`, oldest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn own_statuses(&self, actor: Actor, after: Option<StatusId>, limit: usize) -> Result<Vec<Status>> {
        let id = self.own_keys(actor, Action::Read)?;
        let mut username = self.find_account(id).await?.username;
        let start = after.map_or(Start::Skip(0), Start::After);
        loop {
            let filter = StatusFilter { username: Some(username.as_str().to_owned()) };
            let rows = self.store.statuses(&filter, Slice { start, limit }).await?.rows;
            let now = self.find_account(id).await?.username;
            if now == username {
                return Ok(rows);
            }
            // Renamed meanwhile, so it may be that nobody's statuses were read.
            username = now;
        }
    }

    /// The lines of the audit trail about the actor after `after`, at most `limit`, oldest first.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn own_audit(&self, actor: Actor, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>> {
        let id = self.own_keys(actor, Action::Read)?;
        let filter = AuditFilter { account: Some(id), ..AuditFilter::default() };
        Ok(self.store.audit(&filter, after, limit).await?)
    }

    /// Erases the actor's own account with all that is its own: profile, statuses, logins, tokens, keys, and mails that
    /// wait. Its name and address are free again when this returns, as in Django. What stays is the audit trail, which
    /// knows the account by its number alone, until its lines are too old.
    ///
    /// If the process ends in between, the account can't be used any more, and the rest is erased later.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Invalid`]: the password is missing or another. [`Error::Throttled`].
    pub async fn erase_own_account(&self, actor: Actor, password: Field<Password>) -> Result<()> {
        let id = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Delete, Object::Keys { owner: id })?;
        let password = password.map_err(|errors| FieldErrors::of_field(name::PASSWORD, errors))?;
        let account = self.still_known(actor, id).await?;
        let attempt = self.demand_password(AuditEvent::Erasure, actor, &account, &password).await?;
        self.store.forgive(&attempt.forgiven()).await?;
        if self.still_known(actor, id).await?.password != account.password {
            return Err(FieldErrors::of(name::PASSWORD, FieldError::WrongPassword).into());
        }
        let stamp = Stamp { at: self.clock.now(), audit: Some(self.done(AuditEvent::Erasure, actor, id)) };
        self.erase(&account, stamp).await
    }

    /// Erases an account, step by step.
    pub(super) async fn erase(&self, account: &Account, stamp: Stamp) -> Result<()> {
        let Stamp { at, audit } = stamp;
        loop {
            let step = EraseAccount { account: account.id, limit: ERASED_AT_ONCE, audit: audit.clone(), at };
            match self.store.erase_account(step).await.map_err(Error::from_store(Kind::Account))? {
                Erasure::Done => return Ok(()),
                Erasure::Unfinished => {}
            }
        }
    }
}
