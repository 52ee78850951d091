//! Who asks, and the row that they ask for, in one statement.

use async_trait::async_trait;
use profiles_core::{
    model::{AccountId, Digest, Principal, ProfileId, Timestamp, TokenId, Username, UsernameKey},
    store::{Found, Recognition, Result, Wanted},
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    position::{Position, position_columns},
    profiles::{profile, profile_columns},
    read::Statement,
    row::{account, get, get_moment, get_moment_if_any, get_number, get_text, number},
    statuses::{status, status_columns},
    store::Inner,
    tokens::{kind_of, scopes},
};

/// The principal of a token `t`, whose account is the holder `h`; beside it columns of another row, by which it is joined.
/// A row that is not there has a null for its `id`, and takes nothing away from the principal.
macro_rules! principal {
    ($columns:expr, $row:literal) => {
        concat!(
            "select t.id as token, t.kind, t.scopes, t.expires_at, coalesce(t.last_used_at, t.created_at) as seen_at, \
             h.id as holder, h.profile as holder_profile, h.username as holder_name, \
             h.is_staff as holder_is_staff, h.is_active as holder_is_active, ",
            position_columns!("$3"),
            $columns,
            " from tokens t join accounts h on h.id = t.account ",
            $row,
            " where t.digest = $1 and (t.expires_at is null or t.expires_at > $2)"
        )
    };
}

const ALONE: &str = principal!("", "");
const AND_PROFILE: &str = principal!(
    concat!(", ", profile_columns!()),
    "left join (profiles p join accounts a on a.id = p.account) on p.id = $4"
);
const AND_PROFILE_NAMED: &str = principal!(
    concat!(", ", profile_columns!()),
    "left join (profiles p join accounts a on a.id = p.account) on a.username_key = $4"
);
const AND_STATUS: &str = principal!(
    concat!(", ", status_columns!()),
    "left join (statuses s join accounts a on a.id = s.account) on s.id = $4"
);
const AND_OWN_ACCOUNT: &str = principal!(", h.*", "");

#[async_trait]
impl Recognition for PostgresStore {
    async fn principal_and(
        &self,
        digest: &Digest,
        now: Timestamp,
        wanted: &Wanted,
    ) -> Result<Option<(Principal, Found)>> {
        let statement = || match wanted {
            Wanted::Profile(id) => self.inner.about(AND_PROFILE, digest, now).bind(number(id.get())),
            Wanted::ProfileNamed(name) => self.inner.about(AND_PROFILE_NAMED, digest, now).bind(as_text(name)),
            Wanted::Status(id) => self.inner.about(AND_STATUS, digest, now).bind(number(id.get())),
            Wanted::OwnAccount => self.inner.about(AND_OWN_ACCOUNT, digest, now),
        };
        let Some(row) = self.inner.recognised(statement).await? else { return Ok(None) };
        let found = match wanted {
            Wanted::Profile(_) | Wanted::ProfileNamed(_) => Found::Profile(if_there(&row, profile)?),
            Wanted::Status(_) => Found::Status(if_there(&row, status)?),
            Wanted::OwnAccount => Found::Account(if_there(&row, account)?),
        };
        Ok(Some((principal(&row)?, found)))
    }
}

impl Inner {
    pub(crate) async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>> {
        self.recognised(|| self.about(ALONE, digest, now)).await?.as_ref().map(principal).transpose()
    }

    /// One of the statements above, which also asks how far the log goes if there are copies that must have all of it.
    fn about<'q>(&self, statement: &'static str, digest: &'q Digest, now: Timestamp) -> Statement<'q> {
        query(statement).bind(digest.as_bytes().as_slice()).bind(now.as_micros()).bind(self.replica.is_some())
    }

    /// The row of such a statement. Whoever is recognised by it reads from no copy that lacks what was there before.
    async fn recognised<'q>(&self, statement: impl Fn() -> Statement<'q> + Send + Sync) -> Result<Option<PgRow>> {
        let Some(replica) = &self.replica else { return self.row(statement).await };
        let writes = replica.writes();
        let row = self.row(statement).await?;
        if let Some(log) = row.as_ref().map(Position::of).transpose()?.flatten() {
            replica.saw(log, writes);
        }
        Ok(row)
    }
}

/// A name as a text of the database; `None`, which equals nothing, for one that can't be in it.
fn as_text(name: &UsernameKey) -> Option<&str> {
    Some(name.as_str()).filter(|name| !name.contains('\0'))
}

/// The joined row, if there is one.
fn if_there<T>(row: &PgRow, read: impl FnOnce(&PgRow) -> Result<T>) -> Result<Option<T>> {
    let id: Option<i64> = get(row, "id")?;
    id.map(|_| read(row)).transpose()
}

fn principal(row: &PgRow) -> Result<Principal> {
    Ok(Principal {
        token: TokenId::new(get_number(row, "token")?),
        account: AccountId::new(get_number(row, "holder")?),
        profile: ProfileId::new(get_number(row, "holder_profile")?),
        username: get_text(row, "holder_name", Username::parse)?,
        is_staff: get(row, "holder_is_staff")?,
        is_active: get(row, "holder_is_active")?,
        kind: kind_of(get(row, "kind")?)?,
        scopes: scopes(row)?,
        expires_at: get_moment_if_any(row, "expires_at")?,
        seen_at: get_moment(row, "seen_at")?,
    })
}
