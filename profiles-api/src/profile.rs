//! Profiles.

use serde::{Deserialize, Serialize};

/// What everybody sees of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Profile {
    /// Number of the profile.
    pub id: u64,
    /// Name of the account it belongs to.
    pub user: String,
    /// Address of the picture, or null if there is none.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub avatar: Option<String>,
    /// About the person, at most 240 characters; may be empty.
    #[serde(deserialize_with = "null_as_empty")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 240)))]
    pub bio: String,
    /// Where they live, at most 30 characters; may be empty.
    #[serde(deserialize_with = "null_as_empty")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 30)))]
    pub city: String,
}

/// Changes a profile. Absent fields stay as they are, in PUT as in PATCH.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, skip_serializing_if_is_none))]
pub struct ProfileUpdate {
    /// About the person, at most 240 characters; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 240)))]
    pub bio: Option<String>,
    /// Where they live, at most 30 characters; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 30)))]
    pub city: Option<String>,
}

/// Older Django projects of this API have nullable columns: there, a new profile's texts are null.
pub(crate) fn null_as_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{Profile, ProfileUpdate};

    impl Example for Profile {
        fn example() -> Self {
            Self {
                id: 1,
                user: "ada".into(),
                avatar: None,
                bio: "Mathematician. Writes programs for machines that do not exist yet.".into(),
                city: "London".into(),
            }
        }
    }

    impl Example for ProfileUpdate {
        fn example() -> Self {
            Self {
                bio: Some("Mathematician. Writes programs for machines that do not exist yet.".into()),
                city: Some("London".into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_the_original_and_a_missing_picture_is_null() {
        let profile = Profile { id: 7, user: "ada".into(), avatar: None, bio: String::new(), city: "London".into() };
        let json = r#"{"id":7,"user":"ada","avatar":null,"bio":"","city":"London"}"#;
        assert_eq!(serde_json::to_string(&profile).unwrap(), json);
        assert_eq!(serde_json::from_str::<Profile>(json).unwrap(), profile);
    }

    #[test]
    fn the_null_texts_of_an_older_server_are_empty() {
        let json = r#"{"id":7,"user":"ada","avatar":null,"bio":null,"city":null}"#;
        let profile: Profile = serde_json::from_str(json).unwrap();
        assert_eq!((profile.bio.as_str(), profile.city.as_str()), ("", ""));
    }

    #[test]
    fn an_unchanged_field_is_not_sent() {
        let change = ProfileUpdate { bio: None, city: Some(String::new()) };
        assert_eq!(serde_json::to_string(&change).unwrap(), r#"{"city":""}"#);
    }
}
