//! Where the links in mails lead.

use std::str::FromStr;

use super::value::as_written;

/// The `key` of a link, under both of its names: the one of the confirmation, and the one of the new password.
const KEYS: [&str; 2] = ["{key}", "{token}"];
const UID: &str = "{uid}";

/// An http or https URL with a place for the key that a mail carries, `{key}` or `{token}`; with `ACCOUNT` also with one
/// for the account, `{uid}`. The places may be anywhere behind the host: in the path, the query or the fragment.
///
/// ```
/// use profiles_server::config::Link;
///
/// let link: Link<true> = "https://app.example/#/reset/{uid}/{token}".parse()?;
/// assert_eq!(link.to("k3y", "ya"), "https://app.example/#/reset/ya/k3y");
/// assert!("https://app.example/reset/{token}".parse::<Link<true>>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<const ACCOUNT: bool>(String);

impl<const ACCOUNT: bool> Link<ACCOUNT> {
    /// As a line of a mail has to hold it.
    const MAX_BYTES: usize = 700;

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The link with this key, and this account in base 36.
    pub fn to(&self, key: &str, uid: &str) -> String {
        KEYS.iter().fold(self.0.replace(UID, uid), |link, place| link.replace(place, key))
    }
}

impl<const ACCOUNT: bool> FromStr for Link<ACCOUNT> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let places = if ACCOUNT { "{uid} and {key}" } else { "{key}" };
        let wrong = || format!("must be an http or https URL with {places} in it, not {text:?}");
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let behind = rest.get(host.len()..).unwrap_or_default();
        let has_places = KEYS.iter().any(|place| behind.contains(place)) && behind.contains(UID) == ACCOUNT;
        // What is left must be a URL that can stand in a mail.
        let bare = KEYS.iter().chain([&UID]).fold(behind.to_owned(), |bare, place| bare.replace(place, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\{}".contains(&byte));
        if host.is_empty() || host.contains('@') || !has_places || !plain(host) || !plain(&bare) {
            return Err(wrong());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(format!("must have at most {} bytes", Self::MAX_BYTES));
        }
        Ok(Self(text.to_owned()))
    }
}

as_written!(Link<ACCOUNT> where const ACCOUNT: bool);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_needs_its_places_and_nothing_that_a_mail_can_not_hold() {
        for good in ["https://a/{key}", "http://a.example:8000/x?k={token}", "https://a/#/c/{key}", "https://a?{key}"] {
            assert!(good.parse::<Link<false>>().is_ok(), "{good}");
        }
        for good in ["https://a/{uid}/{key}", "https://a/{token}?u={uid}"] {
            assert!(good.parse::<Link<true>>().is_ok(), "{good}");
            assert!(good.parse::<Link<false>>().is_err(), "{good}");
        }
        let long = format!("https://a/{{key}}/{}", "x".repeat(700));
        for bad in [
            "",
            "/a/{key}",
            "https://a/",
            "https://{key}/",
            "https://{key}.example/a",
            "https:///{key}",
            "https://u:p@a/{key}",
            "javascript:alert('{key}')",
            "ftp://a/{key}",
            "https://a/{key}/{id}",
            "https://a/{key}\nBcc: b@c",
            "https://a/{key} b",
            "https://a/\"{key}",
            &long,
        ] {
            assert!(bad.parse::<Link<false>>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_place_is_filled_wherever_it_stands() {
        let link: Link<true> = "https://a/{uid}/{key}?again={token}&u={uid}".parse().unwrap();
        assert_eq!(link.to("k", "7"), "https://a/7/k?again=k&u=7");
    }
}
