//! Statuses.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{State, StatusRow, check_revision, cut, next_id},
};
use crate::{
    event::EventKind,
    model::{AccountId, ChangeKind, Revision, Stamp, Status, StatusId, StatusText, Timestamp},
    store::{Result, Rows, Slice, StatusFilter, StatusOrder, Statuses, StoreError},
};

#[async_trait]
impl Statuses for MemoryStore {
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        self.state()?.post_status(account, text, at)
    }

    async fn status(&self, id: StatusId) -> Result<Option<Status>> {
        self.state()?.status(id)
    }

    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        stamp: Stamp,
    ) -> Result<Status> {
        let mut state = self.state()?;
        let row = state.statuses.get_mut(&id).ok_or(StoreError::Missing)?;
        check_revision(row.revision, expected)?;
        row.text = text.unwrap_or_else(|| row.text.clone());
        row.updated_at = stamp.at;
        row.revision = row.revision.next();
        let account = row.account;
        state.log(stamp.at, ChangeKind::Updated, id, account);
        state.note(stamp.at, stamp.audit);
        state.events.publish(stamp.at, EventKind::StatusChanged { status: id });
        state.status(id)?.ok_or(StoreError::Missing)
    }

    async fn delete_status(&self, id: StatusId, stamp: Stamp) -> Result<()> {
        self.state()?.delete_status(id, None, stamp)
    }

    async fn delete_unchanged_status(&self, id: StatusId, expected: Revision, stamp: Stamp) -> Result<()> {
        self.state()?.delete_status(id, Some(expected), stamp)
    }

    async fn statuses(
        &self,
        filter: &StatusFilter,
        order: StatusOrder,
        slice: Slice<StatusId>,
    ) -> Result<Rows<Status>> {
        let mut rows = self.state()?.statuses_that_match(filter)?;
        if order == StatusOrder::NewestFirst {
            rows.reverse();
        }
        Ok(cut(rows, order.way(), slice))
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        Ok(self.state()?.statuses_that_match(filter)?.len() as u64)
    }
}

impl State {
    pub(super) fn post_status(&mut self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        if !self.accounts.contains_key(&account) {
            return Err(StoreError::Missing);
        }
        let id = StatusId::new(next_id(&mut self.last_ids.status));
        let posted_at = self.last_ids.status_at.map_or(at, |last| last.max(at));
        self.last_ids.status_at = Some(posted_at);
        let row = StatusRow { account, revision: Revision::FIRST, text, created_at: posted_at, updated_at: posted_at };
        self.statuses.insert(id, row);
        self.log(at, ChangeKind::Created, id, account);
        self.events.publish(at, EventKind::StatusPosted { status: id, account });
        self.status(id)?.ok_or(StoreError::Missing)
    }

    fn delete_status(&mut self, id: StatusId, expected: Option<Revision>, stamp: Stamp) -> Result<()> {
        let row = self.statuses.get(&id).ok_or(StoreError::Missing)?;
        check_revision(row.revision, expected.unwrap_or(row.revision))?;
        let account = row.account;
        self.statuses.remove(&id);
        self.log(stamp.at, ChangeKind::Deleted, id, account);
        self.note(stamp.at, stamp.audit);
        self.events.publish(stamp.at, EventKind::StatusDeleted { status: id });
        Ok(())
    }

    fn status(&self, id: StatusId) -> Result<Option<Status>> {
        let Some(row) = self.statuses.get(&id) else { return Ok(None) };
        Ok(Some(Status {
            id,
            account: row.account,
            profile: self.profile_id_of(row.account)?,
            username: self.username_of(row.account)?,
            revision: row.revision,
            text: row.text.clone(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }))
    }

    /// In the order of ids, which is the map's.
    fn statuses_that_match(&self, filter: &StatusFilter) -> Result<Vec<(StatusId, Status)>> {
        let all = self.statuses.keys().filter_map(|id| self.status(*id).transpose()).collect::<Result<Vec<_>>>()?;
        let matching = all.into_iter().filter(|row| filter.matches(row));
        Ok(matching.map(|row| (row.id, row)).collect())
    }
}
