//! What is wrong with a password, in words for whoever chose it.

use std::fmt;

use super::CharacterClass;

/// A rule of the policy that a password breaks. `Display` says what to do; of the first four it is Django's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyViolation {
    /// It resembles something about its owner.
    #[error("The password is too similar to the {attribute}.")]
    TooSimilar {
        /// What, in words: `username`, `email address`, ...
        attribute: &'static str,
    },
    /// Fewer than `min` code points.
    #[error("This password is too short. It must contain at least {min} character{}.", if *min == 1 { "" } else { "s" })]
    TooShort {
        /// The least that is allowed.
        min: usize,
    },
    /// It stands in a list of common passwords.
    #[error("This password is too common.")]
    TooCommon,
    /// Digits only.
    #[error("This password is entirely numeric.")]
    EntirelyNumeric,
    /// It stands in the operator's own list.
    #[error("This password is on this site's list of passwords that are easy to guess. Choose another one.")]
    Blocked,
    /// It contains a word that stands for its owner or for the service.
    #[error("This password contains \"{word}\", which others may know of you or of this site. Leave that out.")]
    ContainsWord {
        /// The word, case folded.
        word: String,
    },
    /// It lacks characters of some kinds.
    #[error("This password must also contain {}.", Enumerated(missing))]
    LacksCharacters {
        /// The kinds, in the order of [`CharacterClass`]; never empty.
        missing: Vec<CharacterClass>,
    },
    /// It could be guessed in too few attempts.
    #[error("This password is too easy to guess. {advice}")]
    TooGuessable {
        /// Why, and what would make it better, in sentences.
        advice: String,
    },
}

/// `a`, `a and b`, `a, b and c`.
struct Enumerated<'a>(&'a [CharacterClass]);

impl fmt::Display for Enumerated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, class) in self.0.iter().enumerate() {
            let separator = match place {
                0 => "",
                _ if place + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{class}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CharacterClass::{Digit, Lower, Symbol, Upper},
        *,
    };

    #[test]
    fn kinds_are_told_as_a_sentence() {
        let message =
            |missing: &[CharacterClass]| PolicyViolation::LacksCharacters { missing: missing.to_vec() }.to_string();
        assert_eq!(message(&[Digit]), "This password must also contain a digit.");
        assert_eq!(
            message(&[Lower, Symbol]),
            "This password must also contain a lowercase letter and a punctuation mark, space or other symbol."
        );
        assert_eq!(
            message(&[Lower, Upper, Digit]),
            "This password must also contain a lowercase letter, an uppercase letter and a digit."
        );
    }
}
