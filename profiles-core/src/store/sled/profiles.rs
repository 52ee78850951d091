//! Profiles.

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    place::Place,
    rank::Ranked,
    record::ProfileRecord,
    rows::{Rows as _, beyond, corrupt, part},
};
use crate::{
    event::EventKind,
    model::{AccountId, Profile, ProfileId, Revision, Stamp},
    store::{
        ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles, Result, Rows, Slice, Start, StoreError,
    },
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
            transaction.note(stamp.at, stamp.audit)?;
            transaction.tell(stamp.at, EventKind::ProfileChanged { profile: id });
            Ok(profile)
        })
        .await
    }

    async fn profiles(
        &self,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        let filter = filter.clone();
        self.scan(move |view| list(view, &filter, order, &slice)).await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        if filter.terms.is_empty() {
            return self.read(|view| view.count(&Meta::Profiles.key())).await;
        }
        let filter = filter.clone();
        self.scan(move |view| {
            let mut count = 0;
            for pair in view.scan(keys::profiles(0..u64::MAX)) {
                count += u64::from(matching(view, &filter, pair?)?.is_some());
            }
            Ok(count)
        })
        .await
    }
}

fn list(
    view: &dyn View,
    filter: &ProfileFilter,
    order: ProfileOrder,
    slice: &Slice<ProfilePosition>,
) -> Result<Rows<Profile>> {
    let way = slice.start.way(order.way());
    let shows_all = filter.terms.is_empty();
    let mut skip = 0;
    let range = match &slice.start {
        Start::Skip(count) if shows_all && !order.is_by_username() => {
            keys::profiles(Ranked::Profiles.skip(view, 0..u64::MAX, way, *count)?)
        }
        Start::Skip(count) => {
            skip = usize::try_from(*count).unwrap_or(usize::MAX);
            if order.is_by_username() { keys::usernames(None) } else { keys::profiles(0..u64::MAX) }
        }
        Start::After(position) | Start::Before(position) if order.is_by_username() => {
            keys::usernames(Some((&position.username, way)))
        }
        Start::After(position) | Start::Before(position) => keys::profiles(beyond(position.id.get(), way, 0..u64::MAX)),
    };
    let pairs = view.walk(range, way);
    if shows_all {
        // What is skipped is not worth reading.
        return part(&slice.start, slice.limit, pairs.skip(skip).map(|pair| row(view, pair?)));
    }
    let matching = pairs.filter_map(|pair| pair.and_then(|pair| matching(view, filter, pair)).transpose());
    part(&slice.start, slice.limit, matching.skip(skip).map(|row| row.map(Some)))
}

/// The row of this pair, if the filter shows it.
fn matching(view: &dyn View, filter: &ProfileFilter, pair: Pair) -> Result<Option<Profile>> {
    let profile = row(view, pair)?;
    Ok(profile.filter(|profile| filter.matches(profile.username.as_str(), profile.city.as_str())))
}

/// The row of this pair, which lies among the records or in the index of names.
fn row(view: &dyn View, (key, value): Pair) -> Result<Option<Profile>> {
    match Place::parse(&key) {
        Some(Place::Profile(id)) => view.profile_row(id, codec::decode(&key, &value)?),
        Some(Place::Username(name)) => {
            let owner = AccountId::new(codec::decode(&key, &value)?);
            let Some(id) = view.profile_id(owner)? else {
                // Erased since the entry was read, unless the entry is still there and says the same.
                let now: Option<u64> = view.read(&key)?;
                let dangling = now == Some(owner.get());
                let what = || corrupt(format!("{} names account {owner}, which does not exist", Place::describe(&key)));
                return if dangling { Err(what()) } else { Ok(None) };
            };
            // One that was renamed since stands elsewhere by now.
            Ok(view.profile(id)?.filter(|profile| profile.username.key().as_str() == name))
        }
        _ => Err(corrupt(Place::describe(&key))),
    }
}
