//! What the store over PostgreSQL does in a second, beside what PostgreSQL allows and beside the store over sled.
//!
//! `cargo bench -p profiles-postgres --bench store` takes about three minutes. It starts a PostgreSQL of its own, with
//! its data and sled's on the same disk, and asks all in turns, three rounds of each, of which it tells the medians:
//!
//! - whom a token speaks for, beside the same statement sent by sqlx alone over as many connections;
//! - the same with a profile, which is all that a `GET` of one costs the database;
//! - statuses posted, durable when they return, beside transactions of two rows by `pgbench` over as many connections as
//!   there are callers.

use std::{env, error::Error, hint::black_box, sync::Arc, time::Duration};

use profiles_core::{
    model::{AccountId, ProfileId},
    store::{
        Register, Store, Wanted,
        sled::{SledConfig, SledStore},
    },
    testkit::{calls_a_second, fixture},
};
use profiles_postgres::{PostgresConfig, PostgresStore, migrate};
use profiles_test_cluster::{Cluster, Database};
use sqlx::{PgPool, postgres::PgPoolOptions, query};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long each round takes.
const WHILE: Duration = Duration::from_secs(2);
const ROUNDS: usize = 3;
const CONNECTIONS: u32 = 16;

/// The statements of the store's hot path, for who sends them without the store.
const PRINCIPAL: &str = "select t.id as token, t.kind, t.scopes, t.expires_at, \
     coalesce(t.last_used_at, t.created_at) as seen_at, h.id as holder, h.profile as holder_profile, \
     h.username as holder_name, h.is_staff as holder_is_staff, h.is_active as holder_is_active \
     from tokens t join accounts h on h.id = t.account \
     where t.digest = $1 and (t.expires_at is null or t.expires_at > $2)";
const PRINCIPAL_AND_PROFILE: &str = "select t.id as token, t.kind, t.scopes, t.expires_at, \
     coalesce(t.last_used_at, t.created_at) as seen_at, h.id as holder, h.profile as holder_profile, \
     h.username as holder_name, h.is_staff as holder_is_staff, h.is_active as holder_is_active, \
     p.id, p.account, p.revision, p.avatar_digest, p.avatar_format, p.bio, p.city, a.username \
     from tokens t join accounts h on h.id = t.account \
     left join (profiles p join accounts a on a.id = p.account) on p.id = $3 \
     where t.digest = $1 and (t.expires_at is null or t.expires_at > $2)";

/// As much as a status and its line in the log of changes.
const TWO_ROWS: &str = "\\set account random(1, 1000)
begin;
insert into one (account, text, created_at, updated_at) values (:account, repeat('x', 140), 1, 1);
insert into two (at, kind, status, account) values (1, 0, 1, :account);
commit;
";

fn main() -> Outcome {
    // `cargo test --all-targets` runs benches too, to see that they start.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cluster = Cluster::start();
    runtime.block_on(measure(&cluster))
}

/// A store with one account that has one token.
struct Candidate {
    store: Arc<dyn Store>,
    account: AccountId,
    profile: ProfileId,
}

impl Candidate {
    async fn new(store: Arc<dyn Store>) -> Outcome<Self> {
        let tokens = vec![fixture::token("token")];
        let made = store.register(Register { tokens, ..fixture::register("ada") }).await?;
        Ok(Self { store, account: made.account.id, profile: made.profile.id })
    }
}

async fn measure(cluster: &Cluster) -> Outcome {
    let database = cluster.database();
    let mut config = PostgresConfig::new(database.url.parse()?);
    config.max_connections = CONNECTIONS;
    migrate(&config).await?;
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let postgres = Candidate::new(Arc::new(PostgresStore::open(config).await?)).await?;
    let sled = Candidate::new(Arc::new(SledStore::open(SledConfig::new(directory.path().join("store")))?)).await?;
    let bare =
        PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false).connect(&database.url).await?;
    cluster.sql(
        &database.name,
        "create table one (id bigserial primary key, account bigint, text text, created_at bigint, updated_at bigint); \
         create table two (number bigserial primary key, at bigint, kind smallint, status bigint, account bigint)",
    );
    println!("{:>8} {:>24} {:>12} {:>14} {:>12}", "callers", "", "PostgreSQL", "bare", "sled");
    for callers in [1, 16, 64] {
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            rates[0].push(principals(&postgres, callers).await?);
            rates[1].push(statements(&bare, callers).await?);
            rates[2].push(principals(&sled, callers).await?);
        }
        tell(callers, "principals/s", rates);
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            rates[0].push(principals_with_profile(&postgres, callers).await?);
            rates[1].push(statements_with_profile(&bare, callers, postgres.profile).await?);
            rates[2].push(principals_with_profile(&sled, callers).await?);
        }
        tell(callers, "with a profile/s", rates);
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            rates[0].push(posts(&postgres, callers).await?);
            rates[1].push(transactions(cluster, &database, callers));
            rates[2].push(posts(&sled, callers).await?);
        }
        tell(callers, "durable posts/s", rates);
    }
    sled.store.close().await?;
    postgres.store.close().await?;
    Ok(())
}

fn tell(callers: usize, what: &str, rates: [Vec<f64>; 3]) {
    let [postgres, bare, sled] = rates.map(median);
    println!("{callers:>8} {what:>24} {postgres:>12.0} {bare:>14.0} {sled:>12.0}   {:.2} of bare", postgres / bare);
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

async fn principals(candidate: &Candidate, callers: usize) -> Outcome<f64> {
    let digest = fixture::digest("token");
    let store = Arc::clone(&candidate.store);
    calls_a_second(callers, WHILE, move || {
        let store = Arc::clone(&store);
        async move {
            black_box(store.principal(&digest, fixture::NOW).await?.ok_or("nobody")?);
            Ok(())
        }
    })
    .await
}

async fn statements(pool: &PgPool, callers: usize) -> Outcome<f64> {
    let digest = fixture::digest("token");
    let pool = pool.clone();
    calls_a_second(callers, WHILE, move || {
        let pool = pool.clone();
        async move {
            let statement = query(PRINCIPAL).bind(digest.as_bytes().to_vec()).bind(fixture::NOW.as_micros());
            black_box(statement.fetch_one(&pool).await?);
            Ok(())
        }
    })
    .await
}

async fn principals_with_profile(candidate: &Candidate, callers: usize) -> Outcome<f64> {
    let digest = fixture::digest("token");
    let (store, wanted) = (Arc::clone(&candidate.store), Wanted::Profile(candidate.profile));
    calls_a_second(callers, WHILE, move || {
        let (store, wanted) = (Arc::clone(&store), wanted.clone());
        async move {
            black_box(store.principal_and(&digest, fixture::NOW, &wanted).await?.ok_or("nobody")?);
            Ok(())
        }
    })
    .await
}

async fn statements_with_profile(pool: &PgPool, callers: usize, profile: ProfileId) -> Outcome<f64> {
    let (digest, profile) = (fixture::digest("token"), i64::try_from(profile.get())?);
    let pool = pool.clone();
    calls_a_second(callers, WHILE, move || {
        let pool = pool.clone();
        async move {
            let statement = query(PRINCIPAL_AND_PROFILE).bind(digest.as_bytes().to_vec());
            let statement = statement.bind(fixture::NOW.as_micros()).bind(profile);
            black_box(statement.fetch_one(&pool).await?);
            Ok(())
        }
    })
    .await
}

async fn posts(candidate: &Candidate, callers: usize) -> Outcome<f64> {
    let (store, account) = (Arc::clone(&candidate.store), candidate.account);
    calls_a_second(callers, WHILE, move || {
        let store = Arc::clone(&store);
        async move {
            store.post_status(account, fixture::text(&"x".repeat(140)), fixture::NOW).await?;
            Ok(())
        }
    })
    .await
}

fn transactions(cluster: &Cluster, database: &Database, callers: usize) -> f64 {
    cluster.pgbench(&database.name, TWO_ROWS, callers, u32::try_from(WHILE.as_secs()).unwrap_or(1))
}
