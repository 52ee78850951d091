//! Reading records and rows from any view: the same for a reader and for a command.

use serde::de::DeserializeOwned;

use super::{
    codec,
    engine::View,
    keys,
    record::{AccountRecord, ProfileRecord, StatusRecord},
};
use crate::{
    model::{Account, AccountId, Profile, ProfileId, Status, StatusId, UsernameKey},
    store::{Inconsistency, Result, StoreError},
};

/// An error for what the store's own rules exclude.
pub(super) fn corrupt(what: String) -> StoreError {
    StoreError::Corrupt(Inconsistency(what))
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

    /// An account that something refers to.
    fn owner(&self, id: AccountId) -> Result<Account> {
        self.account(id)?.ok_or_else(|| corrupt(format!("account {id} is referred to and does not exist")))
    }

    /// The account that an index entry names.
    fn indexed_account(&self, key: &[u8]) -> Result<Option<Account>> {
        let id: Option<u64> = self.read(key)?;
        id.map(|id| self.owner(AccountId::new(id))).transpose()
    }

    /// The account with this name.
    fn account_named(&self, name: &UsernameKey) -> Result<Option<Account>> {
        self.indexed_account(&keys::username(name))
    }

    /// The profile of an account that exists.
    fn profile_id(&self, account: AccountId) -> Result<ProfileId> {
        let id: Option<u64> = self.read(&keys::profile_of(account))?;
        id.map(ProfileId::new).ok_or_else(|| corrupt(format!("account {account} does not have a profile")))
    }

    /// A profile, with the name of its account.
    fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        let record: Option<ProfileRecord> = self.read(&keys::profile(id))?;
        record.map(|record| self.profile_row(id, record)).transpose()
    }

    /// The same, from a record that was read already.
    fn profile_row(&self, id: ProfileId, record: ProfileRecord) -> Result<Profile> {
        let username = self.owner(record.account())?.username;
        Ok(record.into_profile(id, username))
    }

    /// A status, with the name of its account.
    fn status(&self, id: StatusId) -> Result<Option<Status>> {
        let record: Option<StatusRecord> = self.read(&keys::status(id))?;
        record.map(|record| self.status_row(id, record)).transpose()
    }

    /// The same, from a record that was read already.
    fn status_row(&self, id: StatusId, record: StatusRecord) -> Result<Status> {
        let username = self.owner(record.account())?.username;
        Ok(record.into_status(id, username))
    }
}

impl<V: View + ?Sized> Rows for V {}
