//! The database of a configuration: which kind it is, opened.

use std::{fmt, sync::Arc};

use profiles_core::{
    avatar::{AvatarStore, FolderAvatars},
    env::SystemEntropy,
    mail::MailSecret,
    store::{
        Store,
        sled::{Compaction, OpenError, SledConfig, SledStore},
    },
};
use profiles_postgres::{Migrated, PostgresAvatars, PostgresStore};

use super::{StartError, shared_secret::shared_secret};
use crate::{
    config::{Config, Storage},
    secret::mail_secret,
};

/// A database that is open.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Database {
    /// The embedded one, in the data directory. Nobody else uses it.
    Embedded(Arc<SledStore>),
    /// One that other servers may use at the same time.
    Postgres(Arc<PostgresStore>),
}

impl Database {
    /// Opens the database of this configuration. An embedded one is made if there is none; PostgreSQL's is brought up to
    /// date if the configuration says so.
    ///
    /// # Errors
    /// Another process uses it and would have it alone; or it can't be reached, or used.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let Some(postgres) = config.database.postgres() else { return Ok(Self::Embedded(Arc::new(embedded(config)?))) };
        if config.database.migrate {
            let Migrated { applied, version } = profiles_postgres::migrate(&postgres).await?;
            if applied > 0 {
                tracing::info!(applied, version, "the database was brought up to date");
            }
        }
        Ok(Self::Postgres(Arc::new(PostgresStore::open(postgres).await?)))
    }

    /// Writes the embedded database of this configuration anew, without what was overwritten in it.
    ///
    /// # Errors
    /// Another process uses it; or it can't be read, or not be written.
    pub(crate) fn compact(config: &Config) -> Result<Compaction, StartError> {
        SledStore::compact(&settings(config)).map_err(|error| refused(config, error))
    }

    /// What it keeps.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Postgres(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// Whether the database was not closed the last time. PostgreSQL sees to that itself.
    pub fn opened_unclean(&self) -> bool {
        match self {
            Self::Embedded(store) => store.opened_unclean(),
            Self::Postgres(_) => false,
        }
    }

    /// Where the files of pictures are: beside the embedded database, and in PostgreSQL's, so that every server has them.
    pub(crate) fn avatars(&self, storage: &Storage) -> Result<Arc<dyn AvatarStore>, StartError> {
        match self {
            Self::Embedded(_) => {
                let path = storage.avatar_dir();
                let folder = FolderAvatars::open(&path).map_err(|error| StartError::Avatars { path, error })?;
                Ok(Arc::new(folder))
            }
            Self::Postgres(store) => Ok(Arc::new(PostgresAvatars::new(store))),
        }
    }

    /// The secret for the keys in mails; of all servers of a database it is the same. A first one makes it.
    pub(super) async fn secret(&self, storage: &Storage) -> Result<MailSecret, StartError> {
        match self {
            Self::Embedded(_) => Ok(mail_secret(storage, &SystemEntropy)?),
            Self::Postgres(store) => shared_secret(storage, store).await,
        }
    }
}

/// `./profiles-data`, or `PostgreSQL at host:5432/name`.
pub(crate) fn place(config: &Config) -> impl fmt::Display {
    match &config.database.url {
        None => config.storage.data_dir.display().to_string(),
        Some(url) => format!("PostgreSQL at {url}"),
    }
}

fn embedded(config: &Config) -> Result<SledStore, StartError> {
    SledStore::open(settings(config)).map_err(|error| refused(config, error))
}

fn settings(config: &Config) -> SledConfig {
    let mut sled = SledConfig::new(config.storage.store_dir());
    sled.cache_capacity = config.storage.sled_cache_bytes;
    sled
}

fn refused(config: &Config, error: OpenError) -> StartError {
    match error {
        OpenError::Locked { .. } => StartError::Locked(config.storage.data_dir.clone()),
        other => StartError::Store(other),
    }
}
