//! What profiles are searched by.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Gram, packed::PackedTexts};

/// The texts of one profile, folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::sled) struct Texts<'a> {
    pub(super) username: &'a str,
    pub(super) city: &'a str,
}

impl<'a> Texts<'a> {
    pub(in crate::store::sled) fn new(username: &'a str, city: &'a str) -> Self {
        Self { username, city }
    }

    /// The grams of either; some may come twice.
    pub(super) fn grams(&self) -> impl Iterator<Item = Gram> {
        Gram::all(self.username).chain(Gram::all(self.city))
    }
}

/// The texts of some profiles of a block, each with its slot, in their order. On the disk they are [`PackedTexts`].
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::store::sled) struct TextsRecord<'a>(Vec<(u8, Texts<'a>)>);

impl Serialize for TextsRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PackedTexts::of(&self.0).serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextsRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let packed = PackedTexts::deserialize(deserializer)?;
        packed.unpack().map(Self).ok_or_else(|| D::Error::custom("texts that nothing has packed"))
    }
}

impl<'a> TextsRecord<'a> {
    /// Those of profiles in the order of their slots.
    pub(in crate::store::sled) fn new(texts: Vec<(u8, Texts<'a>)>) -> Self {
        Self(texts)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, Texts<'a>)> {
        self.0.iter().copied()
    }

    /// The slot of the first profile.
    pub(super) fn first(&self) -> Option<u8> {
        self.0.first().map(|(slot, _)| *slot)
    }

    pub(super) fn get(&self, slot: u8) -> Option<Texts<'a>> {
        self.iter().find(|(there, _)| *there == slot).map(|(_, texts)| texts)
    }

    /// Puts this in a slot, or takes away what is there; answers what was there.
    pub(super) fn replace(&mut self, slot: u8, texts: Option<Texts<'a>>) -> Option<Texts<'a>> {
        let former = self.get(slot);
        self.0.retain(|(there, _)| *there != slot);
        if let Some(texts) = texts {
            let at = self.0.partition_point(|(there, _)| *there < slot);
            self.0.insert(at, (slot, texts));
        }
        former
    }

    /// Halves these, and their halves, until none of them has more bytes than this, or has one profile alone.
    pub(super) fn divided(mut self, most: usize) -> Vec<Self> {
        let bytes = |(_, texts): &(u8, Texts<'_>)| texts.username.len() + texts.city.len();
        let all: usize = self.0.iter().map(bytes).sum();
        if all <= most || self.0.len() < 2 {
            return vec![self];
        }
        let mut passed = 0;
        let middle = self.0.iter().position(|texts| {
            passed += bytes(texts);
            passed > all / 2
        });
        let behind = self.0.split_off(middle.unwrap_or_default().clamp(1, self.0.len() - 1));
        let mut parts = self.divided(most);
        parts.extend(Self(behind).divided(most));
        parts
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn a_division_has_everybody_once_and_no_more_than_it_may(
            all in vec(("[aж]{0,40}", "[bж]{0,40}"), 1..60), most in 0..900_usize,
        ) {
            let texts = all.iter().map(|(username, city)| Texts::new(username, city));
            let record = TextsRecord::new((0_u8..).zip(texts).collect());
            let expected: Vec<_> = record.iter().collect();
            let parts = record.divided(most);
            prop_assert_eq!(parts.iter().flat_map(TextsRecord::iter).collect::<Vec<_>>(), expected);
            for part in &parts {
                let bytes: usize = part.iter().map(|(_, texts)| texts.username.len() + texts.city.len()).sum();
                prop_assert!(!part.is_empty() && (bytes <= most || part.iter().count() == 1), "{:?}", part);
            }
        }
    }
}
