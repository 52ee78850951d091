//! What the suite runs over: the embedded database, or, where it is built as a part of `tests/postgres`, PostgreSQL.

use std::sync::Arc;

use profiles_core::{
    avatar::{AvatarStore, MemoryAvatars},
    store::{
        Store,
        sled::{SledConfig, SledStore},
    },
};
use profiles_postgres::{PostgresAvatars, PostgresConfig, PostgresStore};
use profiles_test_cluster::cluster;
use tempfile::TempDir;

use crate::app::Result;

/// An empty database, and where the files of pictures go.
pub(crate) struct Backend {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) avatars: Arc<dyn AvatarStore>,
    /// Of an embedded one; it goes when this does.
    pub(crate) directory: Option<TempDir>,
}

impl Backend {
    pub(crate) async fn open() -> Result<Self> {
        match env!("CARGO_PKG_NAME") {
            "profiles-server" => Self::embedded(),
            _ => Self::postgres().await,
        }
    }

    fn embedded() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let store = Arc::new(SledStore::open(SledConfig::new(directory.path().join("store")))?);
        Ok(Self { store, avatars: Arc::new(MemoryAvatars::default()), directory: Some(directory) })
    }

    async fn postgres() -> Result<Self> {
        let database = cluster().database_like("profiles", async |url| {
            let migrated = profiles_postgres::migrate(&PostgresConfig::new(url.parse().unwrap())).await;
            assert!(migrated.is_ok(), "{migrated:?}");
        });
        let mut config = PostgresConfig::new(database.await.url.parse()?);
        config.max_connections = 8;
        let store = Arc::new(PostgresStore::open(config).await?);
        let avatars = Arc::new(PostgresAvatars::new(&store));
        Ok(Self { store, avatars, directory: None })
    }
}
