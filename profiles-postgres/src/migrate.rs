//! Making the tables, and bringing those of an earlier version up to date.

use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{
    config::{DatabaseUrl, PostgresConfig},
    connect,
    error::OpenError,
};

/// Every migration, in order. One that was released is never changed: what it made is changed by a later one.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "the store", include_str!("../migrations/0001_the_store.sql")),
    (2, "the secret of all servers", include_str!("../migrations/0002_the_secret_of_all_servers.sql")),
    (3, "the timelines", include_str!("../migrations/0003_the_timelines.sql")),
];

/// Where the database keeps which migrations it has had.
const TABLE: &str = "profiles_migrations";

/// Names the lock that one program at a time has which migrates: an arbitrary number.
const LOCK: i64 = 0x7072_6f66_696c_6573;

/// What [`migrate`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations that were applied now.
    pub applied: usize,
    /// The number of the newest.
    pub version: i64,
}

/// Brings a database up to date: makes the tables in an empty one. Several programs may do so at once; one does it, and the
/// others wait for it. Each migration is applied whole or not at all.
///
/// # Errors
/// The database can't be reached or used, is somebody else's, or a newer program was here.
pub async fn migrate(config: &PostgresConfig) -> Result<Migrated, OpenError> {
    let url = &config.url;
    // A connection of its own, without the limits of a pool's: a migration takes as long as it takes.
    let mut connection = connect::first(config).await?;
    connect::check(&mut connection, url).await?;
    // Held until the connection ends: who looks while another makes the tables would take them for somebody else's.
    let alone = sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await;
    alone.map_err(|error| OpenError::Connect { url: url.clone(), error })?;
    let before = missing(&mut connection, url).await?;
    if before == MIGRATIONS.len() {
        refuse_foreign(&mut connection, url).await?;
    }
    let migrated = migrator().run_direct(None, &mut connection, false).await;
    migrated.map_err(|error| OpenError::Migration { url: url.clone(), why: error.to_string() })?;
    connection.close().await.map_err(|error| OpenError::Connect { url: url.clone(), error })?;
    Ok(Migrated { applied: before, version: MIGRATIONS.last().map_or(0, |(version, ..)| *version) })
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, about, sql)| {
        Migration::new(version, about.into(), MigrationType::Simple, sqlx::SqlSafeStr::into_sql_str(sql), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// How many migrations a database lacks.
///
/// # Errors
/// It has one that is not known here.
pub(crate) async fn missing(connection: &mut PgConnection, url: &DatabaseUrl) -> Result<usize, OpenError> {
    let connect = |error| OpenError::Connect { url: url.clone(), error };
    let any: bool = sqlx::query_scalar("select to_regclass($1) is not null")
        .bind(TABLE)
        .fetch_one(&mut *connection)
        .await
        .map_err(connect)?;
    if !any {
        return Ok(MIGRATIONS.len());
    }
    let applied: Vec<i64> =
        sqlx::query_scalar("select version from profiles_migrations where success order by version")
            .fetch_all(connection)
            .await
            .map_err(connect)?;
    let unknown = applied.iter().find(|version| !MIGRATIONS.iter().any(|(known, ..)| known == *version));
    if let Some(version) = unknown {
        return Err(OpenError::Newer { url: url.clone(), version: *version });
    }
    Ok(MIGRATIONS.len().saturating_sub(applied.len()))
}

/// Refuses a database in which a table of somebody else stands where one of ours would.
async fn refuse_foreign(connection: &mut PgConnection, url: &DatabaseUrl) -> Result<(), OpenError> {
    let table: Option<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = current_schema() \
         and table_name in ('accounts', 'profiles', 'statuses', 'tokens', 'changes', 'commands', 'outbox', 'audit') \
         order by table_name limit 1",
    )
    .fetch_optional(connection)
    .await
    .map_err(|error| OpenError::Connect { url: url.clone(), error })?;
    match table {
        Some(table) => Err(OpenError::Foreign { url: url.clone(), table }),
        None => Ok(()),
    }
}
