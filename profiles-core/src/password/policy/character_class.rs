//! Kinds of characters that a password may have to contain.

use std::fmt;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::password::text;

/// A kind of characters, of whatever script.
///
/// Letters of scripts without upper and lower case, accents that stand by themselves, and control characters are of no
/// kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CharacterClass {
    /// Lowercase letters.
    Lower,
    /// Uppercase letters.
    Upper,
    /// Digits.
    Digit,
    /// Punctuation, spaces, and other symbols.
    Symbol,
}

impl CharacterClass {
    /// Whether a character is of this kind.
    pub fn holds(self, c: char) -> bool {
        match self {
            Self::Lower => c.is_lowercase(),
            Self::Upper => c.is_uppercase(),
            Self::Digit => text::is_digit(c),
            Self::Symbol => matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol | GeneralCategoryGroup::Separator
            ),
        }
    }
}

/// As a message names one: `a digit`.
impl fmt::Display for CharacterClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lower => "a lowercase letter",
            Self::Upper => "an uppercase letter",
            Self::Digit => "a digit",
            Self::Symbol => "a punctuation mark, space or other symbol",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::CharacterClass::{Digit, Lower, Symbol, Upper};

    #[test]
    fn every_script_has_its_kinds() {
        for (class, members) in [(Lower, "aßжσ"), (Upper, "AẞЖΣ"), (Digit, "0٣५²"), (Symbol, "!_ \u{a0}\u{3000}€~«😀+")]
        {
            for c in members.chars() {
                let of: Vec<_> = [Lower, Upper, Digit, Symbol].into_iter().filter(|class| class.holds(c)).collect();
                assert_eq!(of, [class], "{c:?}");
            }
        }
        for c in "界ש\u{301}\0\n\u{200d}".chars() {
            assert!(![Lower, Upper, Digit, Symbol].iter().any(|class| class.holds(c)), "{c:?}");
        }
    }
}
