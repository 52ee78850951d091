//! Which paths are mailed links, and what they hold.

use crate::http::resolve::decode;

const CONFIRM_EMAIL: &str = "/api/rest-auth/registration/account-confirm-email";
const NEW_PASSWORD: &str = "/api/rest-auth/password/reset/confirm/";

/// A mailed link. What it holds is secret, and may be anything: much of it arrives cut short.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum MailedLink {
    /// To confirm an address.
    ConfirmEmail {
        /// The key.
        key: String,
    },
    /// To choose a new password.
    NewPassword {
        /// The account's number.
        uid: String,
        /// The key.
        key: String,
    },
}

impl MailedLink {
    /// The link that a path below the mount point is, with or without its final slash, or without its end.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = decode(path);
        if let Some(rest) = path.strip_prefix(CONFIRM_EMAIL) {
            let key = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
            return Some(Self::ConfirmEmail { key: without_slash(key).to_owned() });
        }
        // The path without anything behind it is an operation of the API.
        let rest = path.strip_prefix(NEW_PASSWORD).filter(|rest| !rest.is_empty())?;
        let (uid, key) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self::NewPassword { uid: uid.to_owned(), key: without_slash(key).to_owned() })
    }
}

fn without_slash(key: &str) -> &str {
    key.strip_suffix('/').unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_however_much_of_it_arrives() {
        let confirm = |key: &str| Some(MailedLink::ConfirmEmail { key: key.to_owned() });
        let choose = |uid: &str, key: &str| Some(MailedLink::NewPassword { uid: uid.to_owned(), key: key.to_owned() });
        for (path, expected) in [
            ("/api/rest-auth/registration/account-confirm-email/k3y/", confirm("k3y")),
            ("/api/rest-auth/registration/account-confirm-email/k3y", confirm("k3y")),
            ("/api/rest-auth/registration/account-confirm-email/%6b3y%2F", confirm("k3y")),
            ("/api/rest-auth/registration/account-confirm-email/k3y/)", confirm("k3y/)")),
            ("/api/rest-auth/registration/account-confirm-email/%00", confirm("\0")),
            ("/api/rest-auth/registration/account-confirm-email/", confirm("")),
            ("/api/rest-auth/registration/account-confirm-email", confirm("")),
            ("/api/rest-auth/registration/account-confirm-emails/k3y/", None),
            ("/api/rest-auth/registration/", None),
            ("/api/rest-auth/password/reset/confirm/1/k3y/", choose("1", "k3y")),
            ("/api/rest-auth/password/reset/confirm/1/k3y", choose("1", "k3y")),
            ("/api/rest-auth/password/reset/confirm/1/k3y//", choose("1", "k3y/")),
            ("/api/rest-auth/password/reset/confirm/1/", choose("1", "")),
            ("/api/rest-auth/password/reset/confirm/1", choose("1", "")),
            ("/api/rest-auth/password/reset/confirm/", None),
            ("/api/rest-auth/password/reset/confirm", None),
            ("/api/rest-auth/password/reset/", None),
            ("/x/api/rest-auth/password/reset/confirm/1/k3y/", None),
            ("/", None),
        ] {
            assert!(MailedLink::of(path) == expected, "{path}");
        }
    }
}
