//! Everything, to and from another store.

mod export;
mod import;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender};

use super::{SledStore, keys::Meta, verify::inconsistencies};
use crate::store::{Order, Record, Result, StoreError, Transfer};

/// Keys that are removed in one command.
const AT_ONCE: usize = 4096;

#[async_trait]
impl Transfer for SledStore {
    /// It runs on the writer's thread, so nothing is written before all is sent: further writes wait, and those that
    /// the queue has no room for are [`StoreError::Busy`].
    async fn export(&self, to: Sender<Vec<Record>>) -> Result<()> {
        self.write(move |transaction| export::export(transaction, &to)).await
    }

    /// Each batch is a durable write. From the first to the last of them the database has a mark, which keeps it from being
    /// opened if the process ends in between.
    async fn import(&self, from: Receiver<Vec<Record>>) -> Result<()> {
        self.write(|transaction| {
            transaction.check_is_empty()?;
            transaction.put(Meta::Importing.key(), &1_u64)
        })
        .await?;
        let outcome = self.take_all(from).await.map_err(|error| match error {
            // There is nothing here but what has come.
            StoreError::Corrupt(what) => StoreError::Unfit(what),
            other => other,
        });
        if outcome.is_err() {
            while self.write(|transaction| transaction.clear_some(AT_ONCE)).await? {}
        }
        self.moments.forget();
        self.write(|transaction| {
            transaction.remove(Meta::Importing.key());
            Ok(())
        })
        .await?;
        outcome
    }
}

impl SledStore {
    /// Takes all records, makes what follows from them, and looks whether all fits.
    async fn take_all(&self, mut from: Receiver<Vec<Record>>) -> Result<()> {
        let mut order = Order::default();
        while let Some(records) = from.recv().await {
            records.iter().try_for_each(|record| order.check(record))?;
            self.write(move |transaction| records.into_iter().try_for_each(|record| transaction.take(record))).await?;
        }
        order.finish()?;
        self.reindex().await?;
        let found = self.scan(|view| Ok(inconsistencies(view))).await?;
        found.into_iter().next().map_or(Ok(()), |found| Err(StoreError::Unfit(found)))
    }
}
