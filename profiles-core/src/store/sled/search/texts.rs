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

/// The texts of a block of profiles, each with its slot, in their order. On the disk they are [`PackedTexts`].
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

    pub(super) fn get(&self, slot: u8) -> Option<Texts<'a>> {
        self.iter().find(|(there, _)| *there == slot).map(|(_, texts)| texts)
    }

    /// Whether the slots ascend, and are those of a block.
    pub(super) fn is_in_order(&self) -> bool {
        self.0.is_sorted_by(|(one, _), (next, _)| one < next)
            && self.iter().all(|(slot, _)| u64::from(slot) < super::BLOCK)
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
}
