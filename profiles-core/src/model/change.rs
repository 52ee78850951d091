//! What happened to statuses, as it is kept for those who follow it.

use super::{AccountId, ChangeId, StatusId, Timestamp};

/// One line of the log of changes. It names the status and does not carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number: changes are numbered from 1, without gaps, in the order of committing.
    pub number: ChangeId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: ChangeKind,
    /// To which status.
    pub status: StatusId,
    /// By whom the status is. The account may be gone.
    pub account: AccountId,
}

/// What happened to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was posted.
    Created,
    /// It was written again.
    Updated,
    /// It was deleted, by itself or with its account.
    Deleted,
}
