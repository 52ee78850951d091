//! Logins: what is logged in to an account, and since when.

use serde::{Deserialize, Serialize};

/// What kind of login something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum LoginKind {
    /// The token of a login or a registration.
    Token,
    /// A browser's session.
    Session,
    /// A personal access token.
    Personal,
}

impl LoginKind {
    /// The word for it in the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Personal => "personal",
        }
    }
}

/// One login to an account, as its owner sees it. What it is proved by is shown to nobody again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct LoginSession {
    /// Number of the login.
    pub id: u64,
    /// What it is.
    pub kind: LoginKind,
    /// What its owner called it; empty for what is no personal access token.
    pub name: String,
    /// What a personal access token may do, such as `read`; there may be more to come. Empty for what is no such token,
    /// and may do everything.
    pub scopes: Vec<String>,
    /// When it began: RFC 3339 in UTC.
    pub created_at: String,
    /// When it was last used, to some minutes; null if never.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_used_at: Option<String>,
    /// When it ends by itself; null if it does not.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub expires_at: Option<String>,
    /// The network address that it was last used from, or null if that is not known.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub address: Option<String>,
    /// What the program that it was last used by calls itself, or null if that is not known.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// What came of ending all other logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct RevokeOthersResponse {
    /// What was done, as a sentence.
    pub detail: String,
    /// How many logins were ended.
    pub ended: u64,
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{LoginKind, LoginSession, RevokeOthersResponse};

    impl Example for LoginSession {
        fn example() -> Self {
            Self {
                id: 1,
                kind: LoginKind::Token,
                name: String::new(),
                scopes: Vec::new(),
                created_at: "2026-11-22T10:45:44.128854Z".into(),
                last_used_at: Some("2026-11-25T08:12:03.550118Z".into()),
                expires_at: None,
                address: Some("203.0.113.7".into()),
                agent: Some("curl/8.5.0".into()),
                current: true,
            }
        }
    }

    impl Example for RevokeOthersResponse {
        fn example() -> Self {
            Self { detail: "Logged out everywhere else.".into(), ended: 3 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_order_and_what_is_not_known_is_null() {
        let login = LoginSession {
            id: 7,
            kind: LoginKind::Session,
            name: String::new(),
            scopes: Vec::new(),
            created_at: "2026-11-22T10:45:44.128854Z".into(),
            last_used_at: None,
            expires_at: None,
            address: None,
            agent: None,
            current: false,
        };
        let json = concat!(
            r#"{"id":7,"kind":"session","name":"","scopes":[],"created_at":"2026-11-22T10:45:44.128854Z","#,
            r#""last_used_at":null,"expires_at":null,"address":null,"agent":null,"current":false}"#
        );
        assert_eq!(serde_json::to_string(&login).unwrap(), json);
        assert_eq!(serde_json::from_str::<LoginSession>(json).unwrap(), login);
    }

    #[test]
    fn a_kind_is_called_the_same_everywhere() {
        for kind in [LoginKind::Token, LoginKind::Session, LoginKind::Personal] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            #[cfg(feature = "openapi")]
            assert_eq!(poem_openapi::types::ToJSON::to_json(&kind).unwrap(), kind.as_str());
        }
    }
}
