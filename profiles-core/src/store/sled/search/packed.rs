//! The texts of a block of profiles as they are stored: so that a term is looked for in all of them at once.

use std::borrow::Cow;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use super::texts::Texts;

/// Bytes of a piece's length, and of the slots whose text it is.
const PIECE: usize = 6;

/// The usernames of a block, each a piece, and behind them its cities, each once however many profiles say it.
///
/// The pieces stand one behind the other in one text, which is searched in one go; where a term is found says in which
/// piece it is, and so of which profiles.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PackedTexts<'a> {
    /// How many pieces are usernames. The others are cities.
    names: u8,
    /// Of each piece its length in bytes, and a bit for each slot that it belongs to; the lower bytes come first.
    #[serde(borrow)]
    pieces: Cow<'a, [u8]>,
    #[serde(borrow)]
    text: Cow<'a, [u8]>,
}

/// A piece: how long it is, and the slots that it belongs to.
#[derive(Clone, Copy)]
struct Piece {
    length: usize,
    slots: u32,
}

impl<'a> PackedTexts<'a> {
    /// Those of profiles, each with its slot. A text is under 64 KiB, because a value is.
    pub(super) fn of(texts: &[(u8, Texts<'a>)]) -> Self {
        let bit = |slot: u8| 1_u32.checked_shl(slot.into()).unwrap_or_default();
        let mut pieces: Vec<(&str, u32)> = texts.iter().map(|(slot, texts)| (texts.username, bit(*slot))).collect();
        let names = pieces.len();
        for (slot, texts) in texts {
            match pieces.iter_mut().skip(names).find(|(city, _)| *city == texts.city) {
                Some((_, slots)) => *slots |= bit(*slot),
                None => pieces.push((texts.city, bit(*slot))),
            }
        }
        let table = pieces.iter().flat_map(|(text, slots)| {
            let [low, high] = u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes();
            let [first, second, third, fourth] = slots.to_le_bytes();
            [low, high, first, second, third, fourth]
        });
        Self {
            names: u8::try_from(names).unwrap_or(u8::MAX),
            pieces: table.collect(),
            text: pieces.iter().flat_map(|(text, _)| text.bytes()).collect(),
        }
    }

    fn pieces(&self) -> impl Iterator<Item = Piece> {
        let (pieces, _) = self.pieces.as_chunks::<PIECE>();
        pieces.iter().map(|&[low, high, first, second, third, fourth]| Piece {
            length: u16::from_le_bytes([low, high]).into(),
            slots: u32::from_le_bytes([first, second, third, fourth]),
        })
    }

    /// The texts of each profile. `None` for what [`PackedTexts::of`] does not make, or was not read from bytes.
    pub(super) fn unpack(self) -> Option<Vec<(u8, Texts<'a>)>> {
        let Cow::Borrowed(mut rest) = self.text else { return None };
        let mut texts = Vec::new();
        for piece in self.pieces() {
            let (text, behind) = rest.split_at_checked(piece.length)?;
            texts.push((std::str::from_utf8(text).ok()?, piece.slots));
            rest = behind;
        }
        let (names, cities) = texts.split_at_checked(self.names.into())?;
        let all = |texts: &[(&str, u32)]| texts.iter().fold(0, |all, (_, slots)| all | slots);
        let claimed: u32 = cities.iter().map(|(_, slots)| slots.count_ones()).sum();
        let fits = rest.is_empty()
            && self.pieces.len().is_multiple_of(PIECE)
            && all(names) == all(cities)
            && claimed == all(cities).count_ones();
        let city = |slot| cities.iter().find(|(_, slots)| slots & slot != 0 || slot == 0).map(|(city, _)| *city);
        let unpacked = names.iter().map(|(username, slot)| {
            // A bit that is not there is the slot of nobody, and whoever reads this on says so.
            let [number, ..] = slot.trailing_zeros().to_le_bytes();
            Some((number, Texts::new(username, city(*slot)?)))
        });
        unpacked.collect::<Option<Vec<_>>>().filter(|_| fits)
    }

    /// The slots of the profiles that have this in their username or their city.
    pub(super) fn containing(&self, term: &Finder<'_>) -> u32 {
        let length = term.needle().len();
        let (mut slots, mut from) = (0, 0);
        // The piece that was reached, and where it ends.
        let (mut pieces, mut piece, mut end) = (self.pieces(), 0, 0);
        while let Some(found) = self.text.get(from..).and_then(|rest| term.find(rest)) {
            let at = from + found;
            while end <= at {
                let Some(next) = pieces.next() else { return slots };
                (piece, end) = (next.slots, end + next.length);
            }
            if at + length <= end {
                slots |= piece;
                from = end;
            } else {
                // It begins in one text and ends in another.
                from = at + 1;
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::store::sled::codec;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![3 => "[abж]{0,6}", 1 => Just(String::new()), 1 => "\\PC{0,12}"]
    }

    proptest! {
        #[test]
        fn a_term_is_found_in_those_that_contain_it(
            all in vec(prop::option::of((text(), text())), 32),
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
                let expected = expected.fold(0, |slots, (slot, _)| slots | 1_u32 << slot);
                prop_assert_eq!(read.containing(&Finder::new(term)), expected, "{}", term);
            }
            prop_assert_eq!(read.unpack(), Some(texts));
        }
    }

    #[test]
    fn what_nothing_has_packed_is_refused() {
        let texts = [(0, Texts::new("ada", "london")), (3, Texts::new("bob", "london"))];
        let unpacked = |packed: &PackedTexts<'_>| {
            let stored = codec::encode(packed).unwrap();
            let read: PackedTexts<'_> = codec::decode(b"", &stored).unwrap();
            read.unpack().is_some_and(|unpacked| unpacked == texts)
        };
        assert!(unpacked(&PackedTexts::of(&texts)));
        // Names: a length too many, a city of nobody's, somebody without one, somebody with two, half a letter.
        let ways: [fn(&mut PackedTexts<'_>); 7] = [
            |packed| packed.names = 9,
            |packed| packed.text.to_mut().push(b'x'),
            |packed| packed.pieces.to_mut().push(0),
            |packed| packed.pieces.to_mut()[2 * PIECE + 2] = 0xff,
            |packed| packed.pieces.to_mut()[2 * PIECE + 2] = 1,
            |packed| packed.pieces.to_mut().extend([0, 0, 1, 0, 0, 0]),
            |packed| packed.text.to_mut()[2] = 0xd0,
        ];
        for spoil in ways {
            let mut packed = PackedTexts::of(&texts);
            spoil(&mut packed);
            assert!(!unpacked(&packed), "{packed:?}");
        }
    }
}
