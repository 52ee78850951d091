//! The files of pictures, in the database, so that every server has them.

use std::io;

use async_trait::async_trait;
use profiles_core::{
    avatar::AvatarStore,
    model::{AvatarFile, AvatarId, AvatarSize, Timestamp},
    store::{Result, StoreError},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    profiles::{format_number, format_of},
    row::{get, get_moment},
    store::Inner,
    write::{Command, Work},
};

/// Keeps the files of pictures in the database of a store. They are small: two squares, made anew.
///
/// Servers do not know of each other's requests, so each file counts who put it and is yet to point a profile at it; who does
/// takes itself off in the same transaction. Until then, for ten minutes at most, it is not removed, though it is
/// asked for. A later sweep of pictures removes what nobody came to point at.
pub struct PostgresAvatars {
    inner: std::sync::Arc<Inner>,
}

impl PostgresAvatars {
    /// In the database of this store, as long as that is open.
    pub fn new(store: &PostgresStore) -> Self {
        Self { inner: std::sync::Arc::clone(&store.inner) }
    }
}

impl std::fmt::Debug for PostgresAvatars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresAvatars").finish_non_exhaustive()
    }
}

#[async_trait]
impl AvatarStore for PostgresAvatars {
    async fn put(&self, file: AvatarFile, content: Vec<u8>, at: Timestamp) -> io::Result<()> {
        self.inner.write(&Put { file, content, at }).await.map_err(io::Error::other)
    }

    async fn get(&self, file: AvatarFile) -> io::Result<Option<Vec<u8>>> {
        let AvatarFile { avatar: AvatarId { digest, format }, size } = file;
        let statement = || {
            query("select content from pictures where digest = $1 and format = $2 and size = $3")
                .bind(digest.to_vec())
                .bind(format_number(format))
                .bind(size_number(size))
        };
        let row = self.inner.row(statement).await.map_err(io::Error::other)?;
        row.as_ref().map(|row| get(row, "content")).transpose().map_err(io::Error::other)
    }

    async fn remove(&self, file: AvatarFile) -> io::Result<()> {
        self.inner.write(&Remove { file }).await.map_err(io::Error::other)
    }

    async fn list(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>> {
        let (from, to) = (vec![first], first.checked_add(1).map(|next| vec![next]));
        let statement = || {
            query(
                "select digest, format, size, put_at from pictures \
                 where digest >= $1 and ($2::bytea is null or digest < $2)",
            )
            .bind(&from)
            .bind(&to)
        };
        let rows = self.inner.rows(statement).await.map_err(io::Error::other)?;
        rows.iter().map(listed).collect::<Result<_>>().map_err(io::Error::other)
    }
}

fn size_number(size: AvatarSize) -> i16 {
    match size {
        AvatarSize::Large => 0,
        AvatarSize::Small => 1,
    }
}

fn listed(row: &PgRow) -> Result<(AvatarFile, Timestamp)> {
    let digest: &[u8] = get(row, "digest")?;
    let digest = digest.try_into().map_err(|_| corrupt("a picture has no digest of 32 bytes"))?;
    let number: i16 = get(row, "size")?;
    let size = AvatarSize::ALL.into_iter().find(|size| size_number(*size) == number);
    let size: Result<AvatarSize, StoreError> = size.ok_or_else(|| corrupt(format!("{number} is no size of pictures")));
    let avatar = AvatarId { digest, format: format_of(get(row, "format")?)? };
    Ok((AvatarFile { avatar, size: size? }, get_moment(row, "put_at")?))
}

struct Put {
    file: AvatarFile,
    content: Vec<u8>,
    at: Timestamp,
}

#[async_trait]
impl Command for Put {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        query(
            "insert into pictures (digest, format, size, content, put_at) values ($1, $2, $3, $4, $5) \
             on conflict (digest, format, size) do update set put_at = excluded.put_at, \
             awaited_until = excluded.awaited_until, \
             awaited = 1 + case when pictures.awaited_until < now() then 0 else pictures.awaited end",
        )
        .bind(self.file.avatar.digest.to_vec())
        .bind(format_number(self.file.avatar.format))
        .bind(size_number(self.file.size))
        .bind(&self.content)
        .bind(self.at.as_micros())
        .execute(work.sql())
        .await?;
        Ok(())
    }
}

struct Remove {
    file: AvatarFile,
}

#[async_trait]
impl Command for Remove {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        // Held first, and looked at by a statement of its own: that one sees what those wrote who were waited for.
        let named = "digest = $1 and format = $2 and size = $3";
        for statement in [
            format!("select from pictures where {named} for update"),
            format!(
                "delete from pictures where {named} and (awaited = 0 or awaited_until < now()) \
                 and not exists (select from profiles where avatar_digest = $1)"
            ),
        ] {
            query(sqlx::AssertSqlSafe(statement))
                .bind(self.file.avatar.digest.to_vec())
                .bind(format_number(self.file.avatar.format))
                .bind(size_number(self.file.size))
                .execute(work.sql())
                .await?;
        }
        Ok(())
    }
}

/// A profile points at this picture from this transaction on: one less is awaited at its files.
pub(crate) async fn arrive(work: &mut Work, avatar: AvatarId) -> Result<(), Failure> {
    query("update pictures set awaited = greatest(awaited - 1, 0) where digest = $1 and format = $2")
        .bind(avatar.digest.to_vec())
        .bind(format_number(avatar.format))
        .execute(work.sql())
        .await?;
    Ok(())
}
