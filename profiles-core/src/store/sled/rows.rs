//! Reading records and rows from any view: the same for a reader and for a command.

use std::ops::Range;

use serde::de::DeserializeOwned;

use super::{
    codec,
    engine::{Pairs, View},
    keys,
    record::{AccountRecord, ProfileRecord, StatusRecord},
};
use crate::{
    model::{Account, AccountId, Profile, ProfileId, Status, StatusId, UsernameKey},
    store::{self, Inconsistency, Result, Start, StoreError, query::Way},
};

/// An error for what the store's own rules exclude.
pub(super) fn corrupt(what: String) -> StoreError {
    StoreError::Corrupt(Inconsistency(what))
}

/// What is left of `ids` beyond this one, reading `way`.
pub(super) fn beyond(id: u64, way: Way, ids: Range<u64>) -> Range<u64> {
    match way {
        Way::Up => ids.start.max(id.saturating_add(1))..ids.end,
        Way::Down => ids.start..ids.end.min(id),
    }
}

/// Takes the rows of a part of a list from those that come when it is read from its start on.
pub(super) fn part<T, Key>(
    start: &Start<Key>,
    limit: usize,
    found: impl Iterator<Item = Result<Option<T>>>,
) -> Result<store::Rows<T>> {
    let mut rows = Vec::new();
    let mut more = false;
    for row in found {
        // Removed between the index and the row, or hidden by the filter: then it is not in the list.
        let Some(row) = row? else { continue };
        if rows.len() == limit {
            more = true;
            break;
        }
        rows.push(row);
    }
    if matches!(start, Start::Before(_)) {
        rows.reverse();
    }
    Ok(store::Rows { rows, more })
}

/// Reading values instead of bytes.
pub(super) trait Rows: View {
    /// The value at this key.
    ///
    /// # Errors
    /// `Corrupt` if it can't be decoded.
    fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>> {
        self.get(key)?.map(|value| codec::decode(key, &value)).transpose()
    }

    /// The pairs in this range, in the order that the way says; none if it ends where it begins or before.
    fn walk(&self, range: Range<Vec<u8>>, way: Way) -> Pairs<'_> {
        match way {
            _ if range.is_empty() => Box::new(std::iter::empty()),
            Way::Up => self.scan(range),
            Way::Down => self.scan_back(range),
        }
    }

    /// A counter; 0 before it was first moved.
    fn count(&self, key: &[u8]) -> Result<u64> {
        Ok(self.read(key)?.unwrap_or_default())
    }

    /// Whether there is anything at this key.
    fn has(&self, key: &[u8]) -> Result<bool> {
        Ok(self.get(key)?.is_some())
    }

    /// An account.
    fn account(&self, id: AccountId) -> Result<Option<Account>> {
        let record: Option<AccountRecord> = self.read(&keys::account(id))?;
        Ok(record.map(|record| record.into_account(id)))
    }

    /// The account that what lies at `from` belongs to; `None` if both have gone since that was read. A reader may meet
    /// that, because it is not alone; a command does not.
    fn owner(&self, from: &[u8], id: AccountId) -> Result<Option<Account>> {
        match self.account(id)? {
            Some(account) => Ok(Some(account)),
            None if self.has(from)? => Err(corrupt(format!("account {id} is referred to and does not exist"))),
            None => Ok(None),
        }
    }

    /// The account that an index entry names.
    fn indexed_account(&self, key: &[u8]) -> Result<Option<Account>> {
        let mut id: Option<u64> = self.read(key)?;
        while let Some(named) = id {
            if let Some(account) = self.account(AccountId::new(named))? {
                return Ok(Some(account));
            }
            let now: Option<u64> = self.read(key)?;
            if now == id {
                return Err(corrupt(format!("account {named} is referred to and does not exist")));
            }
            // It has gone since, and what was its own may be another's by now.
            id = now;
        }
        Ok(None)
    }

    /// The account with this name.
    fn account_named(&self, name: &UsernameKey) -> Result<Option<Account>> {
        self.indexed_account(&keys::username(name))
    }

    /// The profile of an account; `None` if there is no such account.
    fn profile_id(&self, account: AccountId) -> Result<Option<ProfileId>> {
        match self.read(&keys::profile_of(account))? {
            Some(id) => Ok(Some(ProfileId::new(id))),
            None if self.has(&keys::account(account))? => {
                Err(corrupt(format!("account {account} does not have a profile")))
            }
            None => Ok(None),
        }
    }

    /// A profile, with the name of its account.
    fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        let Some(record) = self.read(&keys::profile(id))? else { return Ok(None) };
        self.profile_row(id, record)
    }

    /// The same, from a record that was read already.
    fn profile_row(&self, id: ProfileId, record: ProfileRecord) -> Result<Option<Profile>> {
        let owner = self.owner(&keys::profile(id), record.account())?;
        Ok(owner.map(|owner| record.into_profile(id, owner.username)))
    }

    /// A status, with the name of its account.
    fn status(&self, id: StatusId) -> Result<Option<Status>> {
        let Some(record) = self.read(&keys::status(id))? else { return Ok(None) };
        self.status_row(id, record)
    }

    /// The same, from a record that was read already.
    fn status_row(&self, id: StatusId, record: StatusRecord) -> Result<Option<Status>> {
        let owner = self.owner(&keys::status(id), record.account())?;
        Ok(owner.map(|owner| record.into_status(id, owner.username)))
    }
}

impl<V: View + ?Sized> Rows for V {}
