//! Who asks, and the row that they ask for, in one look-up.

use async_trait::async_trait;

use super::{Accounts, Profiles, Result, Statuses, Tokens};
use crate::model::{Account, Digest, Principal, Profile, ProfileId, Status, StatusId, Timestamp, UsernameKey};

/// The row that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The profile with this id.
    Profile(ProfileId),
    /// The profile of the account with this name, case ignored.
    ProfileNamed(UsernameKey),
    /// The status with this id.
    Status(StatusId),
    /// The account of whoever asks.
    OwnAccount,
}

/// What was [`Wanted`]; `None` if there is no such row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A profile.
    Profile(Option<Profile>),
    /// A status.
    Status(Option<Status>),
    /// An account.
    Account(Option<Account>),
}

/// Who asks and what for. A store to which each look-up is a journey has one of its own for both; for all others the
/// method that is given here does.
#[async_trait]
pub trait Recognition: Accounts + Tokens + Profiles + Statuses {
    /// Who this token speaks for, as [`Tokens::principal`] has it, and the row that is wanted, as the methods answer that
    /// look for it alone. Whether whoever asks may see it is not asked here.
    async fn principal_and(
        &self,
        digest: &Digest,
        now: Timestamp,
        wanted: &Wanted,
    ) -> Result<Option<(Principal, Found)>> {
        let Some(principal) = self.principal(digest, now).await? else { return Ok(None) };
        let found = match wanted {
            Wanted::Profile(id) => Found::Profile(self.profile(*id).await?),
            Wanted::ProfileNamed(name) => Found::Profile(match self.account_by_username(name).await? {
                Some(account) => self.profile_of(account.id).await?,
                None => None,
            }),
            Wanted::Status(id) => Found::Status(self.status(*id).await?),
            Wanted::OwnAccount => Found::Account(self.account(principal.account).await?),
        };
        Ok(Some((principal, found)))
    }
}
