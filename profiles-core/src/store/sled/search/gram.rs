//! Three letters.

use std::fmt;

/// Three code points that follow each other in a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store::sled) struct Gram([char; 3]);

impl Gram {
    /// Those of a text, from its beginning to its end. A text of two letters has none.
    pub(in crate::store::sled) fn all(text: &str) -> impl Iterator<Item = Self> {
        let (first, second, third) = (text.chars(), text.chars().skip(1), text.chars().skip(2));
        first.zip(second).zip(third).map(|((first, second), third)| Self([first, second, third]))
    }

    /// The text as one; `None` if it has not just three code points.
    pub(in crate::store::sled) fn parse(text: &str) -> Option<Self> {
        let mut all = Self::all(text);
        all.next().filter(|_| all.next().is_none())
    }
}

impl fmt::Display for Gram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{letter}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_those_that_it_contains() {
        let grams = |text| Gram::all(text).map(|gram| gram.to_string()).collect::<Vec<_>>();
        assert_eq!(grams("жan𐐨a"), ["жan", "an𐐨", "n𐐨a"]);
        assert_eq!(grams("aaaa"), ["aaa", "aaa"]);
        assert_eq!(grams("ab"), [""; 0]);
        assert_eq!(Gram::parse("жan"), Gram::all("жan").next());
        assert_eq!((Gram::parse("ab"), Gram::parse("abcd")), (None, None));
    }
}
