//! What a search has found, in the order of names.
//!
//! The index is in the order of ids. So all that is found is gone through for each part, and the names of no more than it
//! needs are kept: one pass, by texts, whose cost is that of a count. A part that starts deep inside takes a pass for each
//! ten thousand names before it, so that memory stays small.

use std::collections::BTreeMap;

use super::{
    lookup::{Found, Search},
    postings::bit,
    profile_at,
    sheets::sheets_in,
};
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
        let mut nearest = Nearest { way, from, most, names: BTreeMap::new() };
        for found in self.found(0..u64::MAX, Way::Up) {
            let Found { block, shown } = found?;
            let sheets = if shown == 0 { None } else { Some(sheets_in(self.view, block..=block, Way::Up)) };
            for sheet in sheets.into_iter().flatten() {
                let sheet = sheet?;
                for (slot, texts) in sheet.read()?.iter().filter(|(slot, _)| shown & bit(*slot) != 0) {
                    nearest.offer(texts.username, profile_at(block, slot));
                }
            }
        }
        let names = nearest.names.into_iter();
        Ok(if way == Way::Up { names.collect() } else { names.rev().collect() })
    }
}

/// The first names in an order that were offered.
struct Nearest<'a> {
    way: Way,
    /// They are beyond this one.
    from: Option<&'a str>,
    /// And so many at most.
    most: usize,
    names: BTreeMap<String, ProfileId>,
}

impl Nearest<'_> {
    fn offer(&mut self, name: &str, id: ProfileId) {
        let is_beyond = |limit: &str| if self.way == Way::Up { name > limit } else { name < limit };
        if self.from.is_some_and(|from| !is_beyond(from)) {
            return;
        }
        if self.names.len() == self.most {
            let farthest = if self.way == Way::Up { self.names.last_entry() } else { self.names.first_entry() };
            let Some(farthest) = farthest.filter(|farthest| !is_beyond(farthest.key())) else { return };
            farthest.remove();
        }
        self.names.insert(name.to_owned(), id);
    }
}
