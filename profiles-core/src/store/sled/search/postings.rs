//! Who contains a gram.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::CHUNK;

/// A bit for each profile of a block.
pub(super) type Slots = u128;

/// [`BLOCKS`](super::BLOCKS), as a length.
const WORDS: usize = 64;

/// [`BLOCK`](super::BLOCK), as a distance.
const WIDTH: u16 = 128;

/// Profiles at most that are listed: more take less room as bits, whatever the gaps between them.
const FEW: u32 = 960;

/// Profiles of one chunk: a bit for each, a word for each block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store::sled) struct Postings(Box<[Slots; WORDS]>);

impl Default for Postings {
    fn default() -> Self {
        Self(Box::new([0; WORDS]))
    }
}

/// [`Postings`] as they are stored, in 1 KiB at most.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store::sled) enum PostingsRecord<'a> {
    /// The first offset, then how far each is from the one before it.
    Few(Vec<u16>),
    /// All bits.
    Many(#[serde(borrow)] Cow<'a, [u8]>),
}

impl Postings {
    /// `None` for what [`Postings::record`] does not write.
    pub(super) fn parse(record: &PostingsRecord<'_>) -> Option<Self> {
        let mut postings = Self::default();
        match record {
            PostingsRecord::Few(gaps) => {
                let mut last = None;
                for gap in gaps {
                    let offset = match last {
                        None => *gap,
                        Some(last) if *gap > 0 => gap.checked_add(last)?,
                        Some(_) => return None,
                    };
                    if u64::from(offset) >= CHUNK {
                        return None;
                    }
                    postings.set(offset, true);
                    last = Some(offset);
                }
            }
            PostingsRecord::Many(bytes) => {
                let (words, []) = bytes.as_chunks() else { return None };
                if words.len() != WORDS {
                    return None;
                }
                for (word, bytes) in postings.0.iter_mut().zip(words) {
                    *word = Slots::from_le_bytes(*bytes);
                }
            }
        }
        Some(postings)
    }

    pub(super) fn record(&self) -> PostingsRecord<'static> {
        if self.count() > FEW {
            let bytes = self.0.iter().flat_map(|word| word.to_le_bytes());
            return PostingsRecord::Many(bytes.collect());
        }
        let mut last = 0;
        let gaps = self.offsets().map(|offset| offset - std::mem::replace(&mut last, offset));
        PostingsRecord::Few(gaps.collect())
    }

    /// Whether the profile at this offset, which lies in the chunk, is one of them.
    pub(super) fn set(&mut self, offset: u16, is: bool) {
        if let Some(word) = self.0.get_mut(usize::from(offset / WIDTH)) {
            let bit = 1 << (offset % WIDTH);
            *word = if is { *word | bit } else { *word & !bit };
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Leaves those that are in both.
    pub(super) fn intersect(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0.iter()) {
            *word &= other;
        }
    }

    /// Those that are in this and not in the other.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        for (word, other) in rest.0.iter_mut().zip(other.0.iter()) {
            *word &= !other;
        }
        rest
    }

    /// Ascending.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u16> {
        (0_u16..)
            .step_by(WIDTH.into())
            .zip(self.0.iter())
            .flat_map(|(first, word)| slots(*word).map(move |slot| first + u16::from(slot)))
    }

    /// The blocks that have any of them, counted in the chunk, each with a bit for each of its slots.
    pub(super) fn blocks(self) -> impl DoubleEndedIterator<Item = (u64, Slots)> {
        let words = *self.0;
        words.into_iter().enumerate().map(|(block, slots)| (block as u64, slots)).filter(|(_, slots)| *slots != 0)
    }
}

/// The bit of a slot; none, of a number that is no slot, and whoever reads this on says so.
pub(super) fn bit(slot: u8) -> Slots {
    Slots::from(1_u8).checked_shl(slot.into()).unwrap_or_default()
}

/// The slots whose bits are set, ascending.
pub(super) fn slots(mut bits: Slots) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let [slot, ..] = bits.trailing_zeros().to_le_bytes();
        if bits == 0 {
            return None;
        }
        bits &= bits - 1;
        Some(slot)
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;
    use crate::store::sled::codec;

    fn postings(offsets: impl IntoIterator<Item = u16>) -> Postings {
        let mut postings = Postings::default();
        offsets.into_iter().for_each(|offset| postings.set(offset, true));
        postings
    }

    /// Any number of them, by one in so many.
    fn some() -> impl Strategy<Value = std::collections::BTreeSet<u16>> {
        prop_oneof![
            btree_set(0..8192_u16, 0..20),
            btree_set(0..8192_u16, 900..1000),
            (1..200_u16).prop_map(|step| (0..8192).step_by(usize::from(step)).collect()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again_and_is_small(offsets in some()) {
            let postings = postings(offsets.iter().copied());
            let stored = codec::encode(&postings.record()).unwrap();
            prop_assert!(stored.len() <= 1024 + 4, "{} bytes", stored.len());
            prop_assert!(stored.len() <= 4 + offsets.len() + 64, "{} bytes", stored.len());
            let read = codec::decode(b"", &stored).unwrap();
            prop_assert_eq!(Postings::parse(&read), Some(postings.clone()));
            prop_assert_eq!(postings.offsets().collect::<Vec<_>>(), offsets.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(postings.count() as usize, offsets.len());
            prop_assert_eq!(postings.is_empty(), offsets.is_empty());
        }
    }

    #[test]
    fn what_was_never_written_is_refused() {
        for gaps in [&[5, 0][..], &[8192], &[8191, 1], &[1, u16::MAX]] {
            assert_eq!(Postings::parse(&PostingsRecord::Few(gaps.to_vec())), None, "{gaps:?}");
        }
        for length in [0, 1008, 1023, 1025, 1040] {
            assert_eq!(Postings::parse(&PostingsRecord::Many(vec![1; length].into())), None, "{length}");
        }
    }

    #[test]
    fn sets_of_profiles_are_cut_and_counted_by_blocks() {
        let mut some = postings([0, 1, 40, 8191]);
        assert_eq!(some.without(&postings([0, 40, 41])), postings([1, 8191]));
        some.intersect(&postings([1, 41, 8191]));
        assert_eq!(some, postings([1, 8191]));
        some.set(1, false);
        some.set(2, false);
        assert_eq!(some.blocks().collect::<Vec<_>>(), [(63, 1 << 127)]);
        assert_eq!(slots(1 << 127 | 5).collect::<Vec<_>>(), [0, 2, 127]);
    }
}
