//! What does not fit in the index.
//!
//! Rows are compared with texts, both ways, and texts with postings: those that the texts of a chunk should have with
//! those that are there, and each that is there with the texts of somebody whom it names.

use super::{
    BLOCKS, Gram, Postings, PostingsRecord, Spot, Texts, TextsRecord, block_in, profile_at, profile_in, read_postings,
    read_texts, rebuild::postings_of, texts_in,
};
use crate::{
    model::Profile,
    store::{
        Result,
        query::folded,
        sled::{engine::View, keys, place::Place, rows::Rows as _},
    },
};

/// What does not fit about a profile, if anything.
pub(in crate::store::sled) fn check_profile(view: &dyn View, profile: &Profile) -> Result<Option<String>> {
    let spot = Spot::of(profile.id);
    let (username, city) = (folded(profile.username.as_str()), folded(profile.city.as_str()));
    let stored = texts_in(view, spot.block)?;
    let block = stored.as_ref().map_or(Ok(TextsRecord::default()), |value| read_texts(spot.block, value))?;
    Ok(match block.get(spot.slot) {
        Some(texts) if texts == Texts::new(&username, &city) => None,
        Some(_) => Some(format!("profile {} is searched by other texts than its own", profile.id)),
        None => Some(format!("profile {} can't be searched for", profile.id)),
    })
}

/// What does not fit about the texts of a block, which were read at `what`.
pub(in crate::store::sled) fn check_texts(
    view: &dyn View,
    what: &str,
    block: u64,
    texts: &TextsRecord<'_>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if texts.is_empty() || !texts.is_in_order() {
        found.push(format!("{what} is not in order"));
    }
    for (slot, _) in texts.iter() {
        let id = profile_at(block, slot);
        if !view.has(&keys::profile(id))? {
            found.push(format!("{what} has profile {id}, which does not exist"));
        }
    }
    Ok(found)
}

/// What the postings of a chunk lack or have too much, by its texts.
pub(in crate::store::sled) fn check_chunk(view: &dyn View, block: u64) -> Result<Vec<String>> {
    let chunk = block / BLOCKS;
    let mut blocks = Vec::new();
    for block in (0..BLOCKS).map(|number| block_in(chunk, number)) {
        blocks.extend(texts_in(view, block)?.map(|value| (block, value)));
    }
    let mut expected = Vec::new();
    for (block, value) in &blocks {
        let texts = read_texts(*block, value)?;
        let ids = texts.iter().map(|(slot, texts)| (profile_at(*block, slot), texts));
        expected.extend(ids.map(|(id, texts)| (Spot::of(id), texts)));
    }
    let mut found = Vec::new();
    for (gram, expected) in postings_of(expected.into_iter()) {
        let key = keys::postings(gram, chunk);
        let what = Place::describe(&key);
        let there = view.get(&key)?.map_or(Ok(Postings::default()), |value| read_postings(&key, &value))?;
        if let Some(offset) = expected.without(&there).offsets().next() {
            found.push(format!("{what} leaves out profile {}", profile_in(chunk, offset)));
        }
        if let Some(offset) = there.without(&expected).offsets().next() {
            found.push(format!("{what} names profile {}, which does not contain it", profile_in(chunk, offset)));
        }
    }
    Ok(found)
}

/// What does not fit about postings, if anything: the first of them is looked at. If it fits, the texts have the gram, and
/// [`check_chunk`] compares the rest.
pub(in crate::store::sled) fn check_postings(
    view: &dyn View,
    gram: Gram,
    chunk: u64,
    record: &PostingsRecord<'_>,
) -> Result<Option<String>> {
    let what = Place::describe(&keys::postings(gram, chunk));
    let Some(postings) = Postings::parse(record).filter(|postings| !postings.is_empty()) else {
        return Ok(Some(format!("{what} is not in order")));
    };
    let Some(offset) = postings.offsets().next() else { return Ok(None) };
    let id = profile_in(chunk, offset);
    let spot = Spot::of(id);
    let stored = texts_in(view, spot.block)?;
    let block = stored.as_ref().map_or(Ok(TextsRecord::default()), |value| read_texts(spot.block, value))?;
    let contains = block.get(spot.slot).is_some_and(|texts| texts.grams().any(|there| there == gram));
    Ok((!contains).then(|| format!("{what} names profile {id}, which does not contain it")))
}
