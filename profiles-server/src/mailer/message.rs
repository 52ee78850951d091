//! A message as it travels.

use std::fmt::Write as _;

use profiles_core::model::Timestamp;

use super::{
    Mailbox,
    header::{encode_text, fold},
};

/// What a message says, and to whom.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who writes.
    pub from: Mailbox,
    /// Who is written to.
    pub to: Mailbox,
    /// What it is about, on one line.
    pub subject: String,
    /// What it says: lines of at most 998 bytes.
    pub text: String,
}

/// A draft that can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMessage {
    /// A line break or another control character in the subject: what follows it could be a header.
    #[error("the subject has a control character")]
    Subject,
    /// A line of more than 998 bytes, or a carriage return or NUL: RFC 5322, section 2.1.1.
    #[error("the text has a line that is too long, a carriage return or a NUL")]
    Text,
}

/// A message that is ready to be sent: a draft whose headers and lines are sound, with its moment and its number.
///
/// It shows nothing of its text in `Debug`: there may be a key in it.
#[derive(Clone)]
pub struct Message {
    draft: Draft,
    at: Timestamp,
    number: u64,
}

impl Message {
    /// Bytes of a line.
    pub const LONGEST_LINE: usize = 998;

    /// Makes a message of a draft. `number` tells it from every other of the same moment.
    ///
    /// # Errors
    /// [`BadMessage`] if it could be taken for something else on its way.
    pub fn new(draft: Draft, at: Timestamp, number: u64) -> Result<Self, BadMessage> {
        if draft.subject.chars().any(char::is_control) {
            return Err(BadMessage::Subject);
        }
        let sound = |line: &str| line.len() <= Self::LONGEST_LINE && !line.contains(['\r', '\0']);
        if !draft.text.split('\n').all(sound) {
            return Err(BadMessage::Text);
        }
        Ok(Self { draft, at, number })
    }

    /// What it says, and to whom.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The whole message, with line feeds for ends of lines and no line feed at its end: what Django 5.2 makes of it,
    /// to the byte.
    pub fn to_text(&self) -> String {
        let Draft { from, to, subject, text } = &self.draft;
        let encoding = if text.is_ascii() { "7bit" } else { "8bit" };
        let mut message = String::new();
        for (name, value) in [
            ("Content-Type", "text/plain; charset=\"utf-8\""),
            ("MIME-Version", "1.0"),
            ("Content-Transfer-Encoding", encoding),
            ("Subject", &encode_text(subject)),
            ("From", from.header()),
            ("To", to.header()),
            ("Date", &date(self.at)),
            ("Message-ID", &self.id()),
        ] {
            message.push_str(&fold(name, value));
        }
        // Writing to a string does not fail.
        let _ = write!(message, "\n{text}");
        message
    }

    /// As Python's `make_msgid`: hundredths of a second, process, and a number.
    fn id(&self) -> String {
        let hundredths = self.at.as_micros() / 10_000;
        format!("<{hundredths}.{}.{}@{}>", std::process::id(), self.number, self.draft.from.domain())
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("at", &self.at).finish_non_exhaustive()
    }
}

/// RFC 5322, section 3.3; `-0000` says that the zone of the writer is not told.
fn date(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    moment.strftime("%a, %d %b %Y %H:%M:%S -0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            from: "webmaster@localhost".parse().unwrap(),
            to: "ada@example.org".parse().unwrap(),
            subject: "x".into(),
            text: "y".into(),
        }
    }

    #[test]
    fn nothing_in_a_draft_becomes_a_header() {
        for subject in ["a\nBcc: b@c", "a\r\nBcc: b@c", "a\rb", "a\0b", "a\u{85}b"] {
            let bad = Draft { subject: subject.into(), ..draft() };
            assert_eq!(Message::new(bad, Timestamp::from_micros(0), 1).unwrap_err(), BadMessage::Subject);
        }
    }

    #[test]
    fn a_line_is_not_longer_than_mail_allows() {
        let with = |text: String| Message::new(Draft { text, ..draft() }, Timestamp::from_micros(0), 1);
        assert!(with(format!("{}\nb", "a".repeat(998))).is_ok());
        assert_eq!(with("a".repeat(999)).unwrap_err(), BadMessage::Text);
        assert_eq!(with("a\rb".into()).unwrap_err(), BadMessage::Text);
    }

    #[test]
    fn a_date_has_two_digits_for_the_day() {
        assert_eq!(date(Timestamp::from_micros(0)), "Thu, 01 Jan 1970 00:00:00 -0000");
    }
}
