//! Profiles.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{State, check_revision, cut},
};
use crate::{
    event::EventKind,
    model::{AccountId, AvatarId, Profile, ProfileId, Revision, Stamp},
    store::{
        ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles, Result, Rows, Slice, Start, StoreError,
        query::Way,
    },
};

#[async_trait]
impl Profiles for MemoryStore {
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        self.state()?.profile(id)
    }

    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>> {
        let state = self.state()?;
        if state.accounts.contains_key(&account) { state.profile(state.profile_id_of(account)?) } else { Ok(None) }
    }

    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Profile> {
        let mut state = self.state()?;
        let row = state.profiles.get_mut(&id).ok_or(StoreError::Missing)?;
        check_revision(row.revision, expected)?;
        row.bio = change.bio.unwrap_or_else(|| row.bio.clone());
        row.city = change.city.unwrap_or_else(|| row.city.clone());
        row.avatar = change.avatar.unwrap_or(row.avatar);
        row.revision = row.revision.next();
        state.note(stamp.at, stamp.audit);
        state.events.publish(stamp.at, EventKind::ProfileChanged { profile: id });
        state.profile(id)?.ok_or(StoreError::Missing)
    }

    async fn profiles(
        &self,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        let rows = self.state()?.profiles_that_match(filter)?;
        Ok(if order.is_by_username() {
            let keyed = rows.into_iter().map(|row| (row.username.key(), row)).collect();
            sorted(keyed, order.way(), slice, |position| position.username)
        } else {
            let keyed = rows.into_iter().map(|row| (row.id, row)).collect();
            sorted(keyed, order.way(), slice, |position| position.id)
        })
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        Ok(self.state()?.profiles_that_match(filter)?.len() as u64)
    }

    async fn avatar_in_use(&self, avatar: AvatarId) -> Result<bool> {
        Ok(self.state()?.profiles.values().any(|row| row.avatar.is_some_and(|shown| shown.digest == avatar.digest)))
    }
}

impl State {
    fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        let Some(row) = self.profiles.get(&id) else { return Ok(None) };
        Ok(Some(Profile {
            id,
            account: row.account,
            username: self.username_of(row.account)?,
            revision: row.revision,
            avatar: row.avatar,
            bio: row.bio.clone(),
            city: row.city.clone(),
        }))
    }

    fn profiles_that_match(&self, filter: &ProfileFilter) -> Result<Vec<Profile>> {
        let all = self.profiles.keys().filter_map(|id| self.profile(*id).transpose()).collect::<Result<Vec<_>>>()?;
        Ok(all.into_iter().filter(|row| filter.matches(row.username.as_str(), row.city.as_str())).collect())
    }
}

/// The part of these rows that `slice` asks for, once they stand in the order of their keys.
fn sorted<Key: Ord>(
    mut rows: Vec<(Key, Profile)>,
    way: Way,
    slice: Slice<ProfilePosition>,
    key: fn(ProfilePosition) -> Key,
) -> Rows<Profile> {
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    if way == Way::Down {
        rows.reverse();
    }
    let start = match slice.start {
        Start::Skip(count) => Start::Skip(count),
        Start::After(position) => Start::After(key(position)),
        Start::Before(position) => Start::Before(key(position)),
    };
    cut(rows, way, Slice { start, limit: slice.limit })
}
