//! Statuses: short messages of a profile.

use serde::{Deserialize, Serialize};

/// A status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Status {
    /// Number of the status.
    pub id: u64,
    /// Name of the account that posted it.
    pub user_profile: String,
    /// The text, 1 to 240 characters.
    #[serde(deserialize_with = "crate::profile::null_as_empty")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 240)))]
    pub status_content: String,
    /// When it was posted: RFC 3339 in UTC, to the microsecond.
    pub created_at: String,
    /// When it was last saved: RFC 3339 in UTC, to the microsecond.
    pub updated_at: String,
}

/// Posts a status, or replaces its text (PUT).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct StatusWrite {
    /// The text, 1 to 240 characters after surrounding white space is cut off.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 240)))]
    pub status_content: String,
}

/// Changes a status (PATCH). Even an empty change moves `updated_at`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct StatusPatch {
    /// The text, 1 to 240 characters after surrounding white space is cut off. Absent leaves it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 240)))]
    pub status_content: Option<String>,
}

/// A status that is gone, as the live feed tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedStatus {
    /// Number that it had.
    pub id: u64,
    /// Name of the account that had posted it; `None` if the account is gone too.
    pub user_profile: Option<String>,
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{Status, StatusPatch, StatusWrite};

    const TEXT: &str = "The Analytical Engine weaves algebraic patterns.";

    impl Example for Status {
        fn example() -> Self {
            Self {
                id: 1,
                user_profile: "ada".into(),
                status_content: TEXT.into(),
                created_at: "2026-11-22T10:45:44.128854Z".into(),
                updated_at: "2026-11-22T10:45:44.128901Z".into(),
            }
        }
    }

    impl Example for StatusWrite {
        fn example() -> Self {
            Self { status_content: TEXT.into() }
        }
    }

    impl Example for StatusPatch {
        fn example() -> Self {
            Self { status_content: Some(TEXT.into()) }
        }
    }
}
