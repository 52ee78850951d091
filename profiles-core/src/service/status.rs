//! Statuses: read by everyone, posted by accounts, edited and deleted by their owner or staff.

use super::{write_fresh, write_unchanged};
use crate::{
    Core, Error, Kind, Result,
    model::{AuditEvent, Status, StatusId, StatusText},
    permissions::{Action, Actor, Denied, Object},
    store::{Found, Rows, Slice, StatusFilter, StatusOrder, Wanted},
};

/// The proof that somebody may write a status, and the way to do it.
#[derive(Debug)]
pub struct StatusEditor<'a> {
    core: &'a Core,
    actor: Actor,
    status: Status,
}

impl Core {
    /// Posts a status under the actor's own profile.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use profiles_core::{Core, Registration, store::{MemoryStore, StatusFilter}, permissions::Actor, model::StatusText};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let core = Core::builder(Arc::new(MemoryStore::new())).build()?;
    /// let form = Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9");
    /// let ada = Actor::from(&core.register(form).await?.registered.account);
    ///
    /// let text = StatusText::parse("Hello, this is my first status!").expect("short enough");
    /// let status = core.post_status(ada, text).await?;
    /// assert_eq!(core.status(Actor::Anonymous, status.id, &StatusFilter::default()).await?, status);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?; Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] if nobody is logged in.
    pub async fn post_status(&self, actor: Actor, text: StatusText) -> Result<Status> {
        let account = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Create, Object::Status { owner: account })?;
        let posted = self.store.post_status(account, text, self.clock.now()).await;
        posted.map_err(Error::from_store(Kind::Account))
    }

    /// A status, if the filter shows it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Missing`].
    pub async fn status(&self, actor: Actor, id: StatusId, filter: &StatusFilter) -> Result<Status> {
        self.authorise(actor, Action::Read, Object::List)?;
        let status = self.find_status(id).await?;
        if filter.matches(&status) { Ok(status) } else { Err(Error::Missing(Kind::Status)) }
    }

    async fn find_status(&self, id: StatusId) -> Result<Status> {
        let status = match self.at_hand.take(&Wanted::Status(id)) {
            Some(Found::Status(status)) => status,
            _ => self.store.status(id).await?,
        };
        status.ok_or(Error::Missing(Kind::Status))
    }

    /// A part of the list of statuses, in this order.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn statuses(
        &self,
        actor: Actor,
        filter: &StatusFilter,
        order: StatusOrder,
        slice: Slice<StatusId>,
    ) -> Result<Rows<Status>> {
        self.authorise(actor, Action::Read, Object::List)?;
        Ok(self.store.statuses(filter, order, slice).await?)
    }

    /// How many statuses the whole list has.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn count_statuses(&self, actor: Actor, filter: &StatusFilter) -> Result<u64> {
        self.authorise(actor, Action::Read, Object::List)?;
        Ok(self.store.count_statuses(filter).await?)
    }

    /// Opens a status for editing.
    ///
    /// # Errors
    /// [`Error::Missing`], also if the filter hides it; [`Error::Denied`] if the actor is neither its owner nor staff.
    pub async fn edit_status(&self, actor: Actor, id: StatusId, filter: &StatusFilter) -> Result<StatusEditor<'_>> {
        let status = self.status(actor, id, filter).await?;
        self.authorise(actor, Action::Update, Object::Status { owner: status.account })?;
        Ok(StatusEditor { core: self, actor, status })
    }

    /// Deletes a status.
    ///
    /// # Errors
    /// [`Error::Missing`], also if the filter hides it; [`Error::Denied`] if the actor is neither its owner nor staff.
    pub async fn delete_status(&self, actor: Actor, id: StatusId, filter: &StatusFilter) -> Result<()> {
        let status = self.status(actor, id, filter).await?;
        self.authorise(actor, Action::Delete, Object::Status { owner: status.account })?;
        let stamp = self.stamp_of(AuditEvent::StatusDeletion, actor, status.account, id.get());
        self.store.delete_status(id, stamp).await.map_err(Error::from_store(Kind::Status))
    }
}

impl Core {
    /// Deletes a status if it is still as somebody has seen it, which `is_expected` says, and nobody writes it meanwhile.
    ///
    /// # Errors
    /// As [`Core::delete_status`], and [`Error::Changed`].
    pub async fn delete_unchanged_status(
        &self,
        actor: Actor,
        id: StatusId,
        filter: &StatusFilter,
        is_expected: impl FnOnce(&Status) -> bool,
    ) -> Result<()> {
        let status = self.status(actor, id, filter).await?;
        self.authorise(actor, Action::Delete, Object::Status { owner: status.account })?;
        if !is_expected(&status) {
            return Err(Error::Changed);
        }
        let stamp = self.stamp_of(AuditEvent::StatusDeletion, actor, status.account, id.get());
        write_unchanged(Kind::Status, self.store.delete_unchanged_status(id, status.revision, stamp)).await
    }
}

impl StatusEditor<'_> {
    /// The status as it was when it was opened.
    pub fn current(&self) -> &Status {
        &self.status
    }

    /// Writes the status as [`StatusEditor::apply`] does, unless somebody has written it since it was opened.
    ///
    /// # Errors
    /// [`Error::Changed`]; [`Error::Missing`] if the status was deleted in between.
    pub async fn apply_unchanged(self, text: Option<StatusText>) -> Result<Status> {
        let Self { core, actor, status } = self;
        let stamp = core.stamp_of(AuditEvent::StatusEdit, actor, status.account, status.id.get());
        write_unchanged(Kind::Status, core.store.update_status(status.id, status.revision, text, stamp)).await
    }

    /// Writes the status: a new text, or `None` to move `updated_at` alone. The last write wins.
    ///
    /// # Errors
    /// [`Error::Missing`] if the status was deleted in between.
    pub async fn apply(self, text: Option<StatusText>) -> Result<Status> {
        let Self { core, actor, status } = self;
        let id = status.id;
        let read = || core.find_status(id);
        let write = |status: Status| {
            let stamp = core.stamp_of(AuditEvent::StatusEdit, actor, status.account, id.get());
            core.store.update_status(id, status.revision, text.clone(), stamp)
        };
        write_fresh(Kind::Status, status, read, write).await
    }
}
