//! Personal access tokens: logins with a name, for programs, that may do only so much.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LoginSession;

/// What a personal access token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
pub enum Scope {
    /// Read what everybody may read who is logged in.
    #[serde(rename = "read")]
    #[cfg_attr(feature = "openapi", oai(rename = "read"))]
    Read,
    /// Read the account's own details.
    #[serde(rename = "account:read")]
    #[cfg_attr(feature = "openapi", oai(rename = "account:read"))]
    AccountRead,
    /// Change the account's profile.
    #[serde(rename = "profile:write")]
    #[cfg_attr(feature = "openapi", oai(rename = "profile:write"))]
    ProfileWrite,
    /// Post, change and delete the account's statuses.
    #[serde(rename = "status:write")]
    #[cfg_attr(feature = "openapi", oai(rename = "status:write"))]
    StatusWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::AccountRead, Self::ProfileWrite, Self::StatusWrite];

    /// The name of it in the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::AccountRead => "account:read",
            Self::ProfileWrite => "profile:write",
            Self::StatusWrite => "status:write",
        }
    }
}

/// Makes a personal access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct PersonalTokenRequest {
    /// What to call it, so that its owner knows it again.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub name: String,
    /// What it may do; `read` alone if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// When it ends by itself: RFC 3339, such as `2027-01-01T00:00:00Z`. It does not if this is null or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub expires_at: Option<String>,
}

/// A personal access token that was just made.
///
/// `Debug` does not show its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct NewPersonalToken {
    /// The token, as lists show it.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", oai(flatten))]
    pub token: LoginSession,
    /// What to send as `Authorization: Token <key>`. It is shown this once.
    pub key: String,
}

impl fmt::Debug for NewPersonalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, key: _ } = self;
        f.debug_struct("NewPersonalToken").field("token", token).finish_non_exhaustive()
    }
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{NewPersonalToken, PersonalTokenRequest, Scope};
    use crate::{LoginKind, LoginSession};

    impl Example for PersonalTokenRequest {
        fn example() -> Self {
            Self {
                name: "weather station".into(),
                scopes: Some(vec![Scope::Read, Scope::StatusWrite]),
                expires_at: Some("2027-01-01T00:00:00Z".into()),
            }
        }
    }

    impl Example for NewPersonalToken {
        fn example() -> Self {
            let token = LoginSession {
                id: 7,
                kind: LoginKind::Personal,
                name: "weather station".into(),
                scopes: vec![Scope::Read.as_str().into(), Scope::StatusWrite.as_str().into()],
                last_used_at: None,
                expires_at: Some("2027-01-01T00:00:00Z".into()),
                address: None,
                agent: None,
                current: false,
                ..LoginSession::example()
            };
            Self { token, key: "pat_9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b".into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = concat!(
        r#""id":7,"kind":"personal","name":"ci","scopes":["read","avatar:write"],"created_at":"2026-11-22T10:45:44Z","#,
        r#""last_used_at":null,"expires_at":null,"address":null,"agent":null,"current":false"#
    );

    #[test]
    fn a_new_token_is_its_row_and_the_key_behind_it() {
        let json = format!(r#"{{{ROW},"key":"pat_s3cret"}}"#);
        let new: NewPersonalToken = serde_json::from_str(&json).unwrap();
        assert_eq!((new.token.id, new.key.as_str()), (7, "pat_s3cret"));
        assert_eq!(new.token.scopes, ["read", "avatar:write"], "a scope of a later server is shown as any other");
        assert_eq!(serde_json::to_string(&new).unwrap(), json);
        assert!(!format!("{new:?}").contains("s3cret"));
    }

    #[test]
    fn what_was_not_wished_for_is_left_to_the_server() {
        let request = PersonalTokenRequest { name: "ci".into(), scopes: None, expires_at: None };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"name":"ci"}"#);
    }

    #[test]
    fn a_scope_is_called_the_same_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
            #[cfg(feature = "openapi")]
            assert_eq!(poem_openapi::types::ToJSON::to_json(&scope).unwrap(), scope.as_str());
        }
    }

    #[cfg(feature = "openapi")]
    #[test]
    fn the_document_has_the_row_and_the_key_in_one_object() {
        use poem_openapi::{
            registry::Registry,
            types::{Example, ToJSON, Type},
        };

        let mut registry = Registry::new();
        NewPersonalToken::register(&mut registry);
        PersonalTokenRequest::register(&mut registry);
        let schema = |name| serde_json::to_value(registry.schemas.get(name).unwrap()).unwrap();
        let new = schema("NewPersonalToken");
        assert!(new["properties"]["key"].is_object() && new["properties"]["expires_at"]["nullable"] == true, "{new}");
        assert_eq!(schema("PersonalTokenRequest")["required"], serde_json::json!(["name"]));
        assert_eq!(schema("Scope")["enum"], serde_json::json!(Scope::ALL.map(Scope::as_str)));
        let example = NewPersonalToken::example();
        assert_eq!(example.to_json().unwrap(), serde_json::to_value(&example).unwrap());
    }
}
