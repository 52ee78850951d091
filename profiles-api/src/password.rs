//! Passwords: changing one, and choosing a new one by mail.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Changes the password of the account that the login belongs to.
///
/// `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct PasswordChangeRequest {
    /// The new password, at most 128 characters. What makes one acceptable is the server's policy.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub new_password1: String,
    /// The new password again, to catch a slip of the finger.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub new_password2: String,
    /// The present password. Servers that ask for it refuse a change without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub old_password: Option<String>,
}

impl fmt::Debug for PasswordChangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordChangeRequest { .. }")
    }
}

/// Asks for a mail with a link to choose a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct PasswordResetRequest {
    /// The account's address. The answer is the same whether there is an account with it or not.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub email: String,
}

/// Chooses a new password, with what the mailed link holds.
///
/// `Debug` shows neither token nor password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct PasswordResetConfirmRequest {
    /// The account, as the link names it.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub uid: String,
    /// The key in the link. It works once, and not for long.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub token: String,
    /// The new password, at most 128 characters. What makes one acceptable is the server's policy.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub new_password1: String,
    /// The new password again, to catch a slip of the finger.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub new_password2: String,
}

impl fmt::Debug for PasswordResetConfirmRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, token: _, new_password1: _, new_password2: _ } = self;
        f.debug_struct("PasswordResetConfirmRequest").field("uid", uid).finish_non_exhaustive()
    }
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{PasswordChangeRequest, PasswordResetConfirmRequest, PasswordResetRequest};

    const NEW: &str = "staple battery horse";

    impl Example for PasswordChangeRequest {
        fn example() -> Self {
            Self {
                new_password1: NEW.into(),
                new_password2: NEW.into(),
                old_password: Some("correct horse battery".into()),
            }
        }
    }

    impl Example for PasswordResetRequest {
        fn example() -> Self {
            Self { email: "ada@example.org".into() }
        }
    }

    impl Example for PasswordResetConfirmRequest {
        fn example() -> Self {
            Self {
                uid: "1".into(),
                token: "mzxw6ytboi5gk43umvzwk3tdmvzxgzlo".into(),
                new_password1: NEW.into(),
                new_password2: NEW.into(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old_password: Option<&str>) -> PasswordChangeRequest {
        PasswordChangeRequest {
            new_password1: "s3cret-one".into(),
            new_password2: "s3cret-two".into(),
            old_password: old_password.map(str::to_owned),
        }
    }

    #[test]
    fn a_present_password_is_sent_only_if_it_was_given() {
        assert_eq!(
            serde_json::to_string(&change(None)).unwrap(),
            r#"{"new_password1":"s3cret-one","new_password2":"s3cret-two"}"#
        );
        assert_eq!(
            serde_json::to_string(&change(Some("s3cret-three"))).unwrap(),
            r#"{"new_password1":"s3cret-one","new_password2":"s3cret-two","old_password":"s3cret-three"}"#
        );
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let confirm = PasswordResetConfirmRequest {
            uid: "2s".into(),
            token: "s3cret-four".into(),
            new_password1: "s3cret-five".into(),
            new_password2: "s3cret-six".into(),
        };
        let shown = format!("{:?} {confirm:?}", change(Some("s3cret-three")));
        assert!(shown.contains("2s") && !shown.contains("s3cret"), "{shown}");
    }
}
