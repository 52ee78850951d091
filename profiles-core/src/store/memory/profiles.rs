//! Profiles.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{State, check_revision, cut},
};
use crate::{
    event::EventKind,
    model::{AccountId, AvatarId, Profile, ProfileId, Revision, Stamp},
    store::{ProfileChange, ProfileFilter, Profiles, Result, Rows, Slice, StoreError},
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

    async fn profiles(&self, filter: &ProfileFilter, slice: Slice<ProfileId>) -> Result<Rows<Profile>> {
        Ok(cut(self.state()?.profiles_that_match(filter)?, slice))
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

    /// In the order of ids, which is the map's.
    fn profiles_that_match(&self, filter: &ProfileFilter) -> Result<Vec<(ProfileId, Profile)>> {
        let all = self.profiles.keys().filter_map(|id| self.profile(*id).transpose()).collect::<Result<Vec<_>>>()?;
        let matching = all.into_iter().filter(|row| filter.matches(row.username.as_str(), row.city.as_str()));
        Ok(matching.map(|row| (row.id, row)).collect())
    }
}
