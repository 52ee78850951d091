//! E-mail addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;

/// An address as Django's `EmailValidator` accepts it, in lower case.
///
/// At most 320 code points are accepted (RFC 3696 section 3) and 254 are kept, as django-allauth does. The local
/// part is a dot-atom or a quoted string, the domain a host name of two labels or more (non-ASCII letters as they
/// are), `localhost`, or an address literal.
///
/// ```
/// use profiles_core::model::Email;
///
/// assert_eq!(Email::parse("Ada+News@Example.ORG")?.as_str(), "ada+news@example.org");
/// assert!(Email::parse("ada@example").is_err());
/// # Ok::<(), Vec<profiles_core::FieldError>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Email(String);

impl Email {
    /// Code points that are kept.
    pub const MAX_CHARS: usize = 254;
    const MAX_ACCEPTED: usize = 320;

    /// Parses an address that the edge has already trimmed.
    ///
    /// # Errors
    /// Blank, a NUL, or not an address.
    pub fn parse(text: &str) -> Result<Self, Vec<FieldError>> {
        if text.is_empty() {
            return Err(vec![FieldError::Blank]);
        }
        let mut errors = Vec::new();
        if text.contains('\0') {
            errors.push(FieldError::NullCharacter);
        }
        if text.chars().count() > Self::MAX_ACCEPTED || !is_address(text) {
            errors.push(FieldError::InvalidEmail);
        }
        if errors.is_empty() {
            Ok(Self(text.to_lowercase().chars().take(Self::MAX_CHARS).collect()))
        } else {
            Err(errors)
        }
    }

    /// The address, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && (domain == "localhost" || is_domain(domain)))
}

fn is_local(local: &str) -> bool {
    is_dot_atom(local) || local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).is_some_and(is_quoted)
}

fn is_dot_atom(local: &str) -> bool {
    local.split('.').all(|atom| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"-!#$%&'*+/=?^_`{}|~".contains(&b))
    })
}

/// The inside of a quoted string: any ASCII but a bare quote, backslash, tab-to-CR white space of its own, or space.
fn is_quoted(inside: &str) -> bool {
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        let ok = match byte {
            b'\\' => bytes.next().is_some_and(|next| matches!(next, 1..=9 | 11 | 12 | 14..=127)),
            1..=8 | 11 | 12 | 14..=31 | b'!' | b'#'..=b'[' | b']'..=127 => true,
            _ => false,
        };
        if !ok {
            return false;
        }
    }
    true
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return IpAddr::from_str(literal).is_ok();
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let Some((top, hosts)) = labels.split_last() else { return false };
    !hosts.is_empty() && hosts.iter().all(|label| is_label(label, 1, true)) && is_top_level(top)
}

/// Non-ASCII that Django's `DomainNameValidator` takes for a letter.
fn is_wide_letter(c: char) -> bool {
    ('\u{a1}'..='\u{ffff}').contains(&c)
}

fn is_label(label: &str, min: usize, digits: bool) -> bool {
    let length = label.chars().count();
    (min..=63).contains(&length)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '-' || (digits && c.is_ascii_digit()) || is_wide_letter(c))
}

/// No digits, unless it is punycode.
fn is_top_level(label: &str) -> bool {
    let punycode = label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
        && label
            .get(4..)
            .is_some_and(|rest| (1..=59).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    punycode || is_label(label, 2, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_django_accepts_is_accepted() {
        let wide = format!("a@{}.co", ["c".repeat(55).as_str()].repeat(4).join("."));
        for good in [
            "a@b.co",
            "a+tag@b.co",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@[::1]",
            "a@bücher.example",
            "\"a\\ b\"@b.co",
            "a@xn--bcher-kva.example",
            "a@b.xn--p1ai",
            wide.as_str(),
        ] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        assert!(Email::parse(&format!("{}@b.co", "a".repeat(79))).is_ok());
    }

    #[test]
    fn what_django_refuses_is_refused() {
        for bad in [
            "plain",
            "@b.co",
            "a@@b.co",
            "a b@c.co",
            "a.@b.co",
            "a..b@c.co",
            "é@b.co",
            "a@b.-co",
            "a@b.123",
            "bad\n",
            "a@b",
            "a@b.c",
            "a@-b.co",
            "a@b-.co",
            "a@[300.0.0.1]",
            "a@",
            "a@.co",
            "\"a b\"@b.co",
            "a@b..co",
        ] {
            assert_eq!(Email::parse(bad), Err(vec![FieldError::InvalidEmail]), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("a@{}.co", "b".repeat(64))), Err(vec![FieldError::InvalidEmail]));
        assert_eq!(Email::parse(&format!("{}@mail.co", "a".repeat(313))), Err(vec![FieldError::InvalidEmail]));
        assert_eq!(Email::parse("a\0@b.co"), Err(vec![FieldError::NullCharacter, FieldError::InvalidEmail]));
        assert_eq!(Email::parse(""), Err(vec![FieldError::Blank]));
    }

    #[test]
    fn a_long_address_is_cut_and_folded_to_lower_case() {
        let long = format!("{}@{}.co", "A".repeat(64), ["c".repeat(60).as_str()].repeat(4).join("."));
        let email = Email::parse(&long).unwrap();
        assert_eq!(email.as_str().len(), 254);
        assert!(email.as_str().starts_with("aaa"));
    }
}
