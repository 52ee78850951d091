//! Profiles: read by everyone, edited by their owner or staff.

use super::{write_fresh, write_unchanged};
use crate::{
    Core, Error, Kind, Result,
    model::{AuditEvent, Profile, ProfileId, UsernameKey},
    permissions::{Action, Actor, Denied, Object},
    store::{Found, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Rows, Slice, Wanted},
};

/// The proof that somebody may edit a profile, and the way to do it. It exists so that whether they may is known
/// before anything of what they want is looked at.
#[derive(Debug)]
pub struct ProfileEditor<'a> {
    core: &'a Core,
    actor: Actor,
    profile: Profile,
}

impl Core {
    /// A profile, if the filter shows it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Missing`].
    pub async fn profile(&self, actor: Actor, id: ProfileId, filter: &ProfileFilter) -> Result<Profile> {
        self.authorise(actor, Action::Read, Object::List)?;
        let shown = |profile: &Profile| filter.matches(profile.username.as_str(), profile.city.as_str());
        let profile = self.find_profile(id).await?;
        Some(profile).filter(shown).ok_or(Error::Missing(Kind::Profile))
    }

    async fn find_profile(&self, id: ProfileId) -> Result<Profile> {
        let profile = match self.at_hand.take(&Wanted::Profile(id)) {
            Some(Found::Profile(profile)) => profile,
            _ => self.store.profile(id).await?,
        };
        profile.ok_or(Error::Missing(Kind::Profile))
    }

    /// The actor's own profile.
    ///
    /// # Errors
    /// [`Error::Denied`] if nobody is logged in.
    pub async fn own_profile(&self, actor: Actor) -> Result<Profile> {
        let account = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Read, Object::Profile { owner: account })?;
        self.store.profile_of(account).await?.ok_or(Error::Missing(Kind::Profile))
    }

    /// The profile of the account with this name, case ignored.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Missing`].
    pub async fn profile_by_username(&self, actor: Actor, name: &UsernameKey) -> Result<Profile> {
        self.authorise(actor, Action::Read, Object::List)?;
        let missing = || Error::Missing(Kind::Profile);
        if let Some(Found::Profile(profile)) = self.at_hand.take(&Wanted::ProfileNamed(name.clone())) {
            return profile.ok_or_else(missing);
        }
        let account = self.store.account_by_username(name).await?.ok_or_else(missing)?;
        self.store.profile_of(account.id).await?.ok_or_else(missing)
    }

    /// A part of the list of profiles, in this order.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn profiles(
        &self,
        actor: Actor,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        self.authorise(actor, Action::Read, Object::List)?;
        Ok(self.store.profiles(filter, order, slice).await?)
    }

    /// How many profiles the whole list has.
    ///
    /// # Errors
    /// [`Error::Denied`].
    pub async fn count_profiles(&self, actor: Actor, filter: &ProfileFilter) -> Result<u64> {
        self.authorise(actor, Action::Read, Object::List)?;
        Ok(self.store.count_profiles(filter).await?)
    }

    /// Opens a profile for editing.
    ///
    /// # Errors
    /// [`Error::Missing`], also if the filter hides it; [`Error::Denied`] if the actor is neither its owner nor staff.
    pub async fn edit_profile(&self, actor: Actor, id: ProfileId, filter: &ProfileFilter) -> Result<ProfileEditor<'_>> {
        let profile = self.profile(actor, id, filter).await?;
        self.authorise(actor, Action::Update, Object::Profile { owner: profile.account })?;
        Ok(ProfileEditor { core: self, actor, profile })
    }
}

impl ProfileEditor<'_> {
    /// The profile as it was when it was opened.
    pub fn current(&self) -> &Profile {
        &self.profile
    }

    /// Writes the change, unless somebody has written the profile since it was opened.
    ///
    /// # Errors
    /// [`Error::Changed`]; [`Error::Missing`] if the profile was removed in between.
    pub async fn apply_unchanged(self, change: ProfileChange) -> Result<Profile> {
        let Self { core, actor, profile } = self;
        let stamp = core.stamp_of(AuditEvent::ProfileEdit, actor, profile.account, profile.id.get());
        write_unchanged(Kind::Profile, core.store.update_profile(profile.id, profile.revision, change, stamp)).await
    }

    /// Writes the change. If somebody else wrote the row in between, their other fields are kept: the last write wins,
    /// field by field.
    ///
    /// # Errors
    /// [`Error::Missing`] if the profile was removed in between.
    pub async fn apply(self, change: ProfileChange) -> Result<Profile> {
        let Self { core, actor, profile } = self;
        let id = profile.id;
        let read = || core.find_profile(id);
        let write = |profile: Profile| {
            let stamp = core.stamp_of(AuditEvent::ProfileEdit, actor, profile.account, id.get());
            core.store.update_profile(id, profile.revision, change.clone(), stamp)
        };
        write_fresh(Kind::Profile, profile, read, write).await
    }
}
