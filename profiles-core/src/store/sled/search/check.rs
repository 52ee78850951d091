//! What does not fit in the index.
//!
//! Rows are compared with texts, both ways, and texts with postings: those that the texts of a chunk should have with
//! those that are there, and each that is there with the texts of somebody whom it names.

use super::{
    BLOCK, BLOCKS, Gram, Postings, PostingsRecord, Spot, Texts, TextsRecord, block_in, profile_at, profile_in,
    read_postings,
    rebuild::postings_of,
    sheets::{Sheet, sheet_of, sheets_in},
};
use crate::{
    model::{Profile, ProfileId},
    store::{
        Result,
        query::{Way, folded},
        sled::{engine::View, keys, place::Place, rows::Rows as _},
    },
};

/// What does not fit about a profile, if anything.
pub(in crate::store::sled) fn check_profile(view: &dyn View, profile: &Profile) -> Result<Option<String>> {
    let (username, city) = (folded(profile.username.as_str()), folded(profile.city.as_str()));
    let sheet = sheet_of(view, profile.id)?;
    let texts = sheet.as_ref().map(Sheet::read).transpose()?.unwrap_or_default();
    Ok(match texts.get(Spot::of(profile.id).slot) {
        Some(texts) if texts == Texts::new(&username, &city) => None,
        Some(_) => Some(format!("profile {} is searched by other texts than its own", profile.id)),
        None => Some(format!("profile {} can't be searched for", profile.id)),
    })
}

/// What does not fit about the texts in a sheet that lies here, which were read at `what`.
pub(in crate::store::sled) fn check_texts(
    view: &dyn View,
    what: &str,
    at: ProfileId,
    texts: &TextsRecord<'_>,
) -> Result<Vec<String>> {
    let block = Spot::of(at).block;
    let mut found = Vec::new();
    if !is_in_order(view, at, texts)? {
        found.push(format!("{what} is not in order"));
    } else if sheet_of(view, at)?.map(|sheet| sheet.read().map(|read| read == *texts)).transpose()? != Some(true) {
        found.push(format!("{what} is not what is in memory"));
    }
    for (slot, _) in texts.iter() {
        let id = profile_at(block, slot);
        if !view.has(&keys::profile(id))? {
            found.push(format!("{what} has profile {id}, which does not exist"));
        }
    }
    Ok(found)
}

/// Whether the profiles of a sheet are such that they are looked for in it, and in no other.
fn is_in_order(view: &dyn View, at: ProfileId, texts: &TextsRecord<'_>) -> Result<bool> {
    let spot = Spot::of(at);
    let slots: Vec<u8> = texts.iter().map(|(slot, _)| slot).collect();
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return Ok(false) };
    if *first < spot.slot || u64::from(*last) >= BLOCK || !slots.is_sorted_by(|one, next| one < next) {
        return Ok(false);
    }
    Ok(sheet_of(view, profile_at(spot.block, *last))?.is_some_and(|sheet| sheet.at == at))
}

/// What the postings of a chunk lack or have too much, by its texts.
pub(in crate::store::sled) fn check_chunk(view: &dyn View, chunk: u64) -> Result<Vec<String>> {
    let blocks = block_in(chunk, 0)..=block_in(chunk, BLOCKS - 1);
    let sheets = sheets_in(view, blocks, Way::Up).collect::<Result<Vec<_>>>()?;
    let mut expected = Vec::new();
    for sheet in &sheets {
        let texts = sheet.read()?;
        let ids = texts.iter().map(|(slot, texts)| (profile_at(sheet.block(), slot), texts));
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
    let sheet = sheet_of(view, id)?;
    let texts = sheet.as_ref().map(Sheet::read).transpose()?.unwrap_or_default();
    let contains = texts.get(Spot::of(id).slot).is_some_and(|texts| texts.grams().any(|there| there == gram));
    Ok((!contains).then(|| format!("{what} names profile {id}, which does not contain it")))
}
