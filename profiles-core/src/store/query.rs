//! Reads as values: which rows, and how many of them.

use crate::model::{AccountId, AuditEntry, AuditEvent, AuditOutcome, Change, Status, Timestamp};

/// Where a list starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<Id> {
    /// After so many rows: 0 is the beginning. The cost grows with the number.
    Skip(u64),
    /// After the row with this id, whether it still exists or not. The cost is the same everywhere.
    After(Id),
}

/// A part of a list, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice<Id> {
    /// Where it starts.
    pub start: Start<Id>,
    /// Rows at most.
    pub limit: usize,
}

/// Rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows, in the order of ids.
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub more: bool,
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
        if self.terms.is_empty() {
            return true;
        }
        let (username, city) = (username.to_lowercase(), city.to_lowercase());
        self.terms.iter().map(|term| term.to_lowercase()).all(|term| username.contains(&term) || city.contains(&term))
    }
}

/// Which statuses a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusFilter {
    /// Only those of the account with exactly this name, case included, as in the original.
    pub username: Option<String>,
}

impl StatusFilter {
    /// The rule, in one place.
    pub fn matches(&self, status: &Status) -> bool {
        self.username.as_deref().is_none_or(|name| name == status.username.as_str())
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
