//! From terms to profiles.

use std::{
    iter,
    ops::{Range, RangeInclusive},
};

use memchr::memmem::Finder;

use super::{
    BLOCK, Gram, Spot,
    chunks::InChunks,
    postings::{Slots, slots},
    profile_at,
    sheets::{Sheet, sheets_in},
};
use crate::{
    model::{Profile, ProfileId},
    store::{
        ProfileFilter, ProfileOrder, ProfilePosition, Result, Rows, Slice, Start,
        query::{FoldedTerms, Way, folded},
        sled::{
            engine::View,
            rows::{Rows as _, beyond, part},
        },
    },
};

/// Grams at most whose postings are read. More leave hardly fewer profiles, and a search can be as long as its sender
/// likes.
const MOST_GRAMS: usize = 32;

/// A search for profiles that contain every one of some terms.
pub(in crate::store::sled) struct Search<'a> {
    pub(super) view: &'a dyn View,
    terms: FoldedTerms,
    /// Looks for each of the terms.
    finders: Vec<Finder<'static>>,
    /// Of all terms.
    pub(super) grams: Vec<Gram>,
    /// Whether who has the grams has the terms: they are the same.
    pub(super) exact: bool,
}

/// Profiles of one block that are shown: a bit for each slot.
pub(in crate::store::sled) struct Found {
    pub(super) block: u64,
    pub(in crate::store::sled) shown: Slots,
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
        let finders = terms.0.iter().map(|term| Finder::new(term).into_owned()).collect();
        Some(Self { view, terms, finders, grams, exact })
    }

    /// How many of the profiles with these ids are shown.
    pub(in crate::store::sled) fn count(&self, ids: Range<u64>) -> Result<u64> {
        let mut count = 0;
        for found in self.found(ids, Way::Up) {
            count += u64::from(found?.shown.count_ones());
        }
        Ok(count)
    }

    /// A part of the list.
    pub(in crate::store::sled) fn list(
        &self,
        order: ProfileOrder,
        slice: &Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        let way = slice.start.way(order.way());
        if order.is_by_username() {
            return self.list_by_name(way, slice);
        }
        let (skip, ids) = match &slice.start {
            Start::Skip(count) => (*count, 0..u64::MAX),
            Start::After(position) | Start::Before(position) => (0, beyond(position.id.get(), way, 0..u64::MAX)),
        };
        part(&slice.start, slice.limit, self.ids(ids, way, skip).map(|id| self.row(id?)))
    }

    /// The profiles that are shown, without the first so many.
    fn ids(&self, ids: Range<u64>, way: Way, mut skip: u64) -> impl Iterator<Item = Result<ProfileId>> {
        self.found(ids, way).flat_map(move |found| {
            let (found, error) = match found {
                Ok(found) => (Some(found), None),
                Err(error) => (None, Some(error)),
            };
            let mut ids = Vec::new();
            if let Some(Found { block, shown }) = found {
                let count = u64::from(shown.count_ones());
                let skipped = skip.min(count);
                skip -= skipped;
                // Most blocks before a deep page are skipped whole.
                if skipped < count {
                    ids.extend(slots(shown).map(|slot| profile_at(block, slot)));
                    if way == Way::Down {
                        ids.reverse();
                    }
                    ids.drain(..usize::try_from(skipped).unwrap_or(usize::MAX).min(ids.len()));
                }
            }
            ids.into_iter().map(Ok).chain(error.map(Err))
        })
    }

    /// A profile, if it is shown: its row may have changed since the index was read.
    fn row(&self, id: ProfileId) -> Result<Option<Profile>> {
        Ok(self.view.profile(id)?.filter(|profile| self.shows(profile)))
    }

    pub(super) fn shows(&self, profile: &Profile) -> bool {
        self.terms.show(&folded(profile.username.as_str()), &folded(profile.city.as_str()))
    }

    /// The blocks that have any of these profiles.
    pub(in crate::store::sled) fn found(&self, ids: Range<u64>, way: Way) -> impl Iterator<Item = Result<Found>> {
        let (first, last) = (Spot::of(ProfileId::new(ids.start)), Spot::of(ProfileId::new(ids.end.saturating_sub(1))));
        let found: Box<dyn Iterator<Item = Result<Found>> + '_> = if ids.is_empty() {
            Box::new(iter::empty())
        } else if self.grams.is_empty() {
            Box::new(self.in_texts(first.block..=last.block, way))
        } else {
            Box::new(InChunks::new(self, first.chunk..=last.chunk, first.block..=last.block, way))
        };
        found.map(move |found| {
            let mut found = found?;
            if found.block == first.block {
                found.shown &= Slots::MAX << first.slot;
            }
            if found.block == last.block {
                found.shown &= Slots::MAX >> (BLOCK - 1 - u64::from(last.slot));
            }
            Ok(found)
        })
    }

    /// Those of these blocks that contain the terms, by their texts alone.
    pub(super) fn in_texts(&self, blocks: RangeInclusive<u64>, way: Way) -> impl Iterator<Item = Result<Found>> {
        self.in_sheets(sheets_in(self.view, blocks, way), way, |_| Slots::MAX)
    }

    /// Those in these sheets that contain the terms and are among the slots of their blocks that `among` answers. A profile
    /// whose texts move to another sheet meanwhile is met twice; it is shown by the first.
    pub(super) fn in_sheets<'s>(
        &'s self,
        sheets: impl Iterator<Item = Result<Sheet>> + 's,
        way: Way,
        mut among: impl FnMut(u64) -> Slots + 's,
    ) -> impl Iterator<Item = Result<Found>> + 's {
        // Of the block that was read last.
        let (mut last, mut passed) = (None, 0);
        sheets.map(move |sheet| {
            let sheet = sheet?;
            let block = sheet.block();
            if last.replace(block) != Some(block) {
                passed = 0;
            }
            let mut shown = among(block) & !passed;
            if shown != 0 {
                let texts = sheet.packed()?;
                for finder in &self.finders {
                    shown &= if shown == 0 { 0 } else { texts.containing(finder) };
                }
                passed |= texts.passed(way);
            }
            Ok(Found { block, shown })
        })
    }
}
