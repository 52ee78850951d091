//! What the API says when it refuses, and when it has nothing else to say.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

/// One sentence from the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Detail {
    /// The sentence.
    pub detail: String,
}

#[cfg(feature = "openapi")]
impl poem_openapi::types::Example for Detail {
    fn example() -> Self {
        Self { detail: "Authentication credentials were not provided.".into() }
    }
}

/// What is wrong with a request: messages per field, in the order the server gave them.
///
/// Messages about no field in particular stand under [`FieldErrors::GENERAL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, Vec<String>)>);

impl FieldErrors {
    /// The name under which messages about no single field stand.
    pub const GENERAL: &str = "non_field_errors";

    /// One message about one field.
    pub fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![(field.into(), vec![message.into()])])
    }

    /// The messages about one field; empty if there are none.
    pub fn get(&self, field: &str) -> &[String] {
        self.0.iter().find(|(name, _)| name == field).map_or(&[], |(_, messages)| messages)
    }

    /// Fields and their messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, messages)| (name.as_str(), messages.as_slice()))
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `field: message` for each message, joined by `; `; messages about no single field stand alone.
impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (field, messages) in self.iter() {
            for message in messages {
                f.write_str(separator)?;
                if field != Self::GENERAL {
                    write!(f, "{field}: ")?;
                }
                f.write_str(message)?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, messages) in self.iter() {
            map.serialize_entry(field, messages)?;
        }
        map.end()
    }
}

/// Takes an object of lists, as field errors come; a sentence where a list should be, as in `{"detail": ".."}`; and a
/// bare list, which Django REST framework sends for some errors about no single field.
impl<'de> Deserialize<'de> for FieldErrors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Errors;

        impl<'de> Visitor<'de> for Errors {
            type Value = FieldErrors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("messages by field, or a list of messages")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldErrors, A::Error> {
                let mut errors = Vec::new();
                while let Some((field, Messages(messages))) = map.next_entry()? {
                    errors.push((field, messages));
                }
                Ok(FieldErrors(errors))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<FieldErrors, A::Error> {
                let mut messages = Vec::new();
                while let Some(message) = sequence.next_element()? {
                    messages.push(message);
                }
                Ok(FieldErrors(vec![(FieldErrors::GENERAL.to_owned(), messages)]))
            }
        }

        deserializer.deserialize_any(Errors)
    }
}

/// One message or several.
struct Messages(Vec<String>);

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Several(Vec<String>),
            One(String),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Several(messages) => messages,
            Either::One(message) => vec![message],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_fields_is_kept() {
        let json = r#"{"username":["Taken.","Too long."],"email":["Bad."],"non_field_errors":["No."]}"#;
        let errors: FieldErrors = serde_json::from_str(json).unwrap();
        assert_eq!(errors.to_string(), "username: Taken.; username: Too long.; email: Bad.; No.");
        assert_eq!(serde_json::to_string(&errors).unwrap(), json);
        assert_eq!(errors.get("username").len(), 2);
        assert!(errors.get("city").is_empty());
    }

    #[test]
    fn a_bare_list_and_a_bare_sentence_are_understood() {
        let list: FieldErrors = serde_json::from_str(r#"["A status already exists for this profile."]"#).unwrap();
        assert_eq!(list.to_string(), "A status already exists for this profile.");
        let sentence: FieldErrors = serde_json::from_str(r#"{"detail":"JSON parse error - x"}"#).unwrap();
        assert_eq!(sentence.to_string(), "detail: JSON parse error - x");
    }

    #[test]
    fn anything_else_is_not_an_answer_of_this_api() {
        for json in ["null", "3", r#"{"username":{"a":1}}"#, "[1]"] {
            assert!(serde_json::from_str::<FieldErrors>(json).is_err(), "{json}");
        }
    }
}
