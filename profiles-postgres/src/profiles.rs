//! Profiles.

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{AccountId, AvatarFormat, AvatarId, Bio, City, Profile, ProfileId, Revision, Stamp, Username},
    store::{
        ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Profiles, Result, Rows, Slice, StoreError, folded,
    },
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    accounts::check_revision,
    avatars::arrive,
    error::{Failure, corrupt},
    row::{get, get_number, get_text, number},
    write::{Command, Work},
};

/// What is shown of a profile `p` and its account `a`.
macro_rules! profile_columns {
    () => {
        "p.id, p.account, p.revision, p.avatar_digest, p.avatar_format, p.bio, p.city, a.username"
    };
}
pub(crate) use profile_columns;

/// A profile as it is shown, with a condition.
macro_rules! profile {
    ($which:literal) => {
        concat!("select ", profile_columns!(), " from profiles p join accounts a on a.id = p.account ", $which)
    };
}

#[async_trait]
impl Profiles for PostgresStore {
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>> {
        let statement = || query(profile!("where p.id = $1")).bind(number(id.get()));
        self.inner.row_anywhere(statement).await?.as_ref().map(profile).transpose()
    }

    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>> {
        let statement = || query(profile!("where p.account = $1")).bind(number(account.get()));
        self.inner.row_anywhere(statement).await?.as_ref().map(profile).transpose()
    }

    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Profile> {
        self.write(UpdateProfile { id, expected, change, stamp }).await
    }

    async fn profiles(
        &self,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        self.inner.list_profiles(filter, order, slice).await
    }

    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        self.inner.count_profiles(filter).await
    }

    async fn avatar_in_use(&self, avatar: AvatarId) -> Result<bool> {
        let statement = || {
            query("select exists (select from profiles where avatar_digest = $1) as used").bind(avatar.digest.to_vec())
        };
        self.inner.row(statement).await?.as_ref().map_or(Ok(false), |row| get(row, "used"))
    }
}

/// The columns of a profile, with the name of its account.
pub(crate) fn profile(row: &PgRow) -> Result<Profile> {
    Ok(Profile {
        id: ProfileId::new(get_number(row, "id")?),
        account: AccountId::new(get_number(row, "account")?),
        username: get_text(row, "username", Username::parse)?,
        revision: Revision::new(get_number(row, "revision")?),
        avatar: avatar(row)?,
        bio: get_text(row, "bio", Bio::parse)?,
        city: get_text(row, "city", City::parse)?,
    })
}

fn avatar(row: &PgRow) -> Result<Option<AvatarId>> {
    let (digest, format): (Option<&[u8]>, Option<i16>) = (get(row, "avatar_digest")?, get(row, "avatar_format")?);
    let (Some(digest), Some(format)) = (digest, format) else { return Ok(None) };
    let digest = digest.try_into().map_err(|_| corrupt("a picture has no digest of 32 bytes"))?;
    Ok(Some(AvatarId { digest, format: format_of(format)? }))
}

pub(crate) fn format_number(format: AvatarFormat) -> i16 {
    match format {
        AvatarFormat::Jpeg => 0,
        AvatarFormat::Png => 1,
    }
}

pub(crate) fn format_of(number: i16) -> Result<AvatarFormat> {
    match number {
        0 => Ok(AvatarFormat::Jpeg),
        1 => Ok(AvatarFormat::Png),
        other => Err(corrupt(format!("{other} is no format of pictures"))),
    }
}

struct UpdateProfile {
    id: ProfileId,
    expected: Revision,
    change: ProfileChange,
    stamp: Stamp,
}

#[async_trait]
impl Command for UpdateProfile {
    type Answer = Profile;

    async fn run(&self, work: &mut Work) -> Result<Profile, Failure> {
        let row = query(profile!("where p.id = $1 and a.erasing_since is null for no key update of p"))
            .bind(number(self.id.get()))
            .fetch_optional(work.sql())
            .await?;
        let mut row = row.as_ref().map(profile).transpose()?.ok_or(StoreError::Missing)?;
        check_revision(row.revision, self.expected)?;
        let ProfileChange { bio, city, avatar } = self.change.clone();
        row.bio = bio.unwrap_or(row.bio);
        row.city = city.unwrap_or(row.city);
        row.avatar = avatar.unwrap_or(row.avatar);
        row.revision = row.revision.next();
        if let Some(Some(avatar)) = avatar {
            arrive(work, avatar).await?;
        }
        query(
            "update profiles set revision = $2, avatar_digest = $3, avatar_format = $4, bio = $5, city = $6, \
             city_key = $7 where id = $1",
        )
        .bind(number(self.id.get()))
        .bind(number(row.revision.get()))
        .bind(row.avatar.map(|avatar| avatar.digest.to_vec()))
        .bind(row.avatar.map(|avatar| format_number(avatar.format)))
        .bind(row.bio.as_str())
        .bind(row.city.as_str())
        .bind(folded(row.city.as_str()))
        .execute(work.sql())
        .await?;
        work.note(self.stamp.at, self.stamp.audit.as_ref()).await?;
        work.tell(self.stamp.at, EventKind::ProfileChanged { profile: self.id });
        Ok(row)
    }
}
