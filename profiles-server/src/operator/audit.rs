//! The audit trail.

use profiles_api::AuditLine;
use profiles_core::{
    Core, Error,
    model::{AuditActor, AuditEntry, AuditEvent, AuditId, AuditOutcome, Timestamp, UsernameKey},
    store::AuditFilter,
};
use serde::{Deserialize, Serialize};

use super::{OperatorError, Subject};

/// Lines that are looked at for an answer. With the longest agents there are, each letter escaped, they still fit a line of the protocol.
const PAGE: usize = 200;

/// The lines after this one that fit everything that is said: a page of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct List {
    /// After the line of this number.
    pub(crate) after: Option<u64>,
    /// Done by the account of this name, or to it.
    pub(crate) name: Option<String>,
    /// Only this; one of the words of [`AuditEvent`].
    pub(crate) event: Option<String>,
    /// Only with this outcome; one of the words of [`AuditOutcome`].
    pub(crate) outcome: Option<String>,
    /// From then on, in microseconds since 1970.
    pub(crate) since: Option<i64>,
    /// Before then.
    pub(crate) until: Option<i64>,
}

impl From<List> for super::Command {
    fn from(list: List) -> Self {
        Self::Audit(list)
    }
}

/// Lines of the trail, and how far it was looked through for them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) lines: Vec<AuditLine>,
    /// The last line that was looked at, to go on after; `None` if there is no more by now.
    pub(crate) looked: Option<u64>,
}

impl Subject for List {
    type Answer = Page;

    fn change(&self) -> Option<&'static str> {
        None
    }

    async fn perform(self, core: &Core) -> Result<Page, OperatorError> {
        let account = match &self.name {
            None => None,
            Some(name) => match core.account_named(&UsernameKey::of(name)).await {
                Err(Error::Missing(_)) => return Err(OperatorError::NoAccount(name.clone())),
                other => Some(other?.id),
            },
        };
        let filter = AuditFilter {
            account,
            event: word(self.event.as_deref(), AuditEvent::parse)?,
            outcome: word(self.outcome.as_deref(), AuditOutcome::parse)?,
            since: self.since.map(Timestamp::from_micros),
            until: self.until.map(Timestamp::from_micros),
        };
        // All lines of an account are found by an index. Of the whole trail so many are looked at, whether they fit or
        // not, so that whoever follows it never begins anew.
        let read = AuditFilter { account, ..AuditFilter::default() };
        let looked = core.audit(&read, self.after.map(AuditId::new), PAGE).await?;
        let lines = looked.iter().filter(|entry| filter.matches(entry)).map(audit_line).collect();
        Ok(Page { lines, looked: looked.last().map(|entry| entry.id.get()) })
    }
}

fn word<T>(word: Option<&str>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, OperatorError> {
    word.map(|word| parse(word).ok_or_else(|| OperatorError::Refused(format!("the server knows no {word:?}"))))
        .transpose()
}

/// A line as it is shown.
pub(crate) fn audit_line(entry: &AuditEntry) -> AuditLine {
    let AuditEntry { id, at, note } = entry;
    AuditLine {
        id: id.get(),
        at: at.to_string(),
        event: note.event.to_string(),
        outcome: note.outcome.to_string(),
        actor: match note.actor {
            AuditActor::Anonymous => "anonymous".to_owned(),
            AuditActor::Operator => "operator".to_owned(),
            AuditActor::Account(id) => format!("account {id}"),
        },
        account: note.account.map(profiles_core::model::AccountId::get),
        object: note.object,
        address: note.origin.address().map(|address| address.to_string()),
        agent: note.origin.agent().map(str::to_owned),
        request_id: note.origin.request_id().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use profiles_core::model::{AccountId, AuditNote, Origin};

    use super::*;
    use crate::operator::lines::LONGEST_LINE;

    #[test]
    fn the_longest_page_fits_a_line() {
        let address = "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
        let note = AuditNote {
            event: AuditEvent::PasswordResetRequest,
            outcome: AuditOutcome::Throttled,
            actor: AuditActor::Account(AccountId::new(u64::MAX)),
            account: Some(AccountId::new(u64::MAX)),
            object: Some(u64::MAX),
            origin: Origin::new(Some(address), Some(&"\u{10ffff}\"".repeat(100)), Some(&"x".repeat(64))),
        };
        let entry = AuditEntry { id: AuditId::new(u64::MAX), at: Timestamp::from_micros(1), note };
        let page: Vec<_> = std::iter::repeat_n(audit_line(&entry), PAGE).collect();
        assert!(serde_json::to_string(&page).unwrap().len() < LONGEST_LINE / 2);
    }
}
