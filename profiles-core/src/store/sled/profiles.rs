//! Profiles.

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    place::Place,
    record::ProfileRecord,
    rows::{Rows as _, corrupt},
    search::Search,
};
use crate::{
    event::EventKind,
    model::{AccountId, Profile, ProfileId, Revision, Stamp},
    store::{ProfileChange, ProfileFilter, Profiles, Result, Rows, Slice, Start, StoreError},
};

#[async_trait]
impl Profiles for SledStore {
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        self.read(move |view| view.profile(id)).await
    }

    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>> {
        self.read(move |view| {
            let id: Option<u64> = view.read(&keys::profile_of(account))?;
            let Some(id) = id.map(ProfileId::new) else { return Ok(None) };
            match view.profile(id)? {
                Some(profile) => Ok(Some(profile)),
                None if view.has(&keys::profile_of(account))? => {
                    Err(corrupt(format!("profile {id} is referred to and does not exist")))
                }
                // Erased since the entry was read.
                None => Ok(None),
            }
        })
        .await
    }

    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Profile> {
        self.write(move |transaction| {
            let mut profile = transaction.profile(id)?.ok_or(StoreError::Missing)?;
            transaction.living(profile.account)?;
            if profile.revision != expected {
                return Err(StoreError::Stale);
            }
            profile.bio = change.bio.unwrap_or(profile.bio);
            profile.city = change.city.unwrap_or(profile.city);
            profile.revision = profile.revision.next();
            transaction.put(keys::profile(id), &ProfileRecord::of(&profile))?;
            transaction.index_profile(&profile)?;
            transaction.note(stamp.at, stamp.audit)?;
            transaction.tell(stamp.at, EventKind::ProfileChanged { profile: id });
            Ok(profile)
        })
        .await
    }

    async fn profiles(&self, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        let filter = filter.clone();
        self.scan(move |view| match Search::new(view, &filter) {
            Some(search) => search.list(slice),
            None => list(view, slice),
        })
        .await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        if filter.folded().0.is_empty() {
            return self.read(|view| view.count(&Meta::Profiles.key())).await;
        }
        let filter = filter.clone();
        self.scan(move |view| {
            Search::new(view, &filter).map_or_else(|| view.count(&Meta::Profiles.key()), |search| search.count())
        })
        .await
    }
}

/// A part of the list of all.
fn list(view: &dyn View, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
    let (skip, after) = match slice.start {
        Start::Skip(count) => (count, None),
        Start::After(id) => (0, Some(id)),
    };
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    for pair in view.scan(keys::profiles_after(after)).skip(skip) {
        let Some(profile) = row(view, pair?)? else { continue };
        if rows.len() == slice.limit {
            return Ok(Rows { rows, more: true });
        }
        rows.push(profile);
    }
    Ok(Rows { rows, more: false })
}

/// The row of this pair.
fn row(view: &dyn View, (key, value): Pair) -> Result<Option<Profile>> {
    let Some(Place::Profile(id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
    let record: ProfileRecord = codec::decode(&key, &value)?;
    view.profile_row(id, record)
}
