//! From terms to profiles.

use std::iter;

use super::{
    Gram, Postings, Spot, TextsRecord, block_in, postings::slots, profile_at, read_postings, read_texts, texts_in,
};
use crate::{
    model::{Profile, ProfileId},
    store::{
        ProfileFilter, Result, Rows, Slice, Start,
        query::{FoldedTerms, folded},
        sled::{
            engine::View,
            keys,
            place::Place,
            rows::{Rows as _, corrupt},
        },
    },
};

/// Grams at most whose postings are read. More leave hardly fewer profiles, and a search can be as long as its sender
/// likes.
const MOST_GRAMS: usize = 32;

/// A search for profiles that contain every one of some terms.
pub(in crate::store::sled) struct Search<'a> {
    view: &'a dyn View,
    terms: FoldedTerms,
    /// Of all terms.
    grams: Vec<Gram>,
    /// Whether who has the grams has the terms: they are the same.
    exact: bool,
}

/// Profiles of one block that are shown: a bit for each slot.
struct Found {
    block: u64,
    shown: u32,
}

impl<'a> Search<'a> {
    /// `None` if the filter leaves nobody out.
    pub(in crate::store::sled) fn new(view: &'a dyn View, filter: &ProfileFilter) -> Option<Self> {
        let terms = filter.folded();
        if terms.0.is_empty() {
            return None;
        }
        let mut grams: Vec<_> = terms.0.iter().flat_map(|term| Gram::all(term)).collect();
        grams.sort();
        grams.dedup();
        let exact = grams.len() <= MOST_GRAMS && terms.0.iter().all(|term| Gram::parse(term).is_some());
        grams.truncate(MOST_GRAMS);
        Some(Self { view, terms, grams, exact })
    }

    pub(in crate::store::sled) fn count(&self) -> Result<u64> {
        let mut count = 0;
        for found in self.found(ProfileId::new(0)) {
            count += u64::from(found?.shown.count_ones());
        }
        Ok(count)
    }

    /// A part of the list, in the order of ids.
    pub(in crate::store::sled) fn list(&self, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        let (mut skip, from) = match slice.start {
            Start::Skip(count) => (count, Some(0)),
            Start::After(id) => (0, id.get().checked_add(1)),
        };
        let mut rows = Vec::new();
        let Some(from) = from else { return Ok(Rows { rows, more: false }) };
        for found in self.found(ProfileId::new(from)) {
            let Found { block, shown } = found?;
            if skip >= u64::from(shown.count_ones()) {
                skip -= u64::from(shown.count_ones());
                continue;
            }
            for slot in slots(shown).skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
                // The row may have changed since the index was read.
                let profile = self.view.profile(profile_at(block, slot))?;
                let Some(profile) = profile.filter(|profile| self.shows(profile)) else { continue };
                if rows.len() == slice.limit {
                    return Ok(Rows { rows, more: true });
                }
                rows.push(profile);
            }
            skip = 0;
        }
        Ok(Rows { rows, more: false })
    }

    fn shows(&self, profile: &Profile) -> bool {
        self.terms.show(&folded(profile.username.as_str()), &folded(profile.city.as_str()))
    }

    /// The blocks that have any, ascending, from this profile on.
    fn found(&self, from: ProfileId) -> impl Iterator<Item = Result<Found>> {
        let from = Spot::of(from);
        let found: Box<dyn Iterator<Item = Result<Found>> + '_> = if self.grams.is_empty() {
            Box::new(self.view.scan(keys::search_texts_from(from.block)).map(|pair| {
                let (key, value) = pair?;
                let Some(Place::SearchTexts(block)) = Place::parse(&key) else {
                    return Err(corrupt(Place::describe(&key)));
                };
                Ok(Found { block, shown: self.shown(&read_texts(block, &value)?, u32::MAX) })
            }))
        } else {
            Box::new(self.chunks(from.chunk).flat_map(move |chunk| self.in_chunk(chunk, from.block)))
        };
        found.map(move |found| {
            let mut found = found?;
            if found.block == from.block {
                found.shown &= u32::MAX << from.slot;
            }
            Ok(found)
        })
    }

    /// Those of the texts' profiles that are among these slots and contain the terms.
    fn shown(&self, texts: &TextsRecord<'_>, among: u32) -> u32 {
        let bits = texts.iter().map(|(slot, texts)| {
            let bit = among & 1_u32.checked_shl(slot.into()).unwrap_or_default();
            if bit != 0 && self.terms.show(texts.username, texts.city) { bit } else { 0 }
        });
        bits.fold(0, |shown, bit| shown | bit)
    }

    /// The chunks with profiles that have all the grams, ascending, from this one on.
    fn chunks(&self, from: u64) -> impl Iterator<Item = Result<(u64, Postings)>> {
        let mut next = Some(from);
        iter::from_fn(move || {
            let candidates = self.candidates(next?).transpose()?;
            // Behind the last chunk there is none, and behind an error nothing is looked for.
            next = candidates.as_ref().ok().and_then(|(chunk, _)| chunk.checked_add(1));
            Some(candidates)
        })
    }

    /// The first chunk from this one on with profiles that have all the grams.
    fn candidates(&self, mut chunk: u64) -> Result<Option<(u64, Postings)>> {
        'chunk: loop {
            let mut all: Option<Postings> = None;
            for gram in &self.grams {
                let Some((there, postings)) = self.next_postings(*gram, chunk)? else { return Ok(None) };
                match &mut all {
                    Some(_) if there > chunk => {
                        chunk = there;
                        continue 'chunk;
                    }
                    Some(all) => all.intersect(&postings),
                    None => {
                        chunk = there;
                        all = Some(postings);
                    }
                }
                if all.as_ref().is_some_and(Postings::is_empty) {
                    let Some(next) = chunk.checked_add(1) else { return Ok(None) };
                    chunk = next;
                    continue 'chunk;
                }
            }
            return Ok(all.map(|all| (chunk, all)));
        }
    }

    /// The postings of a gram in the first chunk from this one on that has any.
    fn next_postings(&self, gram: Gram, chunk: u64) -> Result<Option<(u64, Postings)>> {
        let Some(pair) = self.view.scan(keys::postings_from(gram, chunk)).next() else { return Ok(None) };
        let (key, value) = pair?;
        let Some(Place::Postings(_, there)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
        Ok(Some((there, read_postings(&key, &value)?)))
    }

    /// The blocks of a chunk, from this one on.
    fn in_chunk(&self, chunk: Result<(u64, Postings)>, from: u64) -> Box<dyn Iterator<Item = Result<Found>> + '_> {
        let (chunk, candidates) = match chunk {
            Ok(candidates) => candidates,
            Err(error) => return Box::new(iter::once(Err(error))),
        };
        let blocks = candidates.blocks().map(move |(block, slots)| (block_in(chunk, block), slots));
        let blocks = blocks.skip_while(move |(block, _)| *block < from);
        Box::new(blocks.map(|(block, slots)| {
            if self.exact {
                return Ok(Found { block, shown: slots });
            }
            let stored = texts_in(self.view, block)?;
            let shown = match &stored {
                Some(value) => self.shown(&read_texts(block, value)?, slots),
                // They went since the postings were read.
                None => 0,
            };
            Ok(Found { block, shown })
        }))
    }
}
