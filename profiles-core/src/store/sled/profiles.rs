//! Profiles.

use std::ops::Range;

use async_trait::async_trait;

use super::{
    SledStore, codec,
    engine::{Pair, View},
    keys::{self, Meta},
    place::Place,
    rank::Ranked,
    record::ProfileRecord,
    rows::{Rows as _, beyond, corrupt, part},
    search::Search,
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{AccountId, AvatarId, Profile, ProfileId, Revision, Stamp},
    store::{
        ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles, Result, Rows, Slice, Start, StoreError,
    },
};

/// Profiles from which on two threads share a count. With fewer, it is not worth waking another. Few in unit tests, so that it
/// happens there.
const MANY: u64 = if cfg!(test) { 20 } else { 100_000 };

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
            transaction.index_profile(&profile)?;
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
        if filter.folded().0.is_empty() {
            return self.read(|view| view.count(&Meta::Profiles.key())).await;
        }
        let count = |ids: Range<u64>| {
            let filter = filter.clone();
            self.scan(move |view| Search::new(view, &filter).map_or(Ok(0), |search| search.count(ids)))
        };
        let last = self.read(|view| view.count(&Meta::LastProfile.key())).await?;
        if last < MANY {
            return count(0..u64::MAX).await;
        }
        let (one, other) = tokio::try_join!(count(0..last / 2), count(last / 2..u64::MAX))?;
        Ok(one + other)
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

fn list(
    view: &dyn View,
    filter: &ProfileFilter,
    order: ProfileOrder,
    slice: &Slice<ProfilePosition>,
) -> Result<Rows<Profile>> {
    if let Some(search) = Search::new(view, filter) {
        return search.list(order, slice);
    }
    let way = slice.start.way(order.way());
    let mut skip = 0;
    let range = match &slice.start {
        Start::Skip(count) if order.is_by_username() => {
            skip = usize::try_from(*count).unwrap_or(usize::MAX);
            keys::usernames(None)
        }
        Start::Skip(count) => keys::profiles(Ranked::Profiles.skip(view, 0..u64::MAX, way, *count)?),
        Start::After(position) | Start::Before(position) if order.is_by_username() => {
            keys::usernames(Some((&position.username, way)))
        }
        Start::After(position) | Start::Before(position) => keys::profiles(beyond(position.id.get(), way, 0..u64::MAX)),
    };
    // What is skipped is not worth reading.
    let pairs = view.walk(range, way).skip(skip);
    part(&slice.start, slice.limit, pairs.map(|pair| row(view, pair?)))
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
