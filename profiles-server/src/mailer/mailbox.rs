//! Addresses in headers.

use std::{fmt, net::IpAddr, str::FromStr};

use super::header::encode_text;

/// `ada@example.org`, or `Ada Lovelace <ada@example.org>`: on one line, with an ASCII local part.
///
/// ```
/// use profiles_server::mailer::Mailbox;
///
/// assert!("Café <hello@bücher.example>".parse::<Mailbox>().is_ok());
/// assert!("hello@example.org\nBcc: all@example.org".parse::<Mailbox>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    text: String,
    header: String,
    local: String,
    domain: String,
}

impl Mailbox {
    /// Letters at most.
    const MAX_CHARS: usize = 400;

    /// Django's default sender.
    pub fn webmaster() -> Self {
        let (text, domain) = ("webmaster@localhost".to_owned(), "localhost".to_owned());
        Self { header: text.clone(), text, local: "webmaster".to_owned(), domain }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As it stands in a header: ASCII, the domain in the form of the DNS.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// The address alone, as a mail server is told it: ASCII, the domain in the form of the DNS.
    pub(super) fn address(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The part after the `@`, in the form of the DNS.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }
}

impl FromStr for Mailbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("must be an address, like profiles@example.org, not {text:?}");
        if text.chars().any(char::is_control) || text.chars().count() > Self::MAX_CHARS {
            return Err(wrong());
        }
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim()), address),
            None => (None, text),
        };
        let (local, domain) = address.rsplit_once('@').ok_or_else(wrong)?;
        if !name.is_none_or(is_name) || !is_local(local) {
            return Err(wrong());
        }
        let domain = dns_domain(domain).ok_or_else(wrong)?;
        let header = match name {
            None => format!("{local}@{domain}"),
            Some(name) => format!("{} <{local}@{domain}>", encode_text(name)),
        };
        Ok(Self { text: text.to_owned(), header, local: local.to_owned(), domain })
    }
}

/// A name that is not ASCII is encoded whole; of others, those that need quotes must have them.
fn is_name(name: &str) -> bool {
    !name.is_ascii() || is_quoted(name) || !has_special(name)
}

fn is_local(local: &str) -> bool {
    local.is_ascii() && !local.is_empty() && (is_quoted(local) || !has_special(local) && !local.contains(' '))
}

fn is_quoted(part: &str) -> bool {
    part.len() > 1 && part.starts_with('"') && part.ends_with('"')
}

fn has_special(part: &str) -> bool {
    part.bytes().any(|byte| b"<>()[],;:\\\"@".contains(&byte))
}

/// The domain as the DNS knows it; `None` if it is none.
fn dns_domain(domain: &str) -> Option<String> {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<IpAddr>().is_ok().then(|| domain.to_owned());
    }
    let ascii = if domain.is_ascii() { domain.to_owned() } else { idna::domain_to_ascii(domain).ok()? };
    (!ascii.is_empty() && !has_special(&ascii) && !ascii.contains(' ')).then_some(ascii)
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Django 5.2 makes of the same.
    #[test]
    fn names_and_domains_are_encoded_as_django_does() {
        for (text, header) in [
            ("webmaster@localhost", "webmaster@localhost"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("Café <webmaster@localhost>", "=?utf-8?b?Q2Fmw6k=?= <webmaster@localhost>"),
            ("\"Lovelace, Ada\" <ada@bücher.example>", "\"Lovelace, Ada\" <ada@xn--bcher-kva.example>"),
            ("\"a.b,c\"@example.org", "\"a.b,c\"@example.org"),
            ("a@[127.0.0.1]", "a@[127.0.0.1]"),
        ] {
            assert_eq!(text.parse::<Mailbox>().unwrap().header(), header);
        }
    }

    #[test]
    fn what_could_be_more_than_one_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(400));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b\nBcc: c@d",
            "a@b\r",
            "a, b@c",
            "a@b>, <c@d>",
            "é@b",
            "a b@c",
            "a@b c",
            "a, b <c@d>",
            "a@[x]",
            "\u{1b}[2J\"@b",
            &long,
        ] {
            assert!(bad.parse::<Mailbox>().is_err(), "{bad:?}");
        }
    }
}
