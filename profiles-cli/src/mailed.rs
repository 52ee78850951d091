//! The links in mails, as people paste them.

/// Account and key in a link to choose a new password: the last two parts of its path, or what it calls `uid` and
/// `token`. `None` if it has no two parts.
pub(crate) fn uid_and_token(link: &str) -> Option<(&str, &str)> {
    let link = without_frame(link);
    if let (Some(uid), Some(token)) = (named(link, "uid"), named(link, "token").or_else(|| named(link, "key"))) {
        return Some((uid, token));
    }
    match route(link).as_slice() {
        [.., uid, token] => Some((uid, token)),
        _ => None,
    }
}

/// The key in a link to confirm an address, or the key itself: the last part of the path, or what the link calls `key`.
/// `None` if there is none.
pub(crate) fn key(link: &str) -> Option<&str> {
    let link = without_frame(link);
    named(link, "key").or_else(|| named(link, "token")).or_else(|| route(link).last().copied())
}

/// Without what stands around a link in a text.
fn without_frame(link: &str) -> &str {
    link.trim_matches(|c: char| c.is_whitespace() || "<>\"'".contains(c))
}

/// The value of a name in the query of a link, or in that of its fragment.
fn named<'a>(link: &'a str, name: &str) -> Option<&'a str> {
    let pairs = link.split(['?', '&', '#']).skip(1);
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// The parts of the path; or of the fragment, for applications in the browser that have their paths there.
fn route(link: &str) -> Vec<&str> {
    let (address, fragment) = link.split_once('#').unwrap_or((link, ""));
    let path = match address.split_once("://") {
        _ if fragment.contains('/') => fragment,
        Some((_, address)) => address.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    let path = path.split('?').next().unwrap_or_default();
    path.split('/').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_key_are_found_in_every_kind_of_link() {
        for link in [
            "http://127.0.0.1:8000/api/rest-auth/password/reset/confirm/2s/k3y-1/",
            "https://app.example/reset/2s/k3y-1",
            " <https://app.example/reset/2s/k3y-1/>\n",
            "https://app.example/reset/2s/k3y-1/?from=mail#top",
            "https://app.example/#/reset/2s/k3y-1",
            "https://app.example/reset?uid=2s&token=k3y-1",
            "https://app.example/#/reset?token=k3y-1&uid=2s",
            "/reset/2s/k3y-1/",
            "2s/k3y-1",
        ] {
            assert_eq!(uid_and_token(link), Some(("2s", "k3y-1")), "{link}");
        }
    }

    #[test]
    fn a_key_is_found_in_every_kind_of_link_and_alone() {
        for link in [
            "http://127.0.0.1:8000/api/rest-auth/registration/account-confirm-email/MQ:1v:k3y_-/",
            "https://app.example/confirm?key=MQ:1v:k3y_-",
            "https://app.example/#/confirm/MQ:1v:k3y_-",
            "MQ:1v:k3y_-",
            "\"MQ:1v:k3y_-\" ",
        ] {
            assert_eq!(key(link), Some("MQ:1v:k3y_-"), "{link}");
        }
    }

    #[test]
    fn what_holds_none_is_no_link_from_a_mail() {
        for link in ["", " ", "https://app.example", "https://app.example/", "#", "/"] {
            assert_eq!((uid_and_token(link), key(link)), (None, None), "{link:?}");
        }
        for link in ["2s", "https://app.example/k3y-1", "https://app.example/?uid=2s"] {
            assert_eq!(uid_and_token(link), None, "{link:?}");
        }
    }
}
