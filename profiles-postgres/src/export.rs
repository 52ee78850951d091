//! Everything, sent to another store.

use std::time::Duration;

use profiles_core::{
    model::{AccountId, Lifetime, Profile, Revision, StatusId, StatusText, ThrottleKey, Timestamp},
    store::{
        AccountRow, Changes, ErasureRow, MailKeyRow, Numbers, ProfileRow, Record, RequestRow, Result, StatusRow,
        StoreError, TallyRow, TokenRow,
    },
};
use sqlx::{Error as SqlError, PgConnection, postgres::PgRow, query, raw_sql};
use tokio::sync::mpsc::Sender;

use crate::{
    audit,
    error::{corrupt, to_store_error},
    feed, jobs, mail_keys, places, profiles, requests,
    row::{get, get_count, get_digest, get_moment, get_moment_if_any, get_number, get_text},
    store::Inner,
    tokens,
};

/// How a row becomes a record.
type ToRecord = fn(&PgRow) -> Result<Record>;

/// What is sent, in the order of [`Order`](profiles_core::store::Order): the rows of a table, and how one becomes a record.
const TABLES: [(&str, ToRecord); 11] = [
    (
        "select a.*, p.places::text as places from accounts a left join places p on p.account = a.id order by a.id",
        account,
    ),
    ("select p.*, a.username from profiles p join accounts a on a.id = p.account order by p.id", profile),
    ("select * from statuses order by id", status),
    ("select * from tokens order by digest", token),
    ("select * from mail_keys order by digest", mail_key),
    ("select * from requests order by key", request),
    (
        "select id, account, mail::text as mail, state, due, attempts, unsure, problem, queued_at from outbox order by id",
        mail,
    ),
    ("select * from tallies order by key", tally),
    ("select * from audit order by id", line),
    // Those beyond the log's length are none, whether they were removed or not; its value is put in when they are asked for.
    ("select * from changes where number > (select last_change from status_book) - KEPT order by number", change),
    ("select id, erasing_since from accounts where erasing_since is not null order by id", erasure),
];

/// What was given out, and the rest of the two books.
const NUMBERS: &str = "select p.last_account, p.last_profile, s.last_status, s.last_created_at, s.last_change, \
     (select case when is_called then last_value else 0 end from token_ids) as token, \
     (select case when is_called then last_value else 0 end from outbox_ids) as mail, \
     (select case when is_called then last_value else 0 end from audit_ids) as audit \
     from profile_book p, status_book s";

/// Why an export or an import did not come to its end.
enum Broken {
    Database(SqlError),
    Store(StoreError),
}

impl From<SqlError> for Broken {
    fn from(error: SqlError) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Inner {
    /// Sends all rows as they are at one moment: in one transaction that only reads, which holds nobody up.
    pub(crate) async fn export(&self, to: Sender<Vec<Record>>) -> Result<()> {
        self.check_open()?;
        let mut connection = self.connections.acquire().await.map_err(to_store_error)?;
        // Never back into the pool: a call that is dropped leaves its transaction open.
        connection.close_on_drop();
        let sent = send_all(&mut connection, &to).await;
        if sent.is_err() {
            connection.close_on_drop();
        }
        sent.map_err(|broken| match broken {
            Broken::Database(error) => to_store_error(error),
            Broken::Store(error) => error,
        })
    }
}

async fn send_all(connection: &mut PgConnection, to: &Sender<Vec<Record>>) -> Result<(), Broken> {
    // Who takes the rows may take his time.
    raw_sql(
        "begin isolation level repeatable read read only; set local statement_timeout = 0; \
         set local idle_in_transaction_session_timeout = 0",
    )
    .execute(&mut *connection)
    .await?;
    let nobody = || StoreError::unavailable("nobody takes the rows any more");
    for (rows, record) in TABLES {
        // Declared by a text of ours; nothing in it comes from outside.
        let rows = rows.replace("KEPT", &Changes::KEPT.to_string());
        raw_sql(sqlx::AssertSqlSafe(format!("declare records no scroll cursor for {rows}")))
            .execute(&mut *connection)
            .await?;
        loop {
            let rows = query("fetch 1024 from records").persistent(false).fetch_all(&mut *connection).await?;
            if rows.is_empty() {
                break;
            }
            let records = rows.iter().map(record).collect::<Result<Vec<_>>>()?;
            to.send(records).await.map_err(|_| nobody())?;
        }
        raw_sql("close records").execute(&mut *connection).await?;
    }
    let numbers = numbers(&query(NUMBERS).fetch_one(&mut *connection).await?)?;
    raw_sql("rollback").execute(&mut *connection).await?;
    to.send(vec![Record::Numbers(numbers)]).await.map_err(|_| nobody())?;
    Ok(())
}

/// The numbers that a database has given out.
pub(crate) async fn numbers_of(connection: &mut PgConnection) -> Result<Numbers, crate::error::Failure> {
    Ok(numbers(&query(NUMBERS).fetch_one(connection).await?)?)
}

fn numbers(row: &PgRow) -> Result<Numbers> {
    Ok(Numbers {
        account: get_number(row, "last_account")?,
        profile: get_number(row, "last_profile")?,
        status: get_number(row, "last_status")?,
        status_at: get_moment_if_any(row, "last_created_at")?,
        token: get_number(row, "token")?,
        mail: get_number(row, "mail")?,
        audit: get_number(row, "audit")?,
        change: get_number(row, "last_change")?,
    })
}

fn account(row: &PgRow) -> Result<Record> {
    let account = crate::row::account(row)?;
    let places = match get::<Option<&str>>(row, "places")? {
        Some(_) => places::places(row)?,
        None => Vec::new(),
    };
    Ok(Record::Account(AccountRow { account, places }))
}

fn profile(row: &PgRow) -> Result<Record> {
    let Profile { id, account, revision, avatar, bio, city, .. } = profiles::profile(row)?;
    Ok(Record::Profile(ProfileRow { id, account, revision, avatar, bio, city }))
}

fn status(row: &PgRow) -> Result<Record> {
    Ok(Record::Status(StatusRow {
        id: StatusId::new(get_number(row, "id")?),
        account: AccountId::new(get_number(row, "account")?),
        revision: Revision::new(get_number(row, "revision")?),
        text: get_text(row, "text", StatusText::parse)?,
        created_at: get_moment(row, "created_at")?,
        updated_at: get_moment(row, "updated_at")?,
    }))
}

fn token(row: &PgRow) -> Result<Record> {
    let token = tokens::token(row)?;
    let idle: Option<i64> = get(row, "idle")?;
    let idle = idle.map(u64::try_from).transpose().map_err(|_| corrupt("a token idles for less than no time"))?;
    let lifetime = Lifetime { ends_at: get_moment_if_any(row, "ends_at")?, idle: idle.map(Duration::from_micros) };
    Ok(Record::Token(TokenRow {
        digest: get_digest(row, "digest")?,
        id: token.id,
        account: token.account,
        kind: token.kind,
        lifetime,
        name: token.name,
        scopes: token.scopes,
        origin: token.origin,
        created_at: token.created_at,
        last_used_at: token.last_used_at,
    }))
}

fn mail_key(row: &PgRow) -> Result<Record> {
    let key = mail_keys::pending(row)?;
    Ok(Record::MailKey(MailKeyRow {
        digest: get_digest(row, "digest")?,
        account: key.account,
        purpose: key.purpose,
        email: key.email,
        expires_at: key.expires_at,
    }))
}

fn request(row: &PgRow) -> Result<Record> {
    let kept = requests::to_kept(row)?;
    Ok(Record::Request(RequestRow {
        key: get_digest(row, "key")?,
        account: kept.account,
        fingerprint: kept.fingerprint,
        status: kept.status,
        expires_at: get_moment(row, "expires_at")?,
    }))
}

fn mail(row: &PgRow) -> Result<Record> {
    jobs::entry(row).map(Record::Mail)
}

fn tally(row: &PgRow) -> Result<Record> {
    Ok(Record::Tally(TallyRow {
        key: ThrottleKey::from_digest(get_digest(row, "key")?),
        count: get_count(row, "count")?,
        last: get_moment(row, "last")?,
        forgotten_at: get_moment(row, "forgotten_at")?,
        told: get(row, "told")?,
    }))
}

fn line(row: &PgRow) -> Result<Record> {
    audit::entry(row).map(Record::Audit)
}

fn change(row: &PgRow) -> Result<Record> {
    feed::change(row).map(Record::Change)
}

fn erasure(row: &PgRow) -> Result<Record> {
    let begun_at: Timestamp = get_moment(row, "erasing_since")?;
    Ok(Record::Erasure(ErasureRow { account: AccountId::new(get_number(row, "id")?), begun_at }))
}
