//! Carrying everything from one store to another, as rows.
//!
//! A store gives all that it holds as a sequence of [`Record`]s and takes such a sequence again, whatever kind of store
//! it comes from. Ids, revisions, moments and digests stay what they are, so tokens and links go on working. What follows
//! from the rows, indexes and counts, is not carried but made anew.

mod form;
mod order;
mod record;
#[cfg(all(test, feature = "testkit"))]
mod tests;
mod word;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender};

pub(super) use self::order::{no_account, unfit};
pub use self::{
    order::Order,
    record::{
        AccountRow, ErasureRow, MailKeyRow, Numbers, ProfileRow, Record, RequestRow, StatusRow, TallyRow, TokenRow,
    },
};
use super::{Result, StoreError};

/// Records that a store sends at a time, about.
pub(super) const AT_ONCE: usize = 1024;

/// Why an export ends before its end.
pub(super) fn nobody_takes() -> StoreError {
    StoreError::unavailable("nobody takes the rows any more")
}

/// Everything, to and from another store.
#[async_trait]
pub trait Transfer: Send + Sync {
    /// Sends everything that is held, in the order of [`Order`], some hundred records at a time; the last of all is
    /// [`Record::Numbers`].
    ///
    /// # Atomicity
    /// What is sent is of one moment. A store may let writes wait until all is sent: take the records quickly.
    /// # Errors
    /// [`StoreError::Unavailable`](super::StoreError::Unavailable) if the receiver is dropped before the end.
    async fn export(&self, to: Sender<Vec<Record>>) -> Result<()>;

    /// Takes everything that another store has sent, into this one, which is empty: nothing was ever written to it.
    /// The sequence is whole if [`Record::Numbers`] is its last record; if the channel is closed before that, it is
    /// refused.
    ///
    /// # Atomicity
    /// All or nothing: if it is refused, the store is as empty as before. Nobody may use the store meanwhile, since
    /// some stores show what they have so far. If the process ends in the middle, or the call is dropped, such a store is
    /// not served any more: opening it says what to do.
    /// # Errors
    /// [`StoreError::NotEmpty`](super::StoreError::NotEmpty); [`StoreError::Unfit`](super::StoreError::Unfit) if the
    /// records are not in order, not whole, or do not fit each other.
    async fn import(&self, from: Receiver<Vec<Record>>) -> Result<()>;
}
