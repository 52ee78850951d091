//! Where the texts of profiles lie.
//!
//! Those of a block lie in one value, a **sheet**; where they are long, in several, because the engine works best with values
//! of some kilobytes. A sheet has the texts of the profiles from the one that it lies at up to the next sheet, or to the end
//! of the block. The first may lie anywhere before the first profile of the block that there is.
//!
//! A sheet that becomes too long is halved. Two are never made one, and one without profiles goes: so texts only ever move
//! to a sheet behind their own, and who reads sheet after sheet meanwhile misses none. They may be met twice then
//! ([`super::lookup`] sees to it).

use std::ops::RangeInclusive;

use super::{Spot, TextsRecord, packed::PackedTexts, profile_at};
use crate::{
    model::ProfileId,
    store::{
        Result,
        query::Way,
        sled::{
            codec,
            engine::{Bytes, Pair, View},
            keys,
            place::Place,
            rows::{Rows as _, corrupt},
            transaction::Transaction,
        },
    },
};

/// Bytes of text that a sheet may have. Each city counts as often as profiles say it, and is kept once. Few in unit tests,
/// so that there are many sheets.
const MOST: usize = if cfg!(test) { 48 } else { 6 * 1024 };

/// A sheet as it was read.
pub(super) struct Sheet {
    /// Where it lies: none of its profiles comes before this one.
    pub(super) at: ProfileId,
    value: Bytes,
}

impl Sheet {
    pub(super) fn parse((key, value): Pair) -> Result<Self> {
        let at = keys::profile_of_texts(&key).ok_or_else(|| corrupt(Place::describe(&key)))?;
        Ok(Self { at, value })
    }

    pub(super) fn block(&self) -> u64 {
        Spot::of(self.at).block
    }

    pub(super) fn read(&self) -> Result<TextsRecord<'_>> {
        codec::decode_named(|| self.describe(), &self.value)
    }

    /// The same as they are stored, to look for terms in them.
    pub(super) fn packed(&self) -> Result<PackedTexts<'_>> {
        codec::decode_named(|| self.describe(), &self.value)
    }

    fn describe(&self) -> String {
        Place::describe(&keys::search_texts(self.at))
    }
}

/// The last slot of a block.
const LAST: u8 = 127;

/// The sheets of these blocks.
pub(super) fn sheets_in<V: View + ?Sized>(
    view: &V,
    blocks: RangeInclusive<u64>,
    way: Way,
) -> impl Iterator<Item = Result<Sheet>> {
    let ids = profile_at(*blocks.start(), 0)..=profile_at(*blocks.end(), LAST);
    view.walk(keys::search_texts_in(ids), way).map(|pair| Sheet::parse(pair?))
}

/// The sheet that this profile is in, if it is in any; the one that it would be put into.
pub(super) fn sheet_of<V: View + ?Sized>(view: &V, id: ProfileId) -> Result<Option<Sheet>> {
    let first = profile_at(Spot::of(id).block, 0);
    let mut sheets = view.walk(keys::search_texts_in(first..=id), Way::Down);
    sheets.next().map(|pair| Sheet::parse(pair?)).transpose()
}

impl Transaction<'_> {
    /// Puts these texts, of profiles of one block, into a sheet that lies there, and what is too much for it into others
    /// behind it.
    pub(super) fn put_sheets(&mut self, at: ProfileId, texts: TextsRecord<'_>) -> Result<()> {
        let block = Spot::of(at).block;
        if texts.is_empty() {
            self.remove(keys::search_texts(at));
            return Ok(());
        }
        for (number, part) in texts.divided(MOST).into_iter().enumerate() {
            let first = part.first().filter(|_| number > 0).map(|slot| profile_at(block, slot));
            self.put(keys::search_texts(first.unwrap_or(at)), &part)?;
        }
        Ok(())
    }
}
