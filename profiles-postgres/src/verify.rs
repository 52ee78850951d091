//! Finding what does not fit. Most of it the constraints of the tables hold already; this is what they can't say.

use profiles_core::store::{Inconsistency, Result};
use sqlx::{PgConnection, Row as _, query};

use crate::{
    error::{corrupt, to_store_error},
    store::Inner,
};

/// Statements whose every row is one thing that does not fit.
const CHECKS: [&str; 14] = [
    "select 'account ' || a.id || ' does not have profile ' || a.profile from accounts a \
         left join profiles p on p.id = a.profile where p.account is distinct from a.id",
    "select 'profile ' || p.id || ' is not that of account ' || p.account from profiles p \
         join accounts a on a.id = p.account where a.profile <> p.id",
    "select 'profile ' || p.id || ' is listed under another name' from profiles p \
         join accounts a on a.id = p.account where a.username_key <> p.username_key",
    "select 'account ' || a.id || ' has no count of its statuses' from accounts a \
         left join status_counts c on c.account = a.id where c.account is null",
    "select 'the count of the statuses of account ' || c.account || ' is ' || c.count || ' and not ' || \
         coalesce(s.rows, 0) from status_counts c \
         left join (select account, count(*) as rows from statuses group by account) s on s.account = c.account \
         where c.count <> coalesce(s.rows, 0)",
    "select 'the count of statuses is ' || count || ' and not ' || (select count(*) from statuses) from status_book \
         where count <> (select count(*) from statuses)",
    "select 'the count of profiles is ' || count || ' and not ' || (select count(*) from profiles) from profile_book \
         where count <> (select count(*) from profiles)",
    "select 'a block of statuses (' || level || ', ' || block || ') does not have ' || coalesce(r.count, 0) || ' rows' \
         from status_ranks r full join \
         (select l as level, id >> l as block, count(*) as count from statuses, unnest('{10,20}'::int[]) l \
          group by 1, 2) s using (level, block) where coalesce(r.count, 0) <> coalesce(s.count, 0)",
    "select 'a block of profiles (' || level || ', ' || block || ') does not have ' || coalesce(r.count, 0) || ' rows' \
         from profile_ranks r full join \
         (select l as level, id >> l as block, count(*) as count from profiles, unnest('{10,20}'::int[]) l \
          group by 1, 2) s using (level, block) where coalesce(r.count, 0) <> coalesce(s.count, 0)",
    "select 'an account, a profile or a status has a number beyond the last one given out' \
         where (select coalesce(max(id), 0) from accounts) > (select last_account from profile_book) \
         or (select coalesce(max(id), 0) from profiles) > (select last_profile from profile_book) \
         or (select coalesce(max(id), 0) from statuses) > (select last_status from status_book)",
    "select 'status ' || id || ' was posted before the one before it' from \
         (select id, created_at, lag(created_at) over (order by id) as before from statuses) s where created_at < before",
    "select 'a status was posted after the last one' where (select max(created_at) from statuses) > \
         (select coalesce(last_created_at, -9223372036854775808) from status_book)",
    "select 'change ' || number || ' is not in its place in the log' from \
         (select number, lag(number) over (order by number) as before from changes) c where number <> before + 1",
    "select 'the log of changes ends with ' || coalesce(max(number), 0) || ' and not with ' || \
         (select last_change from status_book) from changes \
         having coalesce(max(number), 0) <> (select last_change from status_book)",
];

/// The same about numbers that come from sequences, which are no part of a transaction.
const SEQUENCES: &str = "select 'a ' || kind || ' has a number beyond the last one given out' from (values \
     ('token', (select max(id) from tokens), (select last_value from token_ids)), \
     ('mail', (select max(id) from outbox), (select last_value from outbox_ids)), \
     ('line of the audit trail', (select max(id) from audit), (select last_value from audit_ids))) \
     as n (kind, highest, given) where highest > given";

/// What does not fit, as this transaction sees it; sequences are not looked at.
pub(crate) async fn inconsistencies(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for check in CHECKS {
        for row in query(check).fetch_all(&mut *connection).await? {
            found.push(row.try_get::<String, _>(0)?);
        }
    }
    Ok(found)
}

impl Inner {
    /// Reads the whole store, as it is at one moment.
    pub(crate) async fn verify(&self) -> Result<Vec<Inconsistency>> {
        self.check_open()?;
        let mut connection = self.connections.acquire().await.map_err(to_store_error)?;
        // Never back into the pool: a call that is dropped leaves its transaction open.
        connection.close_on_drop();
        let checked = async {
            // It takes as long as there is to read.
            sqlx::raw_sql("begin isolation level repeatable read read only; set local statement_timeout = 0")
                .execute(&mut *connection)
                .await?;
            let mut found = inconsistencies(&mut connection).await?;
            for row in query(SEQUENCES).fetch_all(&mut *connection).await? {
                found.push(row.try_get(0)?);
            }
            sqlx::raw_sql("rollback").execute(&mut *connection).await?;
            Ok::<_, sqlx::Error>(found)
        };
        match checked.await {
            Ok(found) => Ok(found.into_iter().map(Inconsistency).collect()),
            Err(error) => {
                connection.close_on_drop();
                Err(match error {
                    sqlx::Error::ColumnDecode { source, .. } => corrupt(source.to_string()),
                    other => to_store_error(other),
                })
            }
        }
    }
}
