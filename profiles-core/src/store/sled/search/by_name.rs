//! What a search has found, in the order of names.
//!
//! The index is in the order of ids. So all that is found is gone through for each part, and the names of no more than it
//! needs are kept: one pass, by texts, whose cost is that of a count. A part that starts deep inside takes a pass for each
//! ten thousand names before it, so that memory stays small.

use std::collections::BTreeMap;

use super::{lookup::Search, postings::slots, profile_at, read_texts, texts_in};
use crate::{
    model::{Profile, ProfileId},
    store::{
        ProfilePosition, Result, Rows, Slice, Start,
        query::Way,
        sled::rows::{Rows as _, part},
    },
};

/// Names that a pass keeps at most, unless the part itself has more. Few in unit tests, so that they take several passes.
const KEPT: usize = if cfg!(test) { 100 } else { 10_000 };

impl Search<'_> {
    /// A part of the list by name, read that way.
    pub(super) fn list_by_name(&self, way: Way, slice: &Slice<ProfilePosition>) -> Result<Rows<Profile>> {
        let wanted = slice.limit.saturating_add(1);
        let (mut skip, mut from) = match &slice.start {
            Start::Skip(count) => (usize::try_from(*count).unwrap_or(usize::MAX), None),
            Start::After(position) | Start::Before(position) => (0, Some(position.username.as_str().to_owned())),
        };
        loop {
            let most = skip.saturating_add(wanted).min(KEPT.max(wanted));
            let nearest = self.nearest(way, from.as_deref(), most)?;
            if skip.saturating_add(wanted) <= nearest.len() || nearest.len() < most {
                let rows = nearest.into_iter().skip(skip).map(|(name, id)| {
                    // One that was renamed since stands elsewhere by now.
                    let row = self.view.profile(id)?.filter(|profile| self.shows(profile));
                    Ok(row.filter(|profile| profile.username.key().as_str() == name))
                });
                return part(&slice.start, slice.limit, rows);
            }
            let passed = skip.min(nearest.len());
            skip -= passed;
            from = passed.checked_sub(1).and_then(|last| nearest.into_iter().nth(last)).map(|(name, _)| name).or(from);
        }
    }

    /// The first names beyond this one, so many at most, in that order.
    fn nearest(&self, way: Way, from: Option<&str>, most: usize) -> Result<Vec<(String, ProfileId)>> {
        let mut names = BTreeMap::<String, ProfileId>::new();
        for found in self.found(0..u64::MAX, Way::Up) {
            let found = found?;
            let stored = if found.shown == 0 { None } else { texts_in(self.view, found.block)? };
            let Some(stored) = stored else { continue };
            let texts = read_texts(found.block, &stored)?;
            for slot in slots(found.shown) {
                let Some(name) = texts.get(slot).map(|texts| texts.username) else { continue };
                let is_beyond = |limit: &str| if way == Way::Up { name > limit } else { name < limit };
                if from.is_some_and(|from| !is_beyond(from)) {
                    continue;
                }
                if names.len() == most {
                    let farthest = if way == Way::Up { names.last_entry() } else { names.first_entry() };
                    let Some(farthest) = farthest.filter(|farthest| !is_beyond(farthest.key())) else { continue };
                    farthest.remove();
                }
                names.insert(name.to_owned(), profile_at(found.block, slot));
            }
        }
        let names = names.into_iter();
        Ok(if way == Way::Up { names.collect() } else { names.rev().collect() })
    }
}
