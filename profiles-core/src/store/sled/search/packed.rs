//! The texts of a sheet of profiles as they are stored: so that a term is looked for in all of them at once.

use std::{borrow::Cow, collections::HashMap};

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::{
    postings::{Slots, bit},
    texts::Texts,
};
use crate::store::query::Way;

/// The cities of a sheet, each once however many profiles say it, and behind them its usernames.
///
/// The texts stand one behind the other, and are searched in one go; where a term is found says in which of them it is, and
/// so of which profiles.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PackedTexts<'a> {
    /// Of each profile its slot, and which of the cities is its own.
    #[serde(borrow)]
    profiles: Cow<'a, [u8]>,
    /// Of each text its length in bytes: two bytes, the lower one first. Cities come in the order in which profiles first name
    /// them, usernames in that of profiles.
    #[serde(borrow)]
    lengths: Cow<'a, [u8]>,
    #[serde(borrow)]
    text: Cow<'a, [u8]>,
}

impl<'a> PackedTexts<'a> {
    /// Those of profiles, each with its slot. A text is under 64 KiB, because a value is.
    pub(super) fn of(texts: &[(u8, Texts<'a>)]) -> Self {
        let mut cities: Vec<&str> = Vec::new();
        let mut known = HashMap::new();
        let mut profiles = Vec::with_capacity(2 * texts.len());
        for (slot, Texts { city, .. }) in texts {
            let number = *known.entry(*city).or_insert_with(|| {
                cities.push(city);
                u8::try_from(cities.len() - 1).unwrap_or(u8::MAX)
            });
            profiles.extend([*slot, number]);
        }
        let all = || cities.iter().copied().chain(texts.iter().map(|(_, texts)| texts.username));
        let lengths = all().flat_map(|text| u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
        Self {
            profiles: profiles.into(),
            lengths: lengths.collect(),
            text: all().flat_map(str::bytes).collect::<Vec<_>>().into(),
        }
    }

    /// Slots, each with the number of a city.
    fn profiles(&self) -> &[[u8; 2]] {
        self.profiles.as_chunks().0
    }

    /// How many cities there are.
    fn cities(&self) -> Option<usize> {
        (self.lengths.len() / 2).checked_sub(self.profiles().len())
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        let (lengths, _) = self.lengths.as_chunks();
        lengths.iter().map(|length| u16::from_le_bytes(*length).into())
    }

    /// The texts of each profile. `None` for what [`PackedTexts::of`] does not make, or was not read from bytes.
    pub(super) fn unpack(self) -> Option<Vec<(u8, Texts<'a>)>> {
        let Cow::Borrowed(mut rest) = self.text else { return None };
        let mut texts = Vec::with_capacity(self.lengths.len() / 2);
        for length in self.lengths() {
            let (text, behind) = rest.split_at_checked(length)?;
            texts.push(std::str::from_utf8(text).ok()?);
            rest = behind;
        }
        let (cities, names) = texts.split_at_checked(self.cities()?)?;
        // As many as profiles say; each is new to the first that says it, or was said before.
        let said = self.profiles().iter().try_fold(0, |said, [_, city]| {
            let city = usize::from(*city);
            (city <= said).then(|| said.max(city + 1))
        })?;
        let is_whole = |bytes: &[u8]| bytes.len().is_multiple_of(2);
        let fits = rest.is_empty() && is_whole(&self.profiles) && is_whole(&self.lengths) && said == cities.len();
        let unpacked = names.iter().zip(self.profiles());
        let unpacked =
            unpacked.map(|(name, [slot, city])| Some((*slot, Texts::new(name, cities.get(usize::from(*city))?))));
        unpacked.collect::<Option<Vec<_>>>().filter(|_| fits)
    }

    /// The slots of the profiles that have this in their username or their city.
    pub(super) fn containing(&self, term: &Finder<'_>) -> Slots {
        let length = term.needle().len();
        let (mut slots, mut from) = (0, 0);
        // How many texts were reached, and where the last of them ends.
        let (mut lengths, mut reached, mut end) = (self.lengths(), 0_usize, 0);
        while let Some(found) = self.text.get(from..).and_then(|rest| term.find(rest)) {
            let at = from + found;
            while end <= at {
                let Some(next) = lengths.next() else { return slots };
                (reached, end) = (reached + 1, end + next);
            }
            if at + length <= end {
                slots |= self.owners(reached - 1);
                from = end;
            } else {
                // It begins in one text and ends in another.
                from = at + 1;
            }
        }
        slots
    }

    /// The slots of the profiles that this text is of.
    fn owners(&self, text: usize) -> Slots {
        let profiles = self.profiles();
        if let Some(name) = text.checked_sub(self.cities().unwrap_or_default()) {
            return profiles.get(name).map_or(0, |[slot, _]| bit(*slot));
        }
        let theirs = profiles.iter().filter(|[_, city]| usize::from(*city) == text);
        theirs.fold(0, |slots, [slot, _]| slots | bit(*slot))
    }

    /// The slots that lie behind nobody who goes that way, once these texts were read.
    pub(super) fn passed(&self, way: Way) -> Slots {
        match (self.profiles(), way) {
            ([.., [last, _]], Way::Up) => bit(*last) | bit(*last).wrapping_sub(1),
            ([[first, _], ..], Way::Down) => !bit(*first).wrapping_sub(1),
            ([], _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::store::sled::{codec, search::BLOCK};

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![3 => "[abж]{0,6}", 1 => Just(String::new()), 1 => "\\PC{0,12}"]
    }

    proptest! {
        #[test]
        fn a_term_is_found_in_those_that_contain_it(
            all in vec(prop::option::of((text(), text())), 0..=128),
            terms in vec(text(), 6),
        ) {
            let texts: Vec<_> = (0_u8..).zip(&all).filter_map(|(slot, texts)| {
                texts.as_ref().map(|(username, city)| (slot, Texts::new(username, city)))
            }).collect();
            let packed = PackedTexts::of(&texts);
            let stored = codec::encode(&packed).unwrap();
            let read: PackedTexts<'_> = codec::decode(b"", &stored).unwrap();
            for term in terms.iter().filter(|term| !term.is_empty()) {
                let expected = texts.iter().filter(|(_, texts)| texts.username.contains(term) || texts.city.contains(term));
                let expected = expected.fold(0, |slots, (slot, _)| slots | 1_u128 << slot);
                prop_assert_eq!(read.containing(&Finder::new(term)), expected, "{}", term);
            }
            let slots = |passed: Slots| (0..BLOCK).filter(|slot| passed >> slot & 1 == 1).collect::<Vec<_>>();
            let (first, last) = (texts.first().map(|(slot, _)| u64::from(*slot)), texts.last().map(|(slot, _)| u64::from(*slot)));
            prop_assert_eq!(slots(read.passed(Way::Up)), last.map_or(vec![], |last| (0..=last).collect()));
            prop_assert_eq!(slots(read.passed(Way::Down)), first.map_or(vec![], |first| (first..BLOCK).collect()));
            prop_assert_eq!(read.unpack(), Some(texts));
        }
    }

    #[test]
    fn what_nothing_has_packed_is_refused() {
        let texts =
            [(0, Texts::new("ada", "london")), (3, Texts::new("bob", "london")), (4, Texts::new("cyd", "rome"))];
        let unpacked = |packed: &PackedTexts<'_>| {
            let stored = codec::encode(packed).unwrap();
            let read: PackedTexts<'_> = codec::decode(b"", &stored).unwrap();
            read.unpack().is_some_and(|unpacked| unpacked == texts)
        };
        assert!(unpacked(&PackedTexts::of(&texts)));
        // Text of nobody's, half a profile, half a length, a city too many, one that is not there, cities in another order,
        // a profile without texts, half a letter.
        let ways: [fn(&mut PackedTexts<'_>); 8] = [
            |packed| packed.text.to_mut().push(b'x'),
            |packed| packed.profiles.to_mut().push(0),
            |packed| packed.lengths.to_mut().push(0),
            |packed| packed.lengths.to_mut().extend([0, 0]),
            |packed| packed.profiles.to_mut()[5] = 2,
            |packed| packed.profiles.to_mut()[1] = 1,
            |packed| packed.profiles.to_mut().extend([5, 0]),
            |packed| packed.text.to_mut()[2] = 0xd0,
        ];
        for spoil in ways {
            let mut packed = PackedTexts::of(&texts);
            spoil(&mut packed);
            assert!(!unpacked(&packed), "{packed:?}");
        }
    }
}
