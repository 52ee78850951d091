//! The log of changes.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, Change, ChangeId, ChangeKind, StatusId},
    store::{Changes, Feed, Result},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::corrupt,
    row::{get, get_moment, get_number, limit, number},
    statuses::change_number,
};

#[async_trait]
impl Feed for PostgresStore {
    async fn changes(&self, after: ChangeId, most: usize) -> Result<Changes> {
        let last = self.last_change().await?.get();
        let oldest = last.saturating_sub(Changes::KEPT) + 1;
        if after.get() > last || after.get() + 1 < oldest {
            return Ok(Changes::Lost);
        }
        let statement = || {
            query("select * from changes where number > $1 order by number limit $2")
                .bind(number(after.get()))
                .bind(limit(most))
        };
        let rows = self.inner.rows(statement).await?;
        let changes = rows.iter().map(change).collect::<Result<Vec<_>>>()?;
        if let (Some(replica), Some(newest)) = (&self.inner.replica, changes.last()) {
            // Who reads the log goes on to read the rows, which are to be as new.
            replica.must_have(newest.number.get());
        }
        // The oldest may have been removed since the log was asked how far it reaches.
        let is_whole = changes.first().is_none_or(|first| first.number == after.next());
        Ok(if is_whole { Changes::Since(changes) } else { Changes::Lost })
    }

    async fn last_change(&self) -> Result<ChangeId> {
        let row = self.inner.row(|| query("select last_change from status_book")).await?;
        let row = row.ok_or_else(|| corrupt("the book of statuses is gone"))?;
        Ok(ChangeId::new(get_number(&row, "last_change")?))
    }
}

pub(crate) fn change(row: &PgRow) -> Result<Change> {
    let kind: i16 = get(row, "kind")?;
    let kinds = [ChangeKind::Created, ChangeKind::Updated, ChangeKind::Deleted];
    let found = kinds.into_iter().find(|known| change_number(*known) == kind);
    Ok(Change {
        number: ChangeId::new(get_number(row, "number")?),
        at: get_moment(row, "at")?,
        kind: found.ok_or_else(|| corrupt(format!("{kind} is no kind of change")))?,
        status: StatusId::new(get_number(row, "status")?),
        account: AccountId::new(get_number(row, "account")?),
    })
}
