//! Making the index anew.

use std::collections::BTreeMap;

use super::{BLOCK, CHUNK, Gram, Postings, Spot, Texts, TextsRecord, profile_at};
use crate::{
    model::ProfileId,
    store::{
        Result,
        query::folded,
        sled::{
            SledStore, codec,
            engine::View as _,
            keys,
            place::Place,
            record::ProfileRecord,
            rows::{Rows as _, corrupt},
            transaction::Transaction,
        },
    },
};

/// Entries that are removed in one command.
const AT_ONCE: usize = 4096;

impl SledStore {
    /// Makes the index for searching profiles anew from their rows; answers how many are in it now. For a database that
    /// is not served: until it is done, searches find less than there is.
    ///
    /// Each step is a durable write, of the profiles of one chunk at most, so that memory does not grow with their number.
    /// If it is broken off, [`verify`](crate::store::Maintenance::verify) tells, and it can be begun again.
    ///
    /// # Errors
    /// What a write answers.
    pub async fn rebuild_search(&self) -> Result<u64> {
        let mut last = None;
        loop {
            let removed = self.write(move |transaction| transaction.remove_index_behind(last)).await?;
            if removed.is_none() {
                break;
            }
            last = removed;
        }
        let (mut profiles, mut after) = (0, None);
        while let Some((last, count)) = self.write(move |transaction| transaction.index_chunk_behind(after)).await? {
            profiles += count;
            after = Some(last);
        }
        Ok(profiles)
    }
}

impl Transaction<'_> {
    /// Removes entries behind this one; answers the last of them.
    fn remove_index_behind(&mut self, key: Option<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        let entries = self.scan(keys::search_behind(key)).take(AT_ONCE);
        let entries = entries.map(|pair| pair.map(|(key, _)| key.to_vec())).collect::<Result<Vec<_>>>()?;
        let last = entries.last().cloned();
        for entry in entries {
            self.remove(entry);
        }
        Ok(last)
    }

    /// Indexes the profiles behind this one that are in the same chunk as the first of them; answers the last, and how many
    /// there were. Nothing of them is in the index yet.
    fn index_chunk_behind(&mut self, after: Option<ProfileId>) -> Result<Option<(ProfileId, u64)>> {
        let mut profiles: Vec<(ProfileId, String, String)> = Vec::new();
        for pair in self.scan(keys::profiles(after.map_or(0, |id| id.get().saturating_add(1))..u64::MAX)) {
            let (key, value) = pair?;
            let Some(Place::Profile(id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
            if profiles.first().is_some_and(|(first, ..)| first.get() / CHUNK != id.get() / CHUNK) {
                break;
            }
            let record: ProfileRecord = codec::decode(&key, &value)?;
            let profile = self.profile_row(id, record)?.ok_or_else(|| corrupt(Place::describe(&key)))?;
            profiles.push((id, folded(profile.username.as_str()), folded(profile.city.as_str())));
        }
        let Some((last, ..)) = profiles.last() else { return Ok(None) };
        let last = *last;
        for block in profiles.chunk_by(|(one, ..), (next, ..)| one.get() / BLOCK == next.get() / BLOCK) {
            let Some((first, ..)) = block.first() else { continue };
            let texts = block.iter().map(|(id, username, city)| (Spot::of(*id).slot, Texts::new(username, city)));
            self.put_sheets(profile_at(Spot::of(*first).block, 0), TextsRecord::new(texts.collect()))?;
        }
        let texts = profiles.iter().map(|(id, username, city)| (Spot::of(*id), Texts::new(username, city)));
        for (gram, postings) in postings_of(texts) {
            self.put(keys::postings(gram, Spot::of(last).chunk), &postings.record())?;
        }
        Ok(Some((last, profiles.len() as u64)))
    }
}

/// The postings that profiles of one chunk should have.
pub(super) fn postings_of<'a>(profiles: impl Iterator<Item = (Spot, Texts<'a>)>) -> BTreeMap<Gram, Postings> {
    let mut all = BTreeMap::<Gram, Postings>::new();
    for (spot, texts) in profiles {
        for gram in texts.grams() {
            all.entry(gram).or_default().set(spot.offset, true);
        }
    }
    all
}
