//! Statuses.

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    place::Place,
    record::StatusRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{AccountId, ChangeKind, Revision, Stamp, Status, StatusId, StatusText, Timestamp, UsernameKey},
    store::{Result, Rows, Slice, Start, StatusFilter, Statuses, StoreError},
};

#[async_trait]
impl Statuses for SledStore {
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        self.write(move |transaction| transaction.post_status(account, text, at)).await
    }

    async fn status(&self, id: StatusId) -> Result<Option<Status>> {
        self.read(move |view| view.status(id)).await
    }

    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        stamp: Stamp,
    ) -> Result<Status> {
        self.write(move |transaction| {
            let mut status = transaction.status(id)?.ok_or(StoreError::Missing)?;
            if status.revision != expected {
                return Err(StoreError::Stale);
            }
            status.text = text.unwrap_or(status.text);
            status.updated_at = stamp.at;
            status.revision = status.revision.next();
            transaction.put(keys::status(id), &StatusRecord::of(&status))?;
            transaction.log(stamp.at, ChangeKind::Updated, id, status.account)?;
            transaction.note(stamp.at, stamp.audit)?;
            transaction.tell(stamp.at, EventKind::StatusChanged { status: id });
            Ok(status)
        })
        .await
    }

    async fn delete_status(&self, id: StatusId, stamp: Stamp) -> Result<()> {
        self.write(move |transaction| transaction.delete_status(id, None, stamp)).await
    }

    async fn delete_unchanged_status(&self, id: StatusId, expected: Revision, stamp: Stamp) -> Result<()> {
        self.write(move |transaction| transaction.delete_status(id, Some(expected), stamp)).await
    }

    async fn statuses(&self, filter: &StatusFilter, slice: Slice<StatusId>) -> Result<Rows<Status>> {
        let filter = filter.clone();
        self.scan(move |view| list(view, &filter, slice)).await
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        let filter = filter.clone();
        self.read(move |view| match filter.username {
            None => view.count(&Meta::Statuses.key()),
            Some(name) => match account_exactly_named(view, &name)? {
                Some(account) => view.count(&keys::status_count(account)),
                None => Ok(0),
            },
        })
        .await
    }
}

impl Transaction<'_> {
    pub(super) fn post_status(&mut self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        let owner = self.living(account)?;
        let status = Status {
            id: StatusId::new(self.next(Meta::LastStatus)?),
            account,
            profile: self.profile_id(account)?.ok_or(StoreError::Missing)?,
            username: owner.username,
            revision: Revision::FIRST,
            text,
            created_at: at,
            updated_at: at,
        };
        self.put(keys::status(status.id), &StatusRecord::of(&status))?;
        self.mark(keys::status_of(account, status.id))?;
        self.add(keys::status_count(account), 1)?;
        self.add(Meta::Statuses.key(), 1)?;
        self.log(at, ChangeKind::Created, status.id, account)?;
        self.tell(at, EventKind::StatusPosted { status: status.id, account });
        Ok(status)
    }

    fn delete_status(&mut self, id: StatusId, expected: Option<Revision>, stamp: Stamp) -> Result<()> {
        let status = self.status(id)?.ok_or(StoreError::Missing)?;
        if expected.is_some_and(|expected| expected != status.revision) {
            return Err(StoreError::Stale);
        }
        self.remove_status(status.account, id, stamp.at)?;
        self.note(stamp.at, stamp.audit)?;
        self.tell(stamp.at, EventKind::StatusDeleted { status: id });
        Ok(())
    }

    /// Removes a status with its index entry, counts it no longer, and leaves a line in the log of changes.
    pub(super) fn remove_status(&mut self, account: AccountId, id: StatusId, at: Timestamp) -> Result<()> {
        self.log(at, ChangeKind::Deleted, id, account)?;
        self.remove(keys::status(id));
        self.remove(keys::status_of(account, id));
        self.add(keys::status_count(account), -1)?;
        self.add(Meta::Statuses.key(), -1).map(drop)
    }
}

/// The account with this name, case included.
fn account_exactly_named(view: &dyn View, name: &str) -> Result<Option<AccountId>> {
    let account = view.account_named(&UsernameKey::of(name))?;
    Ok(account.filter(|account| account.username.as_str() == name).map(|account| account.id))
}

fn list(view: &dyn View, filter: &StatusFilter, slice: Slice<StatusId>) -> Result<Rows<Status>> {
    let (skip, after) = match slice.start {
        Start::Skip(count) => (count, None),
        Start::After(id) => (0, Some(id)),
    };
    let range = match &filter.username {
        None => keys::statuses_after(after),
        Some(name) => match account_exactly_named(view, name)? {
            Some(account) => keys::statuses_of(account, after),
            None => return Ok(Rows { rows: Vec::new(), more: false }),
        },
    };
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    for pair in view.scan(range).skip(skip) {
        // Removed between the index and the row: then it is not in the list.
        let Some(status) = row(view, pair?)? else { continue };
        if rows.len() == slice.limit {
            return Ok(Rows { rows, more: true });
        }
        rows.push(status);
    }
    Ok(Rows { rows, more: false })
}

/// The row of this pair, which lies among the records or in the index of an account.
fn row(view: &dyn View, (key, value): Pair) -> Result<Option<Status>> {
    match Place::parse(&key) {
        Some(Place::Status(id)) => {
            let record: StatusRecord = codec::decode(&key, &value)?;
            view.status_row(id, record)
        }
        Some(Place::StatusOfAccount(_, id)) => view.status(id),
        _ => Err(corrupt(Place::describe(&key))),
    }
}
