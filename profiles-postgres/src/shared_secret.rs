//! By what the servers of a database know that they have the same secret.

use async_trait::async_trait;
use profiles_core::store::Result;
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    row::get,
    write::{Command, Work},
};

impl PostgresStore {
    /// The fingerprint of the secret that all servers have; `None` before the first of them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn secret_fingerprint(&self) -> Result<Option<[u8; 32]>> {
        let row = self.inner.row(|| query("select fingerprint from server_secret")).await?;
        row.as_ref().map(fingerprint).transpose()
    }

    /// Keeps a fingerprint if there is none yet; answers the one that holds. Of many at once, one is kept.
    ///
    /// # Errors
    /// The database does not answer, or does not take writes.
    pub async fn keep_secret_fingerprint(&self, own: [u8; 32]) -> Result<[u8; 32]> {
        self.write(Keep(own)).await
    }
}

fn fingerprint(row: &PgRow) -> Result<[u8; 32]> {
    let bytes: &[u8] = get(row, "fingerprint")?;
    bytes.try_into().map_err(|_| corrupt("the fingerprint of the servers' secret has no 32 bytes"))
}

struct Keep([u8; 32]);

#[async_trait]
impl Command for Keep {
    type Answer = [u8; 32];

    async fn run(&self, work: &mut Work) -> Result<[u8; 32], Failure> {
        // It waits for another that is about to keep one.
        query("insert into server_secret (fingerprint) values ($1) on conflict do nothing")
            .bind(self.0.as_slice())
            .execute(work.sql())
            .await?;
        let row = query("select fingerprint from server_secret").fetch_one(work.sql()).await?;
        Ok(fingerprint(&row)?)
    }
}
