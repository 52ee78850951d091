//! Reads as values: which rows, and how many of them.

use std::{cmp::Reverse, collections::BTreeSet};

use crate::model::{
    AccountId, AuditEntry, AuditEvent, AuditOutcome, Change, Profile, ProfileId, Status, Timestamp, Username,
    UsernameKey,
};

/// Where a part of a list starts. A key says where a row stands in the list: its id, or more if there are several
/// orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<Key> {
    /// After so many rows: 0 is the beginning. What that costs is said where the list is.
    Skip(u64),
    /// After the row with this key, whether it still exists or not. The cost is the same everywhere.
    After(Key),
    /// Before the row with this key, whether it still exists or not: the part is the last rows that come before it, in
    /// the order of the list. The cost is the same everywhere.
    Before(Key),
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<Key> {
    /// Where it starts.
    pub start: Start<Key>,
    /// Rows at most.
    pub limit: usize,
}

/// Rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows, in the order of the list, also when they were read from its end.
    pub rows: Vec<T>,
    /// Whether there are more, in the direction of reading: behind them, or before them after [`Start::Before`].
    pub more: bool,
}

/// The order of a list of statuses. The moment at which a status was posted never decreases with the ids (see
/// [`Statuses::post_status`](super::Statuses::post_status)), so the order of ids is that of `created_at` too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StatusOrder {
    /// By id, ascending.
    #[default]
    OldestFirst,
    /// By id, descending.
    NewestFirst,
}

impl StatusOrder {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::OldestFirst, Self::NewestFirst];

    /// The opposite order.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::OldestFirst => Self::NewestFirst,
            Self::NewestFirst => Self::OldestFirst,
        }
    }

    pub(super) fn way(self) -> Way {
        match self {
            Self::OldestFirst => Way::Up,
            Self::NewestFirst => Way::Down,
        }
    }
}

/// The order of a list of profiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProfileOrder {
    /// By id, ascending.
    #[default]
    Id,
    /// By id, descending.
    IdDescending,
    /// By canonical username, ascending by code points.
    Username,
    /// By canonical username, descending.
    UsernameDescending,
}

impl ProfileOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Id, Self::IdDescending, Self::Username, Self::UsernameDescending];

    /// The opposite order.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Id => Self::IdDescending,
            Self::IdDescending => Self::Id,
            Self::Username => Self::UsernameDescending,
            Self::UsernameDescending => Self::Username,
        }
    }

    /// Whether it goes by names and not by ids.
    pub fn is_by_username(self) -> bool {
        matches!(self, Self::Username | Self::UsernameDescending)
    }

    pub(super) fn way(self) -> Way {
        match self {
            Self::Id | Self::Username => Way::Up,
            Self::IdDescending | Self::UsernameDescending => Way::Down,
        }
    }
}

/// Where a profile stands in the lists, whatever their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfilePosition {
    /// For the orders by id.
    pub id: ProfileId,
    /// For the orders by name: as it was when the position was noted.
    pub username: UsernameKey,
}

impl From<&Profile> for ProfilePosition {
    fn from(profile: &Profile) -> Self {
        Self { id: profile.id, username: profile.username.key() }
    }
}

/// Through keys in their order, or against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Ascending.
    Up,
    /// Descending.
    Down,
}

impl Way {
    fn turned(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl<Key> Start<Key> {
    /// Which way the keys are read, in a list of this order.
    pub(super) fn way(&self, order: Way) -> Way {
        match self {
            Self::Skip(_) | Self::After(_) => order,
            Self::Before(_) => order.turned(),
        }
    }
}

/// Which profiles a list shows: those that contain every term in the username or in the city, case ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// The terms; none shows all.
    pub terms: Vec<String>,
}

impl ProfileFilter {
    /// The rule, in one place for every store that looks at rows itself.
    pub fn matches(&self, username: &str, city: &str) -> bool {
        self.folded().show(&folded(username), &folded(city))
    }

    /// The terms that leave anything out, as they are compared with [`folded`] texts: each once, long ones first.
    pub fn folded_terms(&self) -> Vec<String> {
        self.folded().0
    }

    /// The same, to be compared.
    pub(crate) fn folded(&self) -> FoldedTerms {
        let terms: BTreeSet<String> = self.terms.iter().map(|term| folded(term)).collect();
        let mut terms: Vec<_> = terms.into_iter().filter(|term| !term.is_empty()).collect();
        // Long ones fit few.
        terms.sort_by_key(|term| Reverse(term.len()));
        FoldedTerms(terms)
    }
}

/// How names, cities and terms are compared: in Unicode lower case, each as a whole, because that of a letter may depend
/// on where it stands (`Σ`) and have another length (`İ`).
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// The terms of a [`ProfileFilter`] that leave anything out, folded, each once.
#[derive(Clone, Debug)]
pub(crate) struct FoldedTerms(pub(crate) Vec<String>);

impl FoldedTerms {
    /// Whether these texts, which are folded, contain every term.
    pub(crate) fn show(&self, username: &str, city: &str) -> bool {
        self.0.iter().all(|term| username.contains(term) || city.contains(term))
    }
}

/// Which statuses a list shows: those that fit everything that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusFilter {
    /// Only those of the account with exactly this name, case included, as in the original.
    pub username: Option<String>,
    /// Only those under this profile.
    pub profile: Option<ProfileId>,
    /// Only those that were posted then or later.
    pub since: Option<Timestamp>,
    /// Only those that were posted before then.
    pub until: Option<Timestamp>,
}

impl StatusFilter {
    /// Those of the account with this name.
    pub fn by(username: impl Into<String>) -> Self {
        Self { username: Some(username.into()), ..Self::default() }
    }

    /// The rule, in one place.
    pub fn matches(&self, status: &Status) -> bool {
        self.shows_those_of(status.profile, &status.username)
            && self.since.is_none_or(|since| status.created_at >= since)
            && self.until.is_none_or(|until| status.created_at < until)
    }

    /// Whether it shows any of the statuses of this profile.
    pub fn shows_those_of(&self, profile: ProfileId, username: &Username) -> bool {
        self.username.as_deref().is_none_or(|name| name == username.as_str())
            && self.profile.is_none_or(|wanted| wanted == profile)
    }

    /// Whether it leaves out statuses by when they were posted.
    pub fn is_by_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Whether it shows the statuses of one account, if of any.
    pub fn is_by_owner(&self) -> bool {
        self.username.is_some() || self.profile.is_some()
    }
}

/// A part of the log of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// All changes after a number, or the first of them.
    Since(Vec<Change>),
    /// The log no longer reaches back to that number, or has not come to it: who followed it has to begin anew.
    Lost,
}

impl Changes {
    /// Lines that a store keeps, unless it is told otherwise.
    pub const KEPT: u64 = 100_000;
}

/// Which lines of the audit trail are shown: those that fit everything that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done by this account, or to it.
    pub account: Option<AccountId>,
    /// Only this.
    pub event: Option<AuditEvent>,
    /// Only with this outcome.
    pub outcome: Option<AuditOutcome>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// The rule, in one place.
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        let note = &entry.note;
        self.account.is_none_or(|account| note.concerns(account))
            && self.event.is_none_or(|event| event == note.event)
            && self.outcome.is_none_or(|outcome| outcome == note.outcome)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }
}
