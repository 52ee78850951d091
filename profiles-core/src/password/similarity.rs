//! Whether a password resembles something about its owner: the rule of Django's `UserAttributeSimilarityValidator`.

use zeroize::Zeroizing;

use super::PasswordContext;
use crate::model::is_word;

/// The first of the owner's attributes that the password resembles, in Django's words.
pub(super) fn resembled_attribute(password: &str, about: &PasswordContext<'_>) -> Option<&'static str> {
    let password = Letters::of(&Zeroizing::new(password.to_lowercase()));
    let attributes = [
        ("username", about.username),
        ("first name", about.first_name),
        ("last name", about.last_name),
        ("email address", about.email),
    ];
    attributes.into_iter().find(|(_, value)| password.resemble_part_of(value)).map(|(name, _)| name)
}

/// The code points of a text, sorted: all that `SequenceMatcher.quick_ratio` looks at.
struct Letters(Zeroizing<Vec<char>>);

impl Letters {
    fn of(text: &str) -> Self {
        // Collecting would leave pieces of the password behind each time the vector grows.
        let mut letters = Zeroizing::new(Vec::with_capacity(text.len()));
        letters.extend(text.chars());
        letters.sort_unstable();
        Self(letters)
    }

    /// Compares with the whole value and with its words (Python's `re.split(r"\W+", ..)`), case ignored.
    ///
    /// Empty words are passed over, so that an empty password resembles nothing. Django calls it similar to a value that
    /// begins or ends with a separator, which nobody sees: blank passwords are refused before.
    fn resemble_part_of(&self, value: &str) -> bool {
        let value = value.to_lowercase();
        let words = value.split(|c| !is_word(c));
        words.chain([value.as_str()]).any(|part| !part.is_empty() && self.resemble(part))
    }

    /// Whether `quick_ratio() >= 0.7`, where the ratio is twice the letters in common over the letters in total.
    ///
    /// In whole numbers: Django's floating-point comparison gives the same answer up to 10^15 letters.
    fn resemble(&self, part: &str) -> bool {
        // A part this short can't reach 0.7; Django leaves it out for speed, and so it bounds the work here too.
        if self.0.len() >= 10 * part.chars().count() {
            return false;
        }
        let part = Self::of(part);
        20 * self.in_common(&part) >= 7 * (self.0.len() + part.0.len())
    }

    /// The size of the intersection, each letter as often as it is in both.
    fn in_common(&self, other: &Self) -> usize {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut count = 0;
        while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
            let order = our.cmp(their);
            if order.is_eq() {
                count += 1;
            }
            if order.is_le() {
                ours.next();
            }
            if order.is_ge() {
                theirs.next();
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resembled(password: &str, username: &str) -> bool {
        resembled_attribute(password, &PasswordContext { username, ..PasswordContext::default() }).is_some()
    }

    #[test]
    fn seven_tenths_in_common_are_too_many() {
        // 7 of 10 and 10 letters in common: exactly 0.7.
        assert!(resembled("abcdefgXYZ", "abcdefg123"));
        assert!(!resembled("abcdefWXYZ", "abcdefg123"));
    }

    #[test]
    fn neither_order_nor_case_matters() {
        assert!(resembled("ECALEVOL", "lovelace"));
        assert!(resembled("straSSenbau", "Strassenbau"));
    }

    #[test]
    fn a_word_of_the_value_is_enough() {
        let about = PasswordContext { email: "ada@analytical-engine.example", ..PasswordContext::default() };
        assert_eq!(resembled_attribute("analytical!", &about), Some("email address"));
    }

    #[test]
    fn the_first_attribute_is_told() {
        let about = PasswordContext {
            username: "x",
            first_name: "Augusta",
            last_name: "Augusta",
            email: "augusta@example.com",
        };
        assert_eq!(resembled_attribute("augusta1", &about), Some("first name"));
    }

    #[test]
    fn nothing_resembles_what_is_empty() {
        assert!(!resembled("some password", "") && !resembled("", "...") && !resembled("", ""));
    }
}
