//! Accounts: registering, logging in, and one's own details.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Opens an account.
///
/// `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct RegisterRequest {
    /// Letters, digits and `@ . + - _`, at most 150 characters. Taken names are taken in any case.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 150)))]
    pub username: String,
    /// Where the confirmation mail goes, at most 254 characters. A server can do without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 254)))]
    pub email: Option<String>,
    /// The password. What makes one acceptable is the server's policy.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub password1: String,
    /// The password again, to catch a slip of the finger.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub password2: String,
}

impl fmt::Debug for RegisterRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, email, password1: _, password2: _ } = self;
        f.debug_struct("RegisterRequest").field("username", username).field("email", email).finish_non_exhaustive()
    }
}

/// Asks for a token. Which of `username` and `email` a server wants is its own setting; most want `username`.
///
/// `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct LoginRequest {
    /// The account's name, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 150)))]
    pub username: Option<String>,
    /// The account's address, where the server allows logging in by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 254)))]
    pub email: Option<String>,
    /// The password.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub password: String,
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, email, password: _ } = self;
        f.debug_struct("LoginRequest").field("username", username).field("email", email).finish_non_exhaustive()
    }
}

/// The token that was issued.
///
/// `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct KeyResponse {
    /// 40 hexadecimal digits, to be sent as `Authorization: Token <key>`.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 40, max_length = 40)))]
    pub key: String,
}

impl fmt::Debug for KeyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyResponse { .. }")
    }
}

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct UserDetails {
    /// Number of the account. The profile has a number of its own.
    pub pk: u64,
    /// The name, as it was written at registration.
    pub username: String,
    /// The e-mail address in lower case; empty if there is none.
    pub email: String,
    /// Given name; may be empty.
    pub first_name: String,
    /// Family name; may be empty.
    pub last_name: String,
}

/// Replaces an account's details (PUT).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct UserUpdate {
    /// A new name. It must differ from the present one: to keep that, use PATCH and leave it out.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 150)))]
    pub username: String,
    /// Given name, at most 150 characters; may be empty. Absent leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 150)))]
    pub first_name: Option<String>,
    /// Family name, at most 150 characters; may be empty. Absent leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 150)))]
    pub last_name: Option<String>,
}

/// Changes some of an account's details (PATCH).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct UserPatch {
    /// A new name, which must differ from the present one. Absent keeps that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 150)))]
    pub username: Option<String>,
    /// Given name, at most 150 characters; may be empty. Absent leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 150)))]
    pub first_name: Option<String>,
    /// Family name, at most 150 characters; may be empty. Absent leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 150)))]
    pub last_name: Option<String>,
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{KeyResponse, LoginRequest, RegisterRequest, UserDetails, UserPatch, UserUpdate};

    impl Example for RegisterRequest {
        fn example() -> Self {
            Self {
                username: "ada".into(),
                email: Some("ada@example.org".into()),
                password1: "correct horse battery".into(),
                password2: "correct horse battery".into(),
            }
        }
    }

    impl Example for LoginRequest {
        fn example() -> Self {
            Self { username: Some("ada".into()), email: None, password: "correct horse battery".into() }
        }
    }

    impl Example for KeyResponse {
        fn example() -> Self {
            Self { key: "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b".into() }
        }
    }

    impl Example for UserDetails {
        fn example() -> Self {
            Self {
                pk: 1,
                username: "ada".into(),
                email: "ada@example.org".into(),
                first_name: "Ada".into(),
                last_name: "Lovelace".into(),
            }
        }
    }

    impl Example for UserUpdate {
        fn example() -> Self {
            Self { username: "ada.lovelace".into(), first_name: Some("Ada".into()), last_name: Some("Lovelace".into()) }
        }
    }

    impl Example for UserPatch {
        fn example() -> Self {
            Self { username: None, first_name: Some("Ada".into()), last_name: Some("Lovelace".into()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let register = RegisterRequest {
            username: "ada".into(),
            email: None,
            password1: "s3cret-one".into(),
            password2: "s3cret-two".into(),
        };
        let login = LoginRequest { username: Some("ada".into()), email: None, password: "s3cret-three".into() };
        let key = KeyResponse { key: "s3cret-four".into() };
        let shown = format!("{register:?} {login:?} {key:?}");
        assert!(shown.contains("ada"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
