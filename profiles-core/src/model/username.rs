//! Usernames.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::text::check_text;
use crate::fields::FieldError;

/// A name as its owner wrote it: 1 to 150 code points of letters, numbers and `@ . + - _`.
///
/// The rule is Django's `UnicodeUsernameValidator` (`^[\w.@+-]+\Z`, with Python's Unicode `\w`) over
/// `AbstractUser.username`. Case is kept for showing; [`Username::key`] is what makes it unique.
///
/// ```
/// use profiles_core::model::Username;
///
/// let name = Username::parse("Ada.Lovelace")?;
/// assert_eq!(name.as_str(), "Ada.Lovelace");
/// assert_eq!(name.key(), Username::parse("ADA.lovelace")?.key());
/// assert!(Username::parse("two words").is_err());
/// # Ok::<(), Vec<profiles_core::FieldError>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Username(String);

impl Username {
    /// Code points at most.
    pub const MAX_CHARS: usize = 150;

    /// Parses a name that the edge has already trimmed.
    ///
    /// # Errors
    /// Every rule it breaks: blank, too long, a NUL, a character outside the set.
    pub fn parse(text: &str) -> Result<Self, Vec<FieldError>> {
        let errors = check_text(text, Self::MAX_CHARS);
        if !errors.is_empty() {
            return Err(errors);
        }
        if text.is_empty() {
            return Err(vec![FieldError::Blank]);
        }
        if Self::has_allowed_characters(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(vec![FieldError::InvalidUsername])
        }
    }

    /// Whether every character is one that a name may have, however many there are.
    pub fn has_allowed_characters(text: &str) -> bool {
        text.chars().all(is_allowed)
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What decides whether two names are the same.
    pub fn key(&self) -> UsernameKey {
        UsernameKey::of(&self.0)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The canonical form of a username: Unicode lower case. Two accounts never share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsernameKey(String);

impl UsernameKey {
    /// The key of anything somebody typed as a username, valid or not: for looking up.
    pub fn of(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Python's `\w` is `str.isalnum()` or the underscore: categories L and N, not Rust's wider `Alphabetic`.
pub(crate) fn is_word(c: char) -> bool {
    c == '_'
        || c.is_ascii_alphanumeric()
        || (!c.is_ascii()
            && matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number))
}

fn is_allowed(c: char) -> bool {
    matches!(c, '.' | '@' | '+' | '-') || is_word(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_of_any_script_are_allowed() {
        for good in ["a", "a@.+-_", "éüßжעد中", "٣४", "ﬁ", "1234", &"x".repeat(150)] {
            assert!(Username::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_rule_it_breaks() {
        for bad in ["a b", "a/b", "a😀", "a\nb", "a\u{7}", "e\u{301}", "\u{93e}a"] {
            assert_eq!(Username::parse(bad), Err(vec![FieldError::InvalidUsername]), "{bad:?}");
        }
        assert_eq!(Username::parse(""), Err(vec![FieldError::Blank]));
        assert_eq!(Username::parse("a\0"), Err(vec![FieldError::NullCharacter]));
        assert_eq!(Username::parse(&"x".repeat(151)), Err(vec![FieldError::TooLong { max: 150 }]));
    }

    #[test]
    fn the_key_ignores_case_in_every_script() {
        assert_eq!(UsernameKey::of("ЖAda"), UsernameKey::of("жaDA"));
    }
}
