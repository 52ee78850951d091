//! Profiles.

use super::{AccountId, AvatarId, Bio, City, ProfileId, Revision, Username};

/// What an account shows of itself. Every account has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its number.
    pub id: ProfileId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's name, now: a rename shows at once.
    pub username: Username,
    /// Counts the writes of this row.
    pub revision: Revision,
    /// Their picture, if they show one.
    pub avatar: Option<AvatarId>,
    /// What they say of themselves.
    pub bio: Bio,
    /// Where they live.
    pub city: City,
}
