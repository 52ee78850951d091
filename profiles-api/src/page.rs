//! Lists, one page at a time.

use serde::{Deserialize, Serialize};

/// What can stand in a [`Page`]: anything, or with the feature `openapi` anything that describes itself.
#[cfg(not(feature = "openapi"))]
pub trait Row {}

#[cfg(not(feature = "openapi"))]
impl<T> Row for T {}

/// What can stand in a [`Page`]: anything that describes itself to `poem_openapi` and has an example.
#[cfg(feature = "openapi")]
pub trait Row: poem_openapi::types::ParseFromJSON + poem_openapi::types::ToJSON + poem_openapi::types::Example {}

#[cfg(feature = "openapi")]
impl<T: poem_openapi::types::ParseFromJSON + poem_openapi::types::ToJSON + poem_openapi::types::Example> Row for T {}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Page<T: Row> {
    /// Rows in the whole list.
    pub count: u64,
    /// Address of the next page, or null on the last one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
    /// Address of the page before, or null on the first one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub previous: Option<String>,
    /// The rows of this page, in the order of their ids.
    pub results: Vec<T>,
}

#[cfg(feature = "openapi")]
impl<T: Row> poem_openapi::types::Example for Page<T> {
    fn example() -> Self {
        Self { count: 1, next: None, previous: None, results: vec![T::example()] }
    }
}

#[cfg(all(test, feature = "openapi"))]
mod tests {
    use poem_openapi::{registry::Registry, types::Type};

    use super::*;
    use crate::{Profile, RegisterRequest};

    /// A front end generated from the document relies on these: what is required, how long, and what can be null.
    #[test]
    fn the_document_tells_limits_nullable_fields_and_examples() {
        let mut registry = Registry::new();
        Page::<Profile>::register(&mut registry);
        RegisterRequest::register(&mut registry);

        let profile = serde_json::to_value(registry.schemas.get("Profile").unwrap()).unwrap();
        assert_eq!(profile["properties"]["bio"]["maxLength"], 240);
        assert_eq!(profile["properties"]["avatar"]["nullable"], true);
        assert_eq!(profile["example"]["avatar"], serde_json::Value::Null);
        assert_eq!(profile["example"]["user"], "ada");

        let register = serde_json::to_value(registry.schemas.get("RegisterRequest").unwrap()).unwrap();
        assert_eq!(register["required"], serde_json::json!(["username", "password1", "password2"]));
        assert_eq!(register["example"]["password1"], "correct horse battery");

        let page = serde_json::to_value(registry.schemas.get("Page_Profile").unwrap()).unwrap();
        assert_eq!(page["properties"]["next"]["nullable"], true);
        assert_eq!(page["example"]["results"][0]["user"], "ada");
    }
}
