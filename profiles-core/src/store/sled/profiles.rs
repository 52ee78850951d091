//! Profiles.

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::View,
    keys::{self, Meta},
    place::Place,
    record::ProfileRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{AccountId, AvatarId, Profile, ProfileId, Revision, Stamp},
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
            if let Some(avatar) = change.avatar {
                transaction.move_avatar(id, profile.avatar, avatar)?;
                profile.avatar = avatar;
            }
            profile.revision = profile.revision.next();
            transaction.put(keys::profile(id), &ProfileRecord::of(&profile))?;
            transaction.note(stamp.at, stamp.audit)?;
            transaction.tell(stamp.at, EventKind::ProfileChanged { profile: id });
            Ok(profile)
        })
        .await
    }

    async fn profiles(&self, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        let filter = filter.clone();
        self.scan(move |view| list(view, &filter, slice)).await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        if filter.terms.is_empty() {
            return self.read(|view| view.count(&Meta::Profiles.key())).await;
        }
        let filter = filter.clone();
        self.scan(move |view| {
            let mut count = 0;
            for pair in view.scan(keys::profiles_after(None)) {
                count += u64::from(matching(view, &filter, pair?)?.is_some());
            }
            Ok(count)
        })
        .await
    }

    async fn avatar_in_use(&self, avatar: AvatarId) -> Result<bool> {
        self.read(move |view| Ok(view.scan(keys::uses_of(avatar)).next().transpose()?.is_some())).await
    }
}

impl Transaction<'_> {
    /// Notes which picture a profile shows in place of another.
    pub(super) fn move_avatar(&mut self, id: ProfileId, from: Option<AvatarId>, to: Option<AvatarId>) -> Result<()> {
        if let Some(from) = from {
            self.remove(keys::avatar_use(from, id));
        }
        to.map_or(Ok(()), |to| self.mark(keys::avatar_use(to, id)))
    }
}

fn list(view: &dyn View, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
    let (mut skip, after) = match slice.start {
        Start::Skip(count) => (count, None),
        Start::After(id) => (0, Some(id)),
    };
    let mut rows = Vec::new();
    for pair in view.scan(keys::profiles_after(after)) {
        let pair = pair?;
        if skip > 0 && filter.terms.is_empty() {
            // Not worth decoding.
            skip -= 1;
            continue;
        }
        let Some(profile) = matching(view, filter, pair)? else { continue };
        if skip > 0 {
            skip -= 1;
        } else if rows.len() == slice.limit {
            return Ok(Rows { rows, more: true });
        } else {
            rows.push(profile);
        }
    }
    Ok(Rows { rows, more: false })
}

/// The row of this pair, if the filter shows it.
fn matching(view: &dyn View, filter: &ProfileFilter, (key, value): super::engine::Pair) -> Result<Option<Profile>> {
    let Some(Place::Profile(id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
    let record: ProfileRecord = codec::decode(&key, &value)?;
    let profile = view.profile_row(id, record)?;
    Ok(profile.filter(|profile| filter.matches(profile.username.as_str(), profile.city.as_str())))
}
