//! Carrying everything to and from another store.

use async_trait::async_trait;
use profiles_core::store::{Record, Result, Transfer};
use tokio::sync::mpsc::{Receiver, Sender};

use crate::PostgresStore;

#[async_trait]
impl Transfer for PostgresStore {
    async fn export(&self, to: Sender<Vec<Record>>) -> Result<()> {
        self.inner.export(to).await
    }

    async fn import(&self, from: Receiver<Vec<Record>>) -> Result<()> {
        self.inner.import(from).await
    }
}
