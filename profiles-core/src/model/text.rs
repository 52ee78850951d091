//! Short texts that people write: what the field allows, and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;

/// What every text field refuses: more than `max` code points, and NUL. Both are told if both hold, as Django REST
/// framework's validators do.
pub(crate) fn check_text(text: &str, max: usize) -> Vec<FieldError> {
    let mut errors = Vec::new();
    // A code point is at least one byte: short texts need no counting.
    if text.len() > max && text.chars().nth(max).is_some() {
        errors.push(FieldError::TooLong { max });
    }
    if text.contains('\0') {
        errors.push(FieldError::NullCharacter);
    }
    errors
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, max = $max:literal, $blank:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name(String);

        impl $name {
            /// Unicode code points at most.
            pub const MAX_CHARS: usize = $max;

            /// Parses a text that the edge has already trimmed.
            ///
            /// # Errors
            /// Every rule it breaks.
            pub fn parse(text: &str) -> Result<Self, Vec<FieldError>> {
                let errors = check_text(text, Self::MAX_CHARS);
                if !errors.is_empty() {
                    return Err(errors);
                }
                if text.is_empty() && !text!(@$blank) {
                    return Err(vec![FieldError::Blank]);
                }
                Ok(Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        text!(@default $blank $name);
    };
    (@may_be_blank) => { true };
    (@not_blank) => { false };
    (@default may_be_blank $name:ident) => {
        impl Default for $name {
            fn default() -> Self {
                Self(String::new())
            }
        }
    };
    (@default not_blank $name:ident) => {};
}

text! {
    /// What somebody calls a personal token: 1 to 100 code points.
    TokenName, max = 100, not_blank
}

text! {
    /// What somebody says of themselves: at most 240 code points, may be empty.
    Bio, max = 240, may_be_blank
}
text! {
    /// Where somebody lives: at most 30 code points, may be empty.
    City, max = 30, may_be_blank
}
text! {
    /// A given or family name: at most 150 code points (Django's `AbstractUser`), may be empty.
    PersonName, max = 150, may_be_blank
}
text! {
    /// A status: 1 to 240 code points.
    ///
    /// ```
    /// use profiles_core::model::StatusText;
    ///
    /// assert!(StatusText::parse(&"🎉".repeat(240)).is_ok());
    /// assert!(StatusText::parse("").is_err());
    /// ```
    StatusText, max = 240, not_blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(City::parse(&"é".repeat(30)).is_ok());
        assert_eq!(City::parse(&"é".repeat(31)), Err(vec![FieldError::TooLong { max: 30 }]));
    }

    #[test]
    fn every_broken_rule_is_told() {
        let text = "\0".repeat(300);
        assert_eq!(StatusText::parse(&text), Err(vec![FieldError::TooLong { max: 240 }, FieldError::NullCharacter]));
    }

    #[test]
    fn only_a_status_may_not_be_blank() {
        assert!(Bio::parse("").is_ok() && City::parse("").is_ok() && PersonName::parse("").is_ok());
        assert_eq!(StatusText::parse(""), Err(vec![FieldError::Blank]));
    }
}
