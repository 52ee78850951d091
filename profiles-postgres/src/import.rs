//! Everything, taken from another store: in one transaction, so that it is there whole or not at all.

use std::time::Duration;

use data_encoding::HEXLOWER;
use profiles_core::{
    mail::MailProblem,
    model::{AuditActor, Email, Lifetime, Scope, StatusId, Timestamp, TokenName},
    store::{Inconsistency, Numbers, Order, Record, Result, StoreError, folded},
};
use serde_json::{Value, json};
use sqlx::{Error as SqlError, PgConnection, query, query_scalar, raw_sql};
use tokio::sync::mpsc::Receiver;

use crate::{
    audit::{account_bits, bits},
    error::{Failure, Remedy, to_store_error},
    export::numbers_of,
    jobs::state_number,
    mail_keys::purpose_number,
    profiles::format_number,
    row::number,
    statuses::change_number,
    store::Inner,
    tokens::kind_number,
    verify,
};

/// Rows of one table, on their way into it.
#[derive(Default)]
struct Pile {
    table: Option<Table>,
    rows: Vec<Value>,
}

/// Rows that are written at a time.
const TOGETHER: usize = 1024;

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Accounts,
    Profiles,
    Statuses,
    Tokens,
    MailKeys,
    Requests,
    Outbox,
    Tallies,
    Audit,
    Changes,
    Erasures,
}

impl Table {
    /// How rows that are one text of JSON get in. An account's profile is not known before it comes.
    fn statement(self) -> &'static str {
        match self {
            Self::Accounts => {
                "with given as (select value as row from json_array_elements($1::json)), \
                 placed as (insert into places (account, places) select (row ->> 'id')::bigint, row -> 'places' \
                     from given where json_array_length(row -> 'places') > 0) \
                 insert into accounts select (json_populate_record(null::accounts, row)).* from given"
            }
            Self::Profiles => {
                "with given as (select r.* from json_populate_recordset(null::profiles, $1::json) r), \
                 named as (update accounts a set profile = g.id from given g where a.id = g.account) \
                 insert into profiles (id, account, revision, avatar_digest, avatar_format, bio, city, username_key, \
                     city_key) \
                 select g.id, g.account, g.revision, g.avatar_digest, g.avatar_format, g.bio, g.city, \
                     coalesce(a.username_key, ''), g.city_key from given g left join accounts a on a.id = g.account"
            }
            Self::Statuses => "insert into statuses select * from json_populate_recordset(null::statuses, $1::json)",
            Self::Tokens => "insert into tokens select * from json_populate_recordset(null::tokens, $1::json)",
            Self::MailKeys => "insert into mail_keys select * from json_populate_recordset(null::mail_keys, $1::json)",
            Self::Requests => "insert into requests select * from json_populate_recordset(null::requests, $1::json)",
            Self::Outbox => "insert into outbox select * from json_populate_recordset(null::outbox, $1::json)",
            Self::Tallies => "insert into tallies select * from json_populate_recordset(null::tallies, $1::json)",
            Self::Audit => "insert into audit select * from json_populate_recordset(null::audit, $1::json)",
            Self::Changes => "insert into changes select * from json_populate_recordset(null::changes, $1::json)",
            Self::Erasures => {
                "update accounts a set erasing_since = g.erasing_since \
                 from json_populate_recordset(null::accounts, $1::json) g where a.id = g.id"
            }
        }
    }
}

impl Inner {
    pub(crate) async fn import(&self, from: Receiver<Vec<Record>>) -> Result<()> {
        self.check_open()?;
        let mut connection = self.connections.acquire().await.map_err(to_store_error)?;
        // Never back into the pool: a call that is dropped leaves its transaction open.
        connection.close_on_drop();
        match take_all(&mut connection, from).await {
            Ok(()) => {
                if let Some(replica) = &self.replica {
                    replica.wrote();
                }
                Ok(())
            }
            Err(failure) => Err(refusal(failure)),
        }
    }
}

/// What breaks a rule of the tables does not fit; what breaks the database is its own affair.
fn refusal(failure: Failure) -> StoreError {
    match failure {
        Failure::Refused(error) => error,
        Failure::Overtaken => StoreError::Busy,
        Failure::Database(error) => match &error {
            SqlError::Database(broken)
                if broken.code().is_some_and(|code| code.starts_with("23") || code.starts_with("22")) =>
            {
                StoreError::Unfit(Inconsistency(broken.message().to_owned()))
            }
            _ if Remedy::of(&error) == Remedy::None => to_store_error(error),
            _ => StoreError::unavailable(error),
        },
    }
}

async fn take_all(connection: &mut PgConnection, mut from: Receiver<Vec<Record>>) -> Result<(), Failure> {
    // It takes as long as there is to take, and whoever sends may take his time.
    raw_sql(
        "begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; \
         lock table profile_book, status_book, accounts, profiles, statuses, tallies in exclusive mode",
    )
    .execute(&mut *connection)
    .await?;
    check_is_empty(connection).await?;
    // Made at once when all is there, they cost a fraction.
    raw_sql("drop index profiles_search_username, profiles_search_city").execute(&mut *connection).await?;
    let (mut order, mut pile, mut given) = (Order::default(), Pile::default(), Numbers::default());
    while let Some(records) = from.recv().await {
        for record in &records {
            order.check(record)?;
            if let Record::Numbers(numbers) = record {
                given = numbers.clone();
            }
            pile.put(record, connection).await?;
        }
    }
    order.finish()?;
    pile.write(connection).await?;
    raw_sql(
        "create index profiles_search_username on profiles using gin (username_key gin_trgm_ops); \
         create index profiles_search_city on profiles using gin (city_key gin_trgm_ops)",
    )
    .execute(&mut *connection)
    .await?;
    keep_the_books(connection, &given).await?;
    if let Some(found) = verify::inconsistencies(connection).await?.into_iter().next() {
        return Err(StoreError::Unfit(Inconsistency(found)).into());
    }
    give_numbers(connection, &given).await?;
    raw_sql("commit").execute(&mut *connection).await?;
    // Better plans from the first question on; without it they come by themselves, later.
    let _ = raw_sql("analyze").execute(connection).await;
    Ok(())
}

async fn check_is_empty(connection: &mut PgConnection) -> Result<(), Failure> {
    let rows: bool = query_scalar("select exists (select from tallies) or exists (select from audit)")
        .fetch_one(&mut *connection)
        .await?;
    // Whatever else was ever there hung on an account. Sequences may have moved without leaving anything.
    let given = Numbers { token: 0, mail: 0, audit: 0, ..numbers_of(connection).await? };
    let untouched = !rows && given == Numbers::default();
    if untouched { Ok(()) } else { Err(StoreError::NotEmpty.into()) }
}

/// What follows from the rows: counts. The numbers given out are in the books, but for those of sequences.
async fn keep_the_books(connection: &mut PgConnection, given: &Numbers) -> Result<(), Failure> {
    query("update profile_book set last_account = $1, last_profile = $2, count = (select count(*) from profiles)")
        .bind(number(given.account))
        .bind(number(given.profile))
        .execute(&mut *connection)
        .await?;
    query(
        "update status_book set last_status = $1, last_created_at = $2, last_change = $3, \
         count = (select count(*) from statuses)",
    )
    .bind(number(given.status))
    .bind(given.status_at.map(Timestamp::as_micros))
    .bind(number(given.change))
    .execute(&mut *connection)
    .await?;
    raw_sql(
        "insert into status_counts (account, count) \
             select a.id, (select count(*) from statuses s where s.account = a.id) from accounts a; \
         insert into profile_ranks (level, block, count) \
             select l, id >> l, count(*) from profiles, unnest('{10,20}'::int[]) l group by 1, 2; \
         insert into status_ranks (level, block, count) \
             select l, id >> l, count(*) from statuses, unnest('{10,20}'::int[]) l group by 1, 2",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sequences do not go back with a transaction, so they are moved when nothing else can fail.
async fn give_numbers(connection: &mut PgConnection, given: &Numbers) -> Result<(), Failure> {
    for (sequence, last) in [("token_ids", given.token), ("outbox_ids", given.mail), ("audit_ids", given.audit)] {
        query("select setval($1::regclass, greatest($2, 1), $2 > 0)")
            .bind(sequence)
            .bind(number(last))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Pile {
    async fn put(&mut self, record: &Record, connection: &mut PgConnection) -> Result<(), Failure> {
        let Some((table, row)) = row(record)? else { return Ok(()) };
        if self.table != Some(table) || self.rows.len() >= TOGETHER {
            self.write(connection).await?;
        }
        self.table = Some(table);
        self.rows.push(row);
        Ok(())
    }

    async fn write(&mut self, connection: &mut PgConnection) -> Result<(), Failure> {
        let count = self.rows.len() as u64;
        let rows = Value::Array(std::mem::take(&mut self.rows)).to_string();
        if let Some(table) = self.table.take() {
            let written = query(table.statement()).bind(rows).execute(connection).await?;
            if table == Table::Erasures && written.rows_affected() != count {
                let what = "an erasure is of an account that is not there".to_owned();
                return Err(StoreError::Unfit(Inconsistency(what)).into());
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", HEXLOWER.encode(bytes))
}

fn micros(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_micros)
}

/// A record as a row of JSON, by the names of the columns; nothing for the numbers.
#[expect(clippy::too_many_lines, reason = "one table of what becomes what")]
fn row(record: &Record) -> Result<Option<(Table, Value)>> {
    Ok(Some(match record {
        Record::Account(row) => {
            let account = &row.account;
            let places = serde_json::to_value(&row.places).map_err(StoreError::unavailable)?;
            let row = json!({
                "id": account.id.get(), "revision": account.revision.get(),
                // Unlike every other, until its profile comes.
                "profile": -number(account.id.get()),
                "username": account.username.as_str(), "username_key": account.username.key().as_str(),
                "email": account.email.as_ref().map(Email::as_str), "email_verified": account.email_verified,
                "first_name": account.first_name.as_str(), "last_name": account.last_name.as_str(),
                "password": account.password.as_encoded(), "is_staff": account.is_staff,
                "is_active": account.is_active, "joined_at": account.joined_at.as_micros(),
                "last_login_at": micros(account.last_login_at), "places": places,
            });
            (Table::Accounts, row)
        }
        Record::Profile(row) => (
            Table::Profiles,
            json!({
                "id": row.id.get(), "account": row.account.get(), "revision": row.revision.get(),
                "avatar_digest": row.avatar.map(|avatar| hex(&avatar.digest)),
                "avatar_format": row.avatar.map(|avatar| format_number(avatar.format)),
                "bio": row.bio.as_str(), "city": row.city.as_str(), "city_key": folded(row.city.as_str()),
            }),
        ),
        Record::Status(row) => (
            Table::Statuses,
            json!({
                "id": row.id.get(), "account": row.account.get(), "revision": row.revision.get(),
                "text": row.text.as_str(), "created_at": row.created_at.as_micros(),
                "updated_at": row.updated_at.as_micros(),
            }),
        ),
        Record::Token(row) => {
            let Lifetime { ends_at, idle } = row.lifetime;
            let used = row.last_used_at.unwrap_or(row.created_at);
            let idle = idle.map(|idle: Duration| i64::try_from(idle.as_micros()).unwrap_or(i64::MAX));
            let row = json!({
                "digest": hex(row.digest.as_bytes()), "id": row.id.get(), "account": row.account.get(),
                "kind": kind_number(row.kind), "ends_at": micros(ends_at), "idle": idle,
                "expires_at": micros(row.lifetime.expires_at(used)),
                "name": row.name.as_ref().map(TokenName::as_str),
                "scopes": row.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
                "address": row.origin.address().map(|address| address.to_string()),
                "agent": row.origin.agent(), "request_id": row.origin.request_id(),
                "created_at": row.created_at.as_micros(), "last_used_at": micros(row.last_used_at),
            });
            (Table::Tokens, row)
        }
        Record::MailKey(row) => (
            Table::MailKeys,
            json!({
                "digest": hex(row.digest.as_bytes()), "account": row.account.get(),
                "purpose": purpose_number(row.purpose), "email": row.email.as_str(),
                "expires_at": row.expires_at.as_micros(),
            }),
        ),
        Record::Request(row) => (
            Table::Requests,
            json!({
                "key": hex(row.key.as_bytes()), "account": row.account.get(),
                "fingerprint": hex(row.fingerprint.as_bytes()), "status": row.status.map(StatusId::get),
                "expires_at": row.expires_at.as_micros(),
            }),
        ),
        Record::Mail(row) => (
            Table::Outbox,
            json!({
                "id": row.id.get(), "account": row.account.get(),
                "mail": serde_json::to_value(&row.mail).map_err(StoreError::unavailable)?,
                "state": state_number(row.state), "due": row.due.as_micros(), "attempts": row.attempts,
                "unsure": row.unsure, "problem": row.problem.as_ref().map(MailProblem::as_str),
                "queued_at": row.queued_at.as_micros(),
            }),
        ),
        Record::Tally(row) => (
            Table::Tallies,
            json!({
                "key": hex(row.key.digest().as_bytes()), "count": row.count, "last": row.last.as_micros(),
                "told": row.told, "forgotten_at": row.forgotten_at.as_micros(),
            }),
        ),
        Record::Audit(row) => {
            let note = &row.note;
            let row = json!({
                "id": row.id.get(), "at": row.at.as_micros(), "event": note.event.as_str(),
                "outcome": note.outcome.as_str(), "actor": account_bits(note.actor),
                "by_operator": note.actor == AuditActor::Operator,
                "account": note.account.map(|account| bits(account.get())), "object": note.object.map(bits),
                "address": note.origin.address().map(|address| address.to_string()),
                "agent": note.origin.agent(), "request_id": note.origin.request_id(),
            });
            (Table::Audit, row)
        }
        Record::Change(row) => (
            Table::Changes,
            json!({
                "number": row.number.get(), "at": row.at.as_micros(), "kind": change_number(row.kind),
                "status": row.status.get(), "account": row.account.get(),
            }),
        ),
        Record::Erasure(row) => {
            (Table::Erasures, json!({ "id": row.account.get(), "erasing_since": row.begun_at.as_micros() }))
        }
        Record::Numbers(_) => return Ok(None),
    }))
}
