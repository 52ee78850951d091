//! Reads as values: which rows, and how many of them.

use std::{cmp::Reverse, collections::BTreeSet};

use crate::model::{AccountId, AuditEntry, AuditEvent, AuditOutcome, Status, Timestamp};

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
        self.folded().show(&folded(username), &folded(city))
    }

    /// The terms as they are compared.
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
pub(crate) fn folded(text: &str) -> String {
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
