//! Statuses, one by one; lists of them are in `timeline.rs`, and writing them in `status_queue.rs`.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, ChangeKind, ProfileId, Revision, Stamp, Status, StatusId, StatusText, Timestamp, Username},
    store::{Changes, Result, Rows, Slice, StatusFilter, StatusOrder, Statuses},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::Failure,
    ranks::{Moves, move_ranks},
    row::{get_moment, get_moment_if_any, get_number, get_text, number},
    status_queue::{Answer, StatusWrite},
    write::Work,
};

/// What is shown of a status `s` and its account `a`.
macro_rules! status_columns {
    () => {
        "s.*, a.username, a.profile"
    };
}
pub(crate) use status_columns;

/// A status as it is shown, with a condition.
macro_rules! status_where {
    ($which:literal) => {
        concat!(
            "select ",
            $crate::statuses::status_columns!(),
            " from statuses s join accounts a on a.id = s.account ",
            $which
        )
    };
}
pub(crate) use status_where;

#[async_trait]
impl Statuses for PostgresStore {
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status> {
        self.queue.put(StatusWrite::Post { account, text, at, request: None }).await.and_then(Answer::into_status)
    }

    async fn status(&self, id: StatusId) -> Result<Option<Status>> {
        let statement = || query(status_where!("where s.id = $1")).bind(number(id.get()));
        self.inner.row_anywhere(statement).await?.as_ref().map(status).transpose()
    }

    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        stamp: Stamp,
    ) -> Result<Status> {
        self.queue.put(StatusWrite::Update { id, expected, text, stamp }).await.and_then(Answer::into_status)
    }

    async fn delete_status(&self, id: StatusId, stamp: Stamp) -> Result<()> {
        self.queue.put(StatusWrite::Delete { id, expected: None, stamp }).await.map(drop)
    }

    async fn delete_unchanged_status(&self, id: StatusId, expected: Revision, stamp: Stamp) -> Result<()> {
        self.queue.put(StatusWrite::Delete { id, expected: Some(expected), stamp }).await.map(drop)
    }

    async fn statuses(
        &self,
        filter: &StatusFilter,
        order: StatusOrder,
        slice: Slice<StatusId>,
    ) -> Result<Rows<Status>> {
        self.inner.list_statuses(filter, order, slice).await
    }

    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        self.inner.count_statuses(filter).await
    }
}

/// The columns of a status, with the name and the profile of its account.
pub(crate) fn status(row: &PgRow) -> Result<Status> {
    Ok(Status {
        id: StatusId::new(get_number(row, "id")?),
        account: AccountId::new(get_number(row, "account")?),
        profile: ProfileId::new(get_number(row, "profile")?),
        username: get_text(row, "username", Username::parse)?,
        revision: Revision::new(get_number(row, "revision")?),
        text: get_text(row, "text", StatusText::parse)?,
        created_at: get_moment(row, "created_at")?,
        updated_at: get_moment(row, "updated_at")?,
    })
}

/// The book of statuses, which its reader holds until the transaction ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusBook {
    /// The number that was given out last.
    pub(crate) last: u64,
    /// When that one was posted.
    pub(crate) last_at: Option<Timestamp>,
    /// The number of the newest change.
    pub(crate) last_change: u64,
}

/// What is to be written about statuses; changes in the order in which they are numbered.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) posted: Vec<Status>,
    pub(crate) updated: Vec<Status>,
    pub(crate) deleted: Vec<StatusId>,
    pub(crate) changes: Vec<(Timestamp, ChangeKind, StatusId, AccountId)>,
}

pub(crate) fn change_number(kind: ChangeKind) -> i16 {
    match kind {
        ChangeKind::Created => 0,
        ChangeKind::Updated => 1,
        ChangeKind::Deleted => 2,
    }
}

/// Once in so many changes those beyond the log's length are removed; until then they only count as gone.
const TRIMMED_EVERY: u64 = 1000;

impl Work {
    pub(crate) async fn status_book(&mut self) -> Result<StatusBook, Failure> {
        let row = query("select last_status, last_created_at, last_change from status_book for update")
            .fetch_one(self.sql())
            .await?;
        Ok(StatusBook {
            last: get_number(&row, "last_status")?,
            last_at: get_moment_if_any(&row, "last_created_at")?,
            last_change: get_number(&row, "last_change")?,
        })
    }

    /// Writes rows with all that depends on them, under the book, which is opened here.
    pub(crate) async fn write_statuses(&mut self, written: Written) -> Result<(), Failure> {
        if written.changes.is_empty() {
            return Ok(());
        }
        let book = self.status_book().await?;
        self.write_statuses_in(book, written).await
    }

    /// As [`Work::write_statuses`], under a book that is open: numbers and moments were taken from it.
    pub(crate) async fn write_statuses_in(&mut self, book: StatusBook, written: Written) -> Result<(), Failure> {
        let Written { posted, updated, deleted, changes } = written;
        if !posted.is_empty() {
            self.insert_statuses(&posted).await?;
        }
        if !updated.is_empty() {
            self.update_statuses(&updated).await?;
        }
        if !deleted.is_empty() {
            let deleted: Vec<i64> = deleted.iter().map(|id| number(id.get())).collect();
            query("delete from statuses where id = any($1)").bind(&deleted).execute(self.sql()).await?;
        }
        self.keep_the_book(book, &posted, &changes).await
    }

    async fn insert_statuses(&mut self, posted: &[Status]) -> Result<(), Failure> {
        let column = |of: fn(&Status) -> i64| posted.iter().map(of).collect::<Vec<_>>();
        let texts: Vec<&str> = posted.iter().map(|status| status.text.as_str()).collect();
        query(
            "insert into statuses (id, account, revision, text, created_at, updated_at) \
             select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[])",
        )
        .bind(column(|status| number(status.id.get())))
        .bind(column(|status| number(status.account.get())))
        .bind(column(|status| number(status.revision.get())))
        .bind(texts)
        .bind(column(|status| status.created_at.as_micros()))
        .bind(column(|status| status.updated_at.as_micros()))
        .execute(self.sql())
        .await?;
        Ok(())
    }

    async fn update_statuses(&mut self, updated: &[Status]) -> Result<(), Failure> {
        let column = |of: fn(&Status) -> i64| updated.iter().map(of).collect::<Vec<_>>();
        let texts: Vec<&str> = updated.iter().map(|status| status.text.as_str()).collect();
        query(
            "update statuses s set revision = u.revision, text = u.text, updated_at = u.updated_at \
             from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) as u (id, revision, text, updated_at) \
             where s.id = u.id",
        )
        .bind(column(|status| number(status.id.get())))
        .bind(column(|status| number(status.revision.get())))
        .bind(texts)
        .bind(column(|status| status.updated_at.as_micros()))
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Numbers the changes, and moves every count, in one statement.
    async fn keep_the_book(
        &mut self,
        book: StatusBook,
        posted: &[Status],
        changes: &[(Timestamp, ChangeKind, StatusId, AccountId)],
    ) -> Result<(), Failure> {
        let mut moves = Moves::default();
        let mut counts = std::collections::BTreeMap::<i64, i64>::new();
        for (_, kind, id, account) in changes {
            let by = match kind {
                ChangeKind::Created => 1,
                ChangeKind::Updated => continue,
                ChangeKind::Deleted => -1,
            };
            moves.add(id.get(), by);
            *counts.entry(number(account.get())).or_default() += by;
        }
        let (levels, blocks, differences) = moves.columns();
        let (accounts, by): (Vec<i64>, Vec<i64>) = counts.into_iter().filter(|(_, by)| *by != 0).unzip();
        let last_change = book.last_change + changes.len() as u64;
        query(concat!(
            "with logged as (insert into changes (number, at, kind, status, account) select * from \
                 unnest($4::bigint[], $5::bigint[], $6::smallint[], $7::bigint[], $8::bigint[])), \
             counted as (update status_counts c set count = c.count + m.by \
                 from unnest($9::bigint[], $10::bigint[]) as m (account, by) where c.account = m.account), \
             ranked as (",
            move_ranks!("statuses", "status_ranks"),
            ") \
             update status_book set last_status = greatest(last_status, $11), \
                 last_created_at = coalesce($12, last_created_at), last_change = $13, \
                 count = count + (select coalesce(sum(by), 0) from unnest($10::bigint[]) as m (by))::bigint"
        ))
        .bind(levels)
        .bind(blocks)
        .bind(differences)
        .bind((book.last_change + 1..=last_change).map(number).collect::<Vec<_>>())
        .bind(changes.iter().map(|(at, ..)| at.as_micros()).collect::<Vec<_>>())
        .bind(changes.iter().map(|(_, kind, ..)| change_number(*kind)).collect::<Vec<_>>())
        .bind(changes.iter().map(|(_, _, id, _)| number(id.get())).collect::<Vec<_>>())
        .bind(changes.iter().map(|(.., account)| number(account.get())).collect::<Vec<_>>())
        .bind(accounts)
        .bind(by)
        .bind(posted.last().map_or(0, |status| number(status.id.get())))
        .bind(posted.last().map(|status| status.created_at.as_micros()))
        .bind(number(last_change))
        .execute(self.sql())
        .await?;
        self.made_change(last_change);
        if book.last_change / TRIMMED_EVERY < last_change / TRIMMED_EVERY {
            query("delete from changes where number <= $1")
                .bind(number(last_change.saturating_sub(Changes::KEPT)))
                .execute(self.sql())
                .await?;
        }
        Ok(())
    }
}
