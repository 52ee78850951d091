//! What HTTP costs: the real server under load, beside the store alone and beside the cheapest answer it has.
//!
//! `cargo bench -p profiles-server --bench http` takes about a minute. The load comes from this process, on the same
//! machine, so the figures share its processors; read the ratios. Every figure is the median of three rounds, and the
//! rounds of all figures take turns.

mod program;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use profiles_core::{
    model::{AccountId, StatusText, Timestamp},
    store::{
        Accounts as _, Maintenance as _, Statuses as _,
        sled::{SledConfig, SledStore},
    },
    testkit::fixture,
};
use tokio::task::JoinSet;

use self::program::{
    Program,
    load::{ROUND, ROUNDS, get, load, median, post_status, rate, register},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 64;

/// One thread makes the load, as in most load generators, and the server has the rest of the machine.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result {
    let server = Program::start(&["--log", "warn"]).await?;
    let key = register(&server.address, "ada").await?;
    let live = get("/health/live", "");
    let profile = get("/api/profiles/1/", "");
    let with_token = get("/api/profiles/1/", &format!("Authorization: Token {key}\r\n"));
    let post = post_status(&key);
    let mut figures: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        for (figure, request) in figures.iter_mut().zip([&live, &profile, &with_token, &post]) {
            figure.push(load(&[&server.address], CONNECTIONS, std::slice::from_ref(request)).await?);
        }
        figures[4].push(store_alone().await?);
    }
    let [live, profile, with_token, post, alone] = figures.map(median);
    println!("{CONNECTIONS} connections, requests a second, median of {ROUNDS} rounds of {ROUND:?}");
    println!("GET /health/live                {live:>9.0}");
    println!("GET one profile                 {profile:>9.0}   {:.2} of /health/live", profile / live);
    println!("GET one profile with a token    {with_token:>9.0}   {:.2} of /health/live", with_token / live);
    println!("store alone, durable posts      {alone:>9.0}");
    println!("POST a status, durable          {post:>9.0}   {:.2} of the store alone", post / alone);
    println!("memory of the server            {:>9.1} MB", server.memory()? / 1024.0);
    Ok(())
}

/// Durable posts a second of the store by itself, with as many callers.
async fn store_alone() -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(SledStore::open(SledConfig::new(directory.path().join("store")))?);
    store.register(fixture::register("ada")).await?;
    let posted = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (store, posted) = (Arc::clone(&store), Arc::clone(&posted));
        tasks.spawn(async move {
            let text = StatusText::parse("Hello, this is my first status!").map_err(|_| "text")?;
            while started.elapsed() < ROUND {
                store.post_status(AccountId::new(1), text.clone(), Timestamp::from_micros(0)).await?;
                posted.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let rate = rate(posted.load(Ordering::Relaxed), started);
    store.close().await?;
    Ok(rate)
}
