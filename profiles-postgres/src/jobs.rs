//! The outbox.

use std::time::Duration;

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    mail::{Mail, MailProblem},
    model::{AccountId, OutboxId, Timestamp},
    store::{Jobs, MailOutcome, MailState, OutboxEntry, OutboxItem, Result},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    row::{get, get_count, get_moment, get_moment_if_any, get_number, limit, number},
    write::{Command, Work},
};

/// Mails that are shown, with a condition and an order.
macro_rules! mails {
    ($which:literal) => {
        concat!(
            "select id, account, mail::text as mail, state, due, attempts, unsure, problem, queued_at from outbox ",
            $which
        )
    };
}

#[async_trait]
impl Jobs for PostgresStore {
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>> {
        self.write(Lease { now, until: now.plus(hold), limit }).await
    }

    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()> {
        self.write(Finish { id, attempt, outcome }).await
    }

    async fn next_mail(&self) -> Result<Option<Timestamp>> {
        let row = self.inner.row(|| query("select min(due) as due from outbox where state <> 2")).await?;
        row.as_ref().map_or(Ok(None), |row| get_moment_if_any(row, "due"))
    }

    async fn mails(&self, after: Option<OutboxId>, most: usize) -> Result<Vec<OutboxEntry>> {
        let after = after.map_or(-1, |after| number(after.get()));
        let statement = || query(mails!("where id > $1 order by id limit $2")).bind(after).bind(limit(most));
        self.inner.rows(statement).await?.iter().map(entry).collect()
    }

    async fn mails_of(&self, account: AccountId, most: usize) -> Result<Vec<OutboxEntry>> {
        let statement =
            || query(mails!("where account = $1 order by id limit $2")).bind(number(account.get())).bind(limit(most));
        self.inner.rows(statement).await?.iter().map(entry).collect()
    }

    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        self.write(Retry { id, now }).await
    }

    async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        self.write(Drop { id }).await
    }
}

pub(crate) fn entry(row: &PgRow) -> Result<OutboxEntry> {
    let problem: Option<&str> = get(row, "problem")?;
    Ok(OutboxEntry {
        id: OutboxId::new(get_number(row, "id")?),
        account: AccountId::new(get_number(row, "account")?),
        mail: mail(row)?,
        state: state_of(get(row, "state")?)?,
        attempts: get_count(row, "attempts")?,
        unsure: get_count(row, "unsure")?,
        due: get_moment(row, "due")?,
        problem: problem.map(MailProblem::new),
        queued_at: get_moment(row, "queued_at")?,
    })
}

fn mail(row: &PgRow) -> Result<Mail> {
    serde_json::from_str(get(row, "mail")?).map_err(|error| corrupt(format!("a mail can't be read: {error}")))
}

const WAITING: i16 = 0;
const HELD: i16 = 1;
const DEAD: i16 = 2;

pub(crate) fn state_number(state: MailState) -> i16 {
    match state {
        MailState::Waiting => WAITING,
        MailState::Held => HELD,
        MailState::Dead => DEAD,
    }
}

fn state_of(number: i16) -> Result<MailState> {
    match number {
        WAITING => Ok(MailState::Waiting),
        HELD => Ok(MailState::Held),
        DEAD => Ok(MailState::Dead),
        other => Err(corrupt(format!("{other} is no state of a mail"))),
    }
}

struct Lease {
    now: Timestamp,
    until: Timestamp,
    limit: usize,
}

#[async_trait]
impl Command for Lease {
    type Answer = Vec<OutboxItem>;

    async fn run(&self, work: &mut Work) -> Result<Vec<OutboxItem>, Failure> {
        // Whoever held one until now has not said what came of it.
        let rows = query(
            "with chosen as materialized (select id, due as was_due from outbox where state <> 2 and due <= $1 \
                             order by due, id limit $2 for update skip locked) \
             update outbox set attempts = attempts + 1, unsure = unsure + case when state = 1 then 1 else 0 end, \
                 state = 1, due = $3 \
             from chosen where outbox.id = chosen.id \
             returning outbox.id, mail::text as mail, attempts, unsure, queued_at, was_due",
        )
        .bind(self.now.as_micros())
        .bind(limit(self.limit))
        .bind(self.until.as_micros())
        .fetch_all(work.sql())
        .await?;
        let leased = rows.iter().map(|row| {
            let item = OutboxItem {
                id: OutboxId::new(get_number(row, "id")?),
                mail: mail(row)?,
                attempt: get_count(row, "attempts")?,
                unsure: get_count(row, "unsure")?,
                queued_at: get_moment(row, "queued_at")?,
            };
            Ok((get_moment(row, "was_due")?, item))
        });
        let mut leased = leased.collect::<Result<Vec<_>>>()?;
        leased.sort_by_key(|(was_due, item)| (*was_due, item.id));
        Ok(leased.into_iter().map(|(_, item)| item).collect())
    }
}

struct Finish {
    id: OutboxId,
    attempt: u32,
    outcome: MailOutcome,
}

#[async_trait]
impl Command for Finish {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        let (id, attempt) = (number(self.id.get()), i64::from(self.attempt));
        let statement = match &self.outcome {
            MailOutcome::Sent => query("delete from outbox where id = $1").bind(id),
            MailOutcome::Later { at, why, unsure } => query(
                "update outbox set state = 0, due = $3, unsure = unsure + $4, problem = $5 \
                 where id = $1 and state = 1 and attempts = $2",
            )
            .bind(id)
            .bind(attempt)
            .bind(at.as_micros())
            .bind(i64::from(*unsure))
            .bind(why.as_str()),
            MailOutcome::Dead { why } => {
                query("update outbox set state = 2, problem = $3 where id = $1 and state = 1 and attempts = $2")
                    .bind(id)
                    .bind(attempt)
                    .bind(why.as_str())
            }
        };
        statement.execute(work.sql()).await?;
        Ok(())
    }
}

struct Retry {
    id: OutboxId,
    now: Timestamp,
}

#[async_trait]
impl Command for Retry {
    type Answer = bool;

    async fn run(&self, work: &mut Work) -> Result<bool, Failure> {
        let row = query("select state, account from outbox where id = $1 for update")
            .bind(number(self.id.get()))
            .fetch_optional(work.sql())
            .await?;
        let Some(row) = row else { return Ok(false) };
        if state_of(get(&row, "state")?)? != MailState::Held {
            query("update outbox set state = 0, due = $2, attempts = 0, unsure = 0 where id = $1")
                .bind(number(self.id.get()))
                .bind(self.now.as_micros())
                .execute(work.sql())
                .await?;
            let account = AccountId::new(get_number(&row, "account")?);
            work.tell(self.now, EventKind::MailQueued { account });
        }
        Ok(true)
    }
}

struct Drop {
    id: OutboxId,
}

#[async_trait]
impl Command for Drop {
    type Answer = bool;

    async fn run(&self, work: &mut Work) -> Result<bool, Failure> {
        let dropped = query("delete from outbox where id = $1").bind(number(self.id.get())).execute(work.sql()).await?;
        Ok(dropped.rows_affected() > 0)
    }
}

impl Work {
    /// Puts mails of an account into the outbox, and tells of it. The account is held.
    pub(crate) async fn put_mails(&mut self, account: AccountId, mails: &[Mail], at: Timestamp) -> Result<(), Failure> {
        for mail in mails {
            let text = serde_json::to_string(mail).map_err(|error| corrupt(error.to_string()))?;
            query(
                "insert into outbox (id, account, mail, state, due, attempts, unsure, queued_at) \
                 values (nextval('outbox_ids'), $1, $2::json, 0, $3, 0, 0, $3)",
            )
            .bind(number(account.get()))
            .bind(text)
            .bind(at.as_micros())
            .execute(self.sql())
            .await?;
        }
        if !mails.is_empty() {
            self.tell(at, EventKind::MailQueued { account });
        }
        Ok(())
    }
}
