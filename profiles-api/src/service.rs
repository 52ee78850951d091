//! The service itself.

use serde::{Deserialize, Serialize};

/// Where the lists are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct ApiRoot {
    /// Address of the profiles.
    pub profiles: String,
    /// Address of the statuses.
    #[serde(rename = "profile-status")]
    #[cfg_attr(feature = "openapi", oai(rename = "profile-status"))]
    pub profile_status: String,
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::ApiRoot;

    impl Example for ApiRoot {
        fn example() -> Self {
            Self {
                profiles: "http://127.0.0.1:8000/api/profiles/".into(),
                profile_status: "http://127.0.0.1:8000/api/profile-status/".into(),
            }
        }
    }
}
