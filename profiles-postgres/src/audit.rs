//! The audit trail.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, AuditActor, AuditEntry, AuditEvent, AuditId, AuditNote, AuditOutcome, Timestamp},
    store::{Audit, AuditFilter, Result},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    row::{get, get_moment, get_number, limit, number},
    store::Inner,
    tokens::origin,
    write::{Command, Work},
};

#[async_trait]
impl Audit for PostgresStore {
    async fn note(&self, note: AuditNote, at: Timestamp) -> Result<()> {
        self.write(Note { note, at }).await
    }

    async fn audit(&self, filter: &AuditFilter, after: Option<AuditId>, most: usize) -> Result<Vec<AuditEntry>> {
        let after = after.map_or(-1, |after| number(after.get()));
        // Who reads on after the last line must not miss one with a smaller number that is committed later. One account's
        // lines are read once.
        let last = if filter.account.is_some() { i64::MAX } else { self.inner.last_settled_line().await? };
        let statement = || {
            // Two indexes lead to what concerns an account; without one, all lines are looked at in their order.
            let concerned = "select * from audit where id > $1 and (account = $2 or actor = $2) \
                 and ($3::text is null or event = $3) and ($4::text is null or outcome = $4) \
                 and ($5::bigint is null or at >= $5) and ($6::bigint is null or at < $6) and id <= $8 \
                 order by id limit $7";
            let all = "select * from audit where id > $1 and $2::bigint is null \
                 and ($3::text is null or event = $3) and ($4::text is null or outcome = $4) \
                 and ($5::bigint is null or at >= $5) and ($6::bigint is null or at < $6) and id <= $8 \
                 order by id limit $7";
            query(if filter.account.is_some() { concerned } else { all })
                .bind(after)
                .bind(filter.account.map(|account| bits(account.get())))
                .bind(filter.event.map(AuditEvent::as_str))
                .bind(filter.outcome.map(AuditOutcome::as_str))
                .bind(filter.since.map(Timestamp::as_micros))
                .bind(filter.until.map(Timestamp::as_micros))
                .bind(limit(most))
                .bind(last)
        };
        self.inner.rows(statement).await?.iter().map(entry).collect()
    }

    async fn forget_audit(&self, before: Timestamp, limit: usize) -> Result<usize> {
        self.write(Forget { before, limit }).await
    }
}

pub(crate) fn entry(row: &PgRow) -> Result<AuditEntry> {
    let event: &str = get(row, "event")?;
    let outcome: &str = get(row, "outcome")?;
    let account: Option<i64> = get(row, "account")?;
    let object: Option<i64> = get(row, "object")?;
    let note = AuditNote {
        event: AuditEvent::parse(event).ok_or_else(|| corrupt(format!("{event} is no event of the trail")))?,
        outcome: AuditOutcome::parse(outcome).ok_or_else(|| corrupt(format!("{outcome} is no outcome")))?,
        actor: actor(row)?,
        account: account.map(|account| AccountId::new(account.cast_unsigned())),
        object: object.map(i64::cast_unsigned),
        origin: origin(row)?,
    };
    Ok(AuditEntry { id: AuditId::new(get_number(row, "id")?), at: get_moment(row, "at")?, note })
}

/// A number that the trail tells need not be that of any row, so each of 64 bits has to come back as it was: as the same
/// bits.
pub(crate) fn bits(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) fn account_bits(actor: AuditActor) -> Option<i64> {
    match actor {
        AuditActor::Anonymous | AuditActor::Operator => None,
        AuditActor::Account(account) => Some(bits(account.get())),
    }
}

fn actor(row: &PgRow) -> Result<AuditActor> {
    let account: Option<i64> = get(row, "actor")?;
    Ok(match account {
        Some(account) => AuditActor::Account(AccountId::new(account.cast_unsigned())),
        None if get(row, "by_operator")? => AuditActor::Operator,
        None => AuditActor::Anonymous,
    })
}

struct Note {
    note: AuditNote,
    at: Timestamp,
}

#[async_trait]
impl Command for Note {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        work.note(self.at, Some(&self.note)).await
    }
}

struct Forget {
    before: Timestamp,
    limit: usize,
}

#[async_trait]
impl Command for Forget {
    type Answer = usize;

    async fn run(&self, work: &mut Work) -> Result<usize, Failure> {
        let rows = query("select id, at from audit order by id limit $1")
            .bind(limit(self.limit))
            .fetch_all(work.sql())
            .await?;
        let mut old = Vec::new();
        for row in &rows {
            if get_moment(row, "at")? >= self.before {
                break;
            }
            old.push(get::<i64>(row, "id")?);
        }
        let forgotten = query("delete from audit where id = any($1)").bind(&old).execute(work.sql()).await?;
        Ok(usize::try_from(forgotten.rows_affected()).unwrap_or(usize::MAX))
    }
}

impl Work {
    /// Adds a line to the trail, if there is one.
    pub(crate) async fn note(&mut self, at: Timestamp, note: Option<&AuditNote>) -> Result<(), Failure> {
        let Some(AuditNote { event, outcome, actor, account, object, origin }) = note else { return Ok(()) };
        query(
            "with writing as materialized (select pg_advisory_xact_lock_shared($11)) \
             insert into audit (id, at, event, outcome, actor, by_operator, account, object, address, agent, \
             request_id) select nextval('audit_ids'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 from writing",
        )
        .bind(at.as_micros())
        .bind(event.as_str())
        .bind(outcome.as_str())
        .bind(account_bits(*actor))
        .bind(*actor == AuditActor::Operator)
        .bind(account.map(|account| bits(account.get())))
        .bind(object.map(bits))
        .bind(origin.address().map(|address| address.to_string()))
        .bind(origin.agent())
        .bind(origin.request_id())
        .bind(WRITING)
        .execute(self.sql())
        .await?;
        Ok(())
    }
}

/// The name of the lock that whoever writes lines shares until they are committed. No key of a count of tries is likely to
/// have it, and if one had, its tries would wait for a reader of the trail now and then.
const WRITING: i64 = 0x7072_6f66_6175_6474;

impl Inner {
    /// The last line before which none is under way: whoever was numbering lines when it was numbered is waited for.
    async fn last_settled_line(&self) -> Result<i64> {
        let row = self.row(|| query("select last_value from audit_ids")).await?;
        let last = row.as_ref().map_or(Ok(0), |row| get(row, "last_value"))?;
        self.row(|| query("select pg_advisory_xact_lock($1)").bind(WRITING)).await?;
        Ok(last)
    }
}
