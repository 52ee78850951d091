//! Writing rows by the thousand.

use super::{SledStore, keys, record::ProfileRecord};
use crate::{
    model::{AccountId, StatusText, Timestamp},
    store::{ProfileChange, Register, Registered, Result},
};

impl SledStore {
    /// Registers accounts, each with what its profile says, in this order.
    ///
    /// # Atomicity
    /// All or nothing, and durable as any write. A thousand at a time share the price of one sync, and keep others
    /// waiting for milliseconds.
    /// # Errors
    /// Those of [`Accounts::register`](crate::store::Accounts::register), for the first that can't be registered.
    pub async fn load_accounts(&self, accounts: Vec<(Register, ProfileChange)>) -> Result<Vec<Registered>> {
        self.write(move |transaction| {
            let made = accounts.into_iter().map(|(command, change)| {
                let mut made = transaction.register(command)?;
                made.profile.bio = change.bio.unwrap_or(made.profile.bio);
                made.profile.city = change.city.unwrap_or(made.profile.city);
                transaction.put(keys::profile(made.profile.id), &ProfileRecord::of(&made.profile))?;
                transaction.index_profile(&made.profile)?;
                Ok(made)
            });
            made.collect()
        })
        .await
    }

    /// Posts statuses, in this order.
    ///
    /// # Atomicity
    /// As [`SledStore::load_accounts`].
    /// # Errors
    /// Those of [`Statuses::post_status`](crate::store::Statuses::post_status), for the first that can't be posted.
    pub async fn load_statuses(&self, statuses: Vec<(AccountId, StatusText, Timestamp)>) -> Result<()> {
        self.write(move |transaction| {
            for (account, text, at) in statuses {
                transaction.post_status(account, text, at)?;
            }
            Ok(())
        })
        .await
    }
}
