//! Statuses.

use super::{AccountId, ProfileId, Revision, StatusId, StatusText, Timestamp, Username};

/// A short text that somebody posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its number; statuses are numbered in the order of posting.
    pub id: StatusId,
    /// Who posted it.
    pub account: AccountId,
    /// The profile it stands under.
    pub profile: ProfileId,
    /// The account's name, now: a rename shows at once.
    pub username: Username,
    /// Counts the writes of this row.
    pub revision: Revision,
    /// What it says.
    pub text: StatusText,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was last written; moves even if the text stays the same.
    pub updated_at: Timestamp,
}
