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
    /// The same as HTML, for who prefers that: lines of at most 998 bytes.
    pub html: Option<String>,
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
    /// The name has something else than letters, digits, dots and dashes.
    #[error("the name of the message has other characters than letters, digits, dots and dashes")]
    Name,
}

/// A message that is ready to be sent: a draft whose headers and lines are sound, with its moment and its name.
///
/// It shows nothing of its text in `Debug`: there may be a key in it.
#[derive(Clone)]
pub struct Message {
    draft: Draft,
    at: Timestamp,
    name: String,
}

impl Message {
    /// Bytes of a line.
    pub const LONGEST_LINE: usize = 998;

    /// Makes a message of a draft. `name` tells it from every other, and is the same whenever this mail is made again, so
    /// that a receiver can tell a second copy; nobody should be able to guess it, since it also tells the parts of the
    /// message from what is in them.
    ///
    /// # Errors
    /// [`BadMessage`] if it could be taken for something else on its way.
    pub fn new(draft: Draft, at: Timestamp, name: &str) -> Result<Self, BadMessage> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if name.is_empty() || name.len() > 50 || !name.bytes().all(plain) {
            return Err(BadMessage::Name);
        }
        if draft.subject.chars().any(char::is_control) {
            return Err(BadMessage::Subject);
        }
        let sound = |line: &str| line.len() <= Self::LONGEST_LINE && !line.contains(['\r', '\0']);
        let mut lines = draft.text.split('\n').chain(draft.html.iter().flat_map(|html| html.split('\n')));
        if !lines.all(sound) {
            return Err(BadMessage::Text);
        }
        Ok(Self { draft, at, name: name.to_owned() })
    }

    /// What it says, and to whom.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What tells it from every other message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole message, with line feeds for ends of lines and no line feed at its end: what Django 5.2 makes of it,
    /// to the byte, but that a message of parts says itself whether they need eight bits.
    pub fn to_text(&self) -> String {
        let Draft { text, html, .. } = &self.draft;
        let Some(html) = html else {
            let mut message = content("plain", text);
            self.push_headers(&mut message);
            message.push('\n');
            message.push_str(text);
            return message;
        };
        let boundary = format!("==============={}==", self.name);
        let mut message =
            format!("Content-Type: multipart/alternative;\n boundary=\"{boundary}\"\nMIME-Version: 1.0\n");
        if !text.is_ascii() || !html.is_ascii() {
            message.push_str("Content-Transfer-Encoding: 8bit\n");
        }
        self.push_headers(&mut message);
        for (kind, body) in [("plain", text), ("html", html)] {
            // Writing to a string does not fail.
            let _ = write!(message, "\n--{boundary}\n{}\n{body}", content(kind, body));
        }
        let _ = write!(message, "\n--{boundary}--\n");
        message
    }

    /// The same with the ends of lines that travel.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_text().replace('\n', "\r\n").into_bytes()
    }

    fn push_headers(&self, message: &mut String) {
        let Draft { from, to, subject, .. } = &self.draft;
        for (name, value) in [
            ("Subject", encode_text(subject).as_str()),
            ("From", from.header()),
            ("To", to.header()),
            ("Date", &date(self.at)),
            ("Message-ID", &format!("<{}@{}>", self.name, from.domain())),
        ] {
            message.push_str(&fold(name, value));
        }
    }
}

/// The headers that say how to read a text. It stays readable on its way: a program that looks for a link finds it.
fn content(kind: &str, text: &str) -> String {
    let encoding = if text.is_ascii() { "7bit" } else { "8bit" };
    format!("Content-Type: text/{kind}; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: {encoding}\n")
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
            html: None,
        }
    }

    const NOW: Timestamp = Timestamp::from_micros(1_795_387_410_000_000);

    /// What Django 5.2's `EmailMultiAlternatives` makes of the same, but for the boundary.
    #[test]
    fn a_message_of_two_parts_is_that_of_django() {
        let html = Some("<p>h</p>\n<p>".to_owned());
        let draft = Draft { subject: "[example.com] S".into(), text: "text\nhttp://x/\n".into(), html, ..draft() };
        let text = Message::new(draft.clone(), NOW, "1.ab").unwrap().to_text();
        let expected = "Content-Type: multipart/alternative;\n boundary=\"===============1.ab==\"\nMIME-Version: 1.0\n\
                        Subject: [example.com] S\nFrom: webmaster@localhost\nTo: ada@example.org\n\
                        Date: Sun, 22 Nov 2026 22:43:30 -0000\nMessage-ID: <1.ab@localhost>\n\n\
                        --===============1.ab==\nContent-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\n\
                        Content-Transfer-Encoding: 7bit\n\ntext\nhttp://x/\n\n\
                        --===============1.ab==\nContent-Type: text/html; charset=\"utf-8\"\nMIME-Version: 1.0\n\
                        Content-Transfer-Encoding: 7bit\n\n<p>h</p>\n<p>\n--===============1.ab==--\n";
        assert_eq!(text, expected);
        let eight = Draft { text: "é".into(), ..draft };
        let text = Message::new(eight, NOW, "1.ab").unwrap().to_text();
        assert_eq!(text.matches("Content-Transfer-Encoding: 8bit\n").count(), 2, "{text}");
    }

    #[test]
    fn a_name_is_a_plain_one() {
        let long = "a".repeat(51);
        for name in ["", "a b", "a@b", "a>\nBcc: b", "é", &long] {
            assert_eq!(Message::new(draft(), NOW, name).unwrap_err(), BadMessage::Name);
        }
    }

    #[test]
    fn nothing_in_a_draft_becomes_a_header() {
        for subject in ["a\nBcc: b@c", "a\r\nBcc: b@c", "a\rb", "a\0b", "a\u{85}b"] {
            let bad = Draft { subject: subject.into(), ..draft() };
            assert_eq!(Message::new(bad, NOW, "1").unwrap_err(), BadMessage::Subject);
        }
    }

    #[test]
    fn a_line_is_not_longer_than_mail_allows() {
        let with = |text: String| Message::new(Draft { text, ..draft() }, NOW, "1");
        assert!(with(format!("{}\nb", "a".repeat(998))).is_ok());
        assert_eq!(with("a".repeat(999)).unwrap_err(), BadMessage::Text);
        assert_eq!(with("a\rb".into()).unwrap_err(), BadMessage::Text);
        let html = |html: String| Message::new(Draft { html: Some(html), ..draft() }, NOW, "1");
        assert!(html("a".repeat(998)).is_ok());
        assert_eq!(html("a".repeat(999)).unwrap_err(), BadMessage::Text);
    }

    #[test]
    fn a_date_has_two_digits_for_the_day() {
        assert_eq!(date(Timestamp::from_micros(0)), "Thu, 01 Jan 1970 00:00:00 -0000");
    }
}
