//! Statuses.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    moments::Moments,
    place::Place,
    rank::Ranked,
    record::{ProfileRecord, StatusRecord},
    rows::{Rows as _, beyond, corrupt, part},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{AccountId, ChangeKind, Revision, Stamp, Status, StatusId, StatusText, Timestamp, UsernameKey},
    store::{Result, Rows, Slice, Start, StatusFilter, StatusOrder, Statuses, StoreError, query::Way},
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

    async fn statuses(
        &self,
        filter: &StatusFilter,
        order: StatusOrder,
        slice: Slice<StatusId>,
    ) -> Result<Rows<Status>> {
        let (filter, moments) = (filter.clone(), Arc::clone(&self.moments));
        self.scan(move |view| list(view, &moments, &filter, order, slice)).await
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        let by_time = filter.is_by_time();
        let (filter, moments) = (filter.clone(), Arc::clone(&self.moments));
        let count = move |view: &dyn View| count(view, &moments, &filter);
        if by_time { self.scan(count).await } else { self.read(count).await }
    }
}

impl Transaction<'_> {
    /// Posts a status under the account's profile.
    pub(super) fn post_status(&mut self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        let owner = self.living(account)?;
        let profile = self.profile_id(account)?.ok_or(StoreError::Missing)?;
        let last = keys::moment_of(self.count(&Meta::LastStatusAt.key())?);
        let posted_at = at.max(last);
        let status = Status {
            id: StatusId::new(self.next(Meta::LastStatus)?),
            account,
            profile,
            username: owner.username,
            revision: Revision::FIRST,
            text,
            created_at: posted_at,
            updated_at: posted_at,
        };
        self.put(Meta::LastStatusAt.key(), &keys::moment_number(posted_at))?;
        self.put(keys::status(status.id), &StatusRecord::of(&status))?;
        self.mark(keys::status_of(account, status.id))?;
        self.add(keys::status_count(account), 1)?;
        self.add(Meta::Statuses.key(), 1)?;
        self.rank(Ranked::Statuses, status.id.get(), 1)?;
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
        self.rank(Ranked::Statuses, id.get(), -1)?;
        self.add(keys::status_count(account), -1)?;
        self.add(Meta::Statuses.key(), -1).map(drop)
    }
}

/// The account with this name, case included.
fn account_exactly_named(view: &dyn View, name: &str) -> Result<Option<AccountId>> {
    let account = view.account_named(&UsernameKey::of(name))?;
    Ok(account.filter(|account| account.username.as_str() == name).map(|account| account.id))
}

/// Whose statuses a filter shows.
enum Whose {
    Everybody,
    One(AccountId),
    Nobody,
}

fn whose(view: &dyn View, filter: &StatusFilter) -> Result<Whose> {
    let mut found = Whose::Everybody;
    if let Some(name) = &filter.username {
        found = account_exactly_named(view, name)?.map_or(Whose::Nobody, Whose::One);
    }
    if let Some(profile) = filter.profile {
        let record: Option<ProfileRecord> = view.read(&keys::profile(profile))?;
        found = match (found, record.map(|record| record.account())) {
            (Whose::Everybody, Some(owner)) => Whose::One(owner),
            (Whose::One(named), Some(owner)) if named == owner => Whose::One(owner),
            _ => Whose::Nobody,
        };
    }
    Ok(found)
}

/// The ids of the statuses that were posted within the times of the filter. Moments do not decrease with the ids, so
/// these are a range.
fn ids(view: &dyn View, moments: &Moments, filter: &StatusFilter) -> Result<Range<u64>> {
    let from = filter.since.map_or(Ok(0), |since| first_since(view, moments, since))?;
    let to = filter.until.map_or(Ok(u64::MAX), |until| first_since(view, moments, until))?;
    Ok(from..to)
}

/// An id such that the statuses from it on were posted at this moment or later, and those before it earlier.
fn first_since(view: &dyn View, moments: &Moments, at: Timestamp) -> Result<u64> {
    let end = view.count(&Meta::LastStatus.key())?.saturating_add(1);
    let Range { start: mut low, end: mut high } = moments.around(at, end);
    while low < high {
        let middle = low.midpoint(high);
        // Ids that are gone belong to the first that is there behind them.
        match view.walk(keys::statuses(middle..high), Way::Up).next().transpose()? {
            None => high = middle,
            Some((key, value)) => {
                let record: StatusRecord = codec::decode(&key, &value)?;
                let Some(Place::Status(id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
                moments.learn(record.created_at(), id);
                if record.created_at() < at {
                    low = id.get().saturating_add(1);
                } else {
                    high = middle;
                }
            }
        }
    }
    // Those that are posted while this is read come behind all that are there.
    Ok(if low == end { u64::MAX } else { low })
}

fn count(view: &dyn View, moments: &Moments, filter: &StatusFilter) -> Result<u64> {
    match whose(view, filter)? {
        Whose::Nobody => Ok(0),
        Whose::Everybody if filter.is_by_time() => Ranked::Statuses.count(view, ids(view, moments, filter)?),
        Whose::Everybody => view.count(&Meta::Statuses.key()),
        Whose::One(account) if filter.is_by_time() => {
            let mut count = 0;
            for pair in view.walk(keys::statuses_of(account, ids(view, moments, filter)?), Way::Up) {
                pair?;
                count += 1;
            }
            Ok(count)
        }
        Whose::One(account) => view.count(&keys::status_count(account)),
    }
}

fn list(
    view: &dyn View,
    moments: &Moments,
    filter: &StatusFilter,
    order: StatusOrder,
    slice: Slice<StatusId>,
) -> Result<Rows<Status>> {
    let whose = whose(view, filter)?;
    let mut ids = ids(view, moments, filter)?;
    let way = slice.start.way(order.way());
    let mut skip = 0;
    match (slice.start, &whose) {
        (Start::Skip(count), Whose::Everybody) => ids = Ranked::Statuses.skip(view, ids, way, count)?,
        (Start::Skip(count), _) => skip = usize::try_from(count).unwrap_or(usize::MAX),
        (Start::After(id) | Start::Before(id), _) => ids = beyond(id.get(), way, ids),
    }
    let range = match whose {
        Whose::Everybody => keys::statuses(ids),
        Whose::One(account) => keys::statuses_of(account, ids),
        Whose::Nobody => return Ok(Rows { rows: Vec::new(), more: false }),
    };
    part(&slice.start, slice.limit, view.walk(range, way).skip(skip).map(|pair| row(view, pair?)))
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
