//! Writing rows by the thousand, where a store can, and one after the other where it can't.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, StatusText, Timestamp},
    store::{ProfileChange, Register, Result, Store, sled::SledStore},
};

/// Takes many rows at once, in their order.
#[async_trait]
pub trait Bulk: Sync {
    /// Registers accounts, each with what its profile says; answers their numbers.
    ///
    /// # Errors
    /// What the store says of the first that can't be registered.
    async fn accounts(&self, accounts: Vec<(Register, ProfileChange)>) -> Result<Vec<AccountId>>;

    /// Posts statuses.
    ///
    /// # Errors
    /// What the store says of the first that can't be posted.
    async fn statuses(&self, statuses: Vec<(AccountId, StatusText, Timestamp)>) -> Result<()>;
}

/// A thousand or more in one step, all or nothing.
#[async_trait]
impl Bulk for SledStore {
    async fn accounts(&self, accounts: Vec<(Register, ProfileChange)>) -> Result<Vec<AccountId>> {
        let made = self.load_accounts(accounts).await?;
        Ok(made.into_iter().map(|made| made.account.id).collect())
    }

    async fn statuses(&self, statuses: Vec<(AccountId, StatusText, Timestamp)>) -> Result<()> {
        self.load_statuses(statuses).await
    }
}

/// Any store, by a command for each row.
pub struct OneByOne<'a>(pub &'a dyn Store);

#[async_trait]
impl Bulk for OneByOne<'_> {
    async fn accounts(&self, accounts: Vec<(Register, ProfileChange)>) -> Result<Vec<AccountId>> {
        let mut made = Vec::with_capacity(accounts.len());
        for (register, change) in accounts {
            let at = register.at;
            let registered = self.0.register(register).await?;
            let profile = registered.profile;
            self.0.update_profile(profile.id, profile.revision, change, at.into()).await?;
            made.push(registered.account.id);
        }
        Ok(made)
    }

    async fn statuses(&self, statuses: Vec<(AccountId, StatusText, Timestamp)>) -> Result<()> {
        for (account, text, at) in statuses {
            self.0.post_status(account, text, at).await?;
        }
        Ok(())
    }
}
