//! Finding the profiles that contain a term without reading them all.
//!
//! Of each profile two things are kept beside its row, in the same batch:
//!
//! - its **texts**: username and city, folded as `ProfileFilter` compares them, those of 128 profiles in one sheet, which is
//!   searched as one text. They tell whether a profile contains a term, and 128 of them cost one look-up, where rows cost two
//!   each.
//! - its **grams**: every three letters that follow each other in the one or the other. For each gram and each chunk of
//!   8,192 profiles there are postings, which say who contains it. A profile that contains a term contains all the
//!   term's grams, so the postings of those, one upon the other, leave few whose texts must be looked at; none, if the
//!   term has three letters.
//!
//! What is indexed of a profile is known from its texts, so a change writes the postings of those grams alone that came
//! or went.

mod by_name;
mod check;
mod chunks;
mod gram;
mod lookup;
mod packed;
mod postings;
mod rebuild;
mod sheets;
mod texts;

use std::collections::BTreeSet;

pub(super) use self::{
    check::{check_chunk, check_postings, check_profile, check_texts},
    gram::Gram,
    lookup::Search,
    postings::PostingsRecord,
    texts::{Texts, TextsRecord},
};
use self::{
    postings::Postings,
    sheets::{Sheet, sheet_of},
};
use super::{
    codec,
    engine::View as _,
    keys,
    place::Place,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    model::{Account, Profile, ProfileId},
    store::{Result, query::folded},
};

/// Profiles in a block: as many as [`Slots`] has bits. Their texts lie together.
const BLOCK: u64 = 128;
/// Blocks in a chunk of postings.
const BLOCKS: u64 = 64;
/// Profiles in a chunk of postings.
const CHUNK: u64 = BLOCK * BLOCKS;

/// Where a profile stands in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    chunk: u64,
    /// In the chunk.
    offset: u16,
    block: u64,
    /// In the block.
    slot: u8,
}

impl Spot {
    fn of(id: ProfileId) -> Self {
        let number = id.get();
        let [.., high, low] = (number % CHUNK).to_be_bytes();
        let [.., slot] = (number % BLOCK).to_be_bytes();
        Self { chunk: number / CHUNK, offset: u16::from_be_bytes([high, low]), block: number / BLOCK, slot }
    }
}

/// The profile in this place of a chunk. Here and below, numbers may be anything that was read, and must not overflow.
fn profile_in(chunk: u64, offset: u16) -> ProfileId {
    ProfileId::new(chunk.wrapping_mul(CHUNK).wrapping_add(offset.into()))
}

/// The profile in this place of a block.
fn profile_at(block: u64, slot: u8) -> ProfileId {
    ProfileId::new(block.wrapping_mul(BLOCK).wrapping_add(slot.into()))
}

/// The block that has this number in a chunk.
fn block_in(chunk: u64, number: u64) -> u64 {
    chunk.wrapping_mul(BLOCKS).wrapping_add(number)
}

/// The chunk that has a profile's postings.
pub(super) fn chunk_of(id: ProfileId) -> u64 {
    Spot::of(id).chunk
}

/// The profiles whose texts may lie in a sheet that lies there, in words.
pub(super) fn of_block(at: ProfileId) -> String {
    of(at, BLOCK)
}

/// The profiles of a chunk, in words.
pub(super) fn of_chunk(chunk: u64) -> String {
    of(profile_in(chunk, 0), CHUNK)
}

/// Those from this one to the end of so many.
fn of(first: ProfileId, size: u64) -> String {
    let first = first.get();
    format!("of profiles {first} to {}", first - first % size + (size - 1))
}

/// Postings, from their pair.
fn read_postings(key: &[u8], value: &[u8]) -> Result<Postings> {
    let record: PostingsRecord = codec::decode(key, value)?;
    Postings::parse(&record).ok_or_else(|| corrupt(format!("{} is not in order", Place::describe(key))))
}

impl Transaction<'_> {
    /// Lets a profile be found by what it says now, and by nothing that it said before.
    pub(super) fn index_profile(&mut self, profile: &Profile) -> Result<()> {
        let (username, city) = (folded(profile.username.as_str()), folded(profile.city.as_str()));
        self.replace_texts(profile.id, Some(Texts::new(&username, &city)))
    }

    /// The same for the profile of an account whose name has changed.
    pub(super) fn index_renamed(&mut self, account: &Account) -> Result<()> {
        let Some(id) = self.profile_id(account.id)? else { return Ok(()) };
        match self.profile(id)? {
            Some(profile) => self.index_profile(&profile),
            None => Err(corrupt(format!("profile {id} is referred to and does not exist"))),
        }
    }

    /// Lets a profile be found by nothing.
    pub(super) fn forget_profile(&mut self, id: ProfileId) -> Result<()> {
        self.replace_texts(id, None)
    }

    fn replace_texts(&mut self, id: ProfileId, texts: Option<Texts<'_>>) -> Result<()> {
        let spot = Spot::of(id);
        let sheet = sheet_of(self, id)?;
        let mut record = sheet.as_ref().map(Sheet::read).transpose()?.unwrap_or_default();
        let former = record.replace(spot.slot, texts);
        if former == texts {
            return Ok(());
        }
        let at = sheet.as_ref().map_or_else(|| profile_at(spot.block, 0), |sheet| sheet.at);
        self.put_sheets(at, record)?;
        let grams = |texts: Option<Texts<'_>>| texts.iter().flat_map(Texts::grams).collect::<BTreeSet<_>>();
        let (former, present) = (grams(former), grams(texts));
        for gram in former.symmetric_difference(&present) {
            self.post(*gram, spot, present.contains(gram))?;
        }
        Ok(())
    }

    /// Notes whether the profile there contains this gram.
    fn post(&mut self, gram: Gram, spot: Spot, contains: bool) -> Result<()> {
        let key = keys::postings(gram, spot.chunk);
        let stored = self.get(&key)?;
        let mut postings = stored.map_or(Ok(Postings::default()), |value| read_postings(&key, &value))?;
        postings.set(spot.offset, contains);
        if postings.is_empty() {
            self.remove(key);
            Ok(())
        } else {
            self.put(key, &postings.record())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_a_spot_of_its_own() {
        for number in [0, 1, 127, 128, 8191, 8192, 8193, 1 << 40, u64::MAX] {
            let id = ProfileId::new(number);
            let spot = Spot::of(id);
            assert_eq!(profile_in(spot.chunk, spot.offset), id);
            assert_eq!(profile_at(spot.block, spot.slot), id);
            assert_eq!(block_in(spot.chunk, u64::from(spot.offset) / BLOCK), spot.block);
        }
        assert_eq!(of_block(ProfileId::new(128)), "of profiles 128 to 255");
        assert_eq!(of_block(ProfileId::new(200)), "of profiles 200 to 255");
        assert_eq!(of_chunk(u64::MAX / CHUNK), format!("of profiles {} to {}", u64::MAX - 8191, u64::MAX));
        assert_eq!(of_chunk(1), "of profiles 8192 to 16383");
    }
}
