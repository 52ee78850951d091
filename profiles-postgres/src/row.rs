//! From values of the core to those of the database, and back. What is stored was parsed once; it is parsed again when it
//! is read, so that a row that somebody has spoilt by hand is told as what it is.

use profiles_core::{
    fields::FieldError,
    model::{Account, AccountId, Digest, Email, PasswordHash, PersonName, Revision, Timestamp, Username},
    store::Result,
};
use sqlx::{ColumnIndex, Decode, Postgres, Row as _, Type, postgres::PgRow};

use crate::error::corrupt;

/// A number as the database keeps it. One that is too great for it is in no row, so it may stand for the greatest.
pub(crate) fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// A number of rows as a limit.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A column of a row.
pub(crate) fn get<'r, T>(row: &'r PgRow, column: &'static str) -> Result<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
    &'static str: ColumnIndex<PgRow>,
{
    row.try_get(column).map_err(|error| corrupt(format!("column {column}: {error}")))
}

/// A column that holds a number of the core.
pub(crate) fn get_number(row: &PgRow, column: &'static str) -> Result<u64> {
    to_number(get(row, column)?)
}

pub(crate) fn to_number(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| corrupt(format!("{value} stands where a number without a sign should")))
}

/// A count that a column holds, as small as the core counts it.
pub(crate) fn get_count(row: &PgRow, column: &'static str) -> Result<u32> {
    let value: i64 = get(row, column)?;
    u32::try_from(value).map_err(|_| corrupt(format!("{value} stands where a small count should")))
}

pub(crate) fn get_moment(row: &PgRow, column: &'static str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(get(row, column)?))
}

pub(crate) fn get_moment_if_any(row: &PgRow, column: &'static str) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_micros))
}

pub(crate) fn get_digest(row: &PgRow, column: &'static str) -> Result<Digest> {
    let bytes: &[u8] = get(row, column)?;
    let bytes = bytes.try_into().map_err(|_| corrupt(format!("column {column} has no 32 bytes")))?;
    Ok(Digest::from_bytes(bytes))
}

/// A column that holds a text which the core parses.
pub(crate) fn get_text<T>(
    row: &PgRow,
    column: &'static str,
    parse: impl Fn(&str) -> Result<T, Vec<FieldError>>,
) -> Result<T> {
    parsed(column, get(row, column)?, parse)
}

pub(crate) fn get_text_if_any<T>(
    row: &PgRow,
    column: &'static str,
    parse: impl Fn(&str) -> Result<T, Vec<FieldError>>,
) -> Result<Option<T>> {
    let text: Option<&str> = get(row, column)?;
    text.map(|text| parsed(column, text, parse)).transpose()
}

fn parsed<T>(column: &str, text: &str, parse: impl Fn(&str) -> Result<T, Vec<FieldError>>) -> Result<T> {
    parse(text).map_err(|_| corrupt(format!("column {column} holds a text that is none of its kind")))
}

/// The columns of an account, in `accounts`.
pub(crate) fn account(row: &PgRow) -> Result<Account> {
    Ok(Account {
        id: AccountId::new(get_number(row, "id")?),
        revision: Revision::new(get_number(row, "revision")?),
        username: get_text(row, "username", Username::parse)?,
        email: get_text_if_any(row, "email", Email::parse)?,
        email_verified: get(row, "email_verified")?,
        first_name: get_text(row, "first_name", PersonName::parse)?,
        last_name: get_text(row, "last_name", PersonName::parse)?,
        password: PasswordHash::from_encoded(get::<String>(row, "password")?),
        is_staff: get(row, "is_staff")?,
        is_active: get(row, "is_active")?,
        joined_at: get_moment(row, "joined_at")?,
        last_login_at: get_moment_if_any(row, "last_login_at")?,
    })
}
