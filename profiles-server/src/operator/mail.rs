//! Mails in the outbox.

use profiles_core::{
    Core,
    model::OutboxId,
    store::{MailState, OutboxEntry},
};
use serde::{Deserialize, Serialize};

use super::{OperatorError, Subject};

/// Mails of an answer. With the longest addresses and problems there are, each letter escaped, they still fit a line.
const PAGE: usize = 200;

/// What can be done to one mail.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// Send it now, and count its attempts anew.
    Retry(OutboxId),
    /// Remove it unsent.
    Drop(OutboxId),
}

/// Whether there was such a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It was done.
    Done,
    /// There is no such mail.
    NoMail,
}

/// The mails after this one, by number: a page of them, which is empty when there are no more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct List {
    pub(crate) after: Option<OutboxId>,
}

/// A mail as an operator sees it: where it goes, but not what it says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: OutboxId,
    /// `waiting`, `sending` or `dead`.
    pub(crate) state: String,
    pub(crate) kind: String,
    pub(crate) account: u64,
    pub(crate) to: String,
    pub(crate) attempts: u32,
    /// Attempts of which nobody knows whether the mail arrived.
    pub(crate) unsure: u32,
    pub(crate) queued_at: String,
    /// When it is tried next; nothing for a dead letter and for one that is on its way.
    pub(crate) next_at: Option<String>,
    pub(crate) problem: Option<String>,
}

/// A dead letter.
pub(crate) const DEAD: &str = "dead";

impl From<OutboxEntry> for Row {
    fn from(entry: OutboxEntry) -> Self {
        let state = match entry.state {
            MailState::Waiting => "waiting",
            MailState::Held => "sending",
            MailState::Dead => DEAD,
        };
        Self {
            id: entry.id,
            state: state.to_owned(),
            kind: entry.mail.kind().as_str().to_owned(),
            account: entry.account.get(),
            to: entry.mail.to().as_str().to_owned(),
            attempts: entry.attempts,
            unsure: entry.unsure,
            queued_at: entry.queued_at.to_string(),
            next_at: (entry.state == MailState::Waiting).then(|| entry.due.to_string()),
            problem: entry.problem.map(|problem| problem.as_str().to_owned()),
        }
    }
}

impl From<Command> for super::Command {
    fn from(command: Command) -> Self {
        Self::Mail(command)
    }
}

impl Subject for Command {
    type Answer = Answer;

    fn change(&self) -> Option<&'static str> {
        match self {
            Self::Retry(_) => Some("mail retry"),
            Self::Drop(_) => Some("mail drop"),
        }
    }

    async fn perform(self, core: &Core) -> Result<Answer, OperatorError> {
        let found = match self {
            Self::Retry(id) => core.retry_mail(id).await?,
            Self::Drop(id) => core.drop_mail(id).await?,
        };
        Ok(if found { Answer::Done } else { Answer::NoMail })
    }
}

impl From<List> for super::Command {
    fn from(list: List) -> Self {
        Self::MailList(list)
    }
}

impl Subject for List {
    type Answer = Vec<Row>;

    fn change(&self) -> Option<&'static str> {
        None
    }

    async fn perform(self, core: &Core) -> Result<Vec<Row>, OperatorError> {
        Ok(core.mails(self.after, PAGE).await?.into_iter().map(Row::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::lines::LONGEST_LINE;

    #[test]
    fn the_longest_page_fits_a_line() {
        let row = |_| Row {
            id: OutboxId::new(u64::MAX),
            state: "waiting".to_owned(),
            kind: "confirm_new_email".to_owned(),
            account: u64::MAX,
            to: "\u{1}".repeat(254),
            attempts: u32::MAX,
            unsure: u32::MAX,
            queued_at: "2026-11-22T22:43:30.123456Z".to_owned(),
            next_at: Some("2026-11-22T22:43:30.123456Z".to_owned()),
            problem: Some("\u{10ffff}".repeat(200)),
        };
        let page: Vec<_> = (0..PAGE).map(row).collect();
        assert!(serde_json::to_string(&page).unwrap().len() < LONGEST_LINE - 1000);
    }
}
