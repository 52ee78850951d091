//! Requests that are done once.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, Digest, KeptRequest, NewRequest, StatusId, StatusText, Timestamp},
    store::{Posted, Requests, Result},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::Failure,
    row::{get, get_digest, get_number, number, to_number},
    status_queue::{Answer, StatusWrite},
    write::Work,
};

#[async_trait]
impl Requests for PostgresStore {
    async fn request(&self, key: &Digest, now: Timestamp) -> Result<Option<KeptRequest>> {
        let statement = || {
            query("select * from requests where key = $1 and expires_at > $2")
                .bind(key.as_bytes().as_slice())
                .bind(now.as_micros())
        };
        self.inner.row(statement).await?.as_ref().map(to_kept).transpose()
    }

    async fn post_status_once(
        &self,
        account: AccountId,
        text: StatusText,
        request: NewRequest,
        at: Timestamp,
    ) -> Result<Posted> {
        let write = StatusWrite::Post { account, text, at, request: Some(request) };
        self.queue.put(write).await.and_then(Answer::into_posted)
    }
}

pub(crate) fn to_kept(row: &PgRow) -> Result<KeptRequest> {
    let status: Option<i64> = get(row, "status")?;
    Ok(KeptRequest {
        account: AccountId::new(get_number(row, "account")?),
        fingerprint: get_digest(row, "fingerprint")?,
        status: status.map(to_number).transpose()?.map(StatusId::new),
    })
}

impl Work {
    /// Remembers a request; of too many of its account, those go that end first. Answers whether its key was free.
    pub(crate) async fn keep_request(
        &mut self,
        request: NewRequest,
        kept: KeptRequest,
        at: Timestamp,
    ) -> Result<bool, Failure> {
        let written = query(
            "insert into requests as r (key, account, fingerprint, status, expires_at) values ($1, $2, $3, $4, $5) \
             on conflict (key) do update set account = excluded.account, fingerprint = excluded.fingerprint, \
                 status = excluded.status, expires_at = excluded.expires_at where r.expires_at <= $6",
        )
        .bind(request.key.as_bytes().as_slice())
        .bind(number(kept.account.get()))
        .bind(kept.fingerprint.as_bytes().as_slice())
        .bind(kept.status.map(|status| number(status.get())))
        .bind(request.expires_at.as_micros())
        .bind(at.as_micros())
        .execute(self.sql())
        .await?;
        if written.rows_affected() == 0 {
            return Ok(false);
        }
        query(
            "delete from requests where key in (select key from requests where account = $1 \
             order by expires_at desc, key desc offset $2)",
        )
        .bind(number(kept.account.get()))
        .bind(i64::try_from(KeptRequest::MOST).unwrap_or(i64::MAX))
        .execute(self.sql())
        .await?;
        Ok(true)
    }
}
