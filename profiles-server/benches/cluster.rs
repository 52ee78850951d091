//! Servers over one PostgreSQL: beside a server over sled, and two beside one.
//!
//! `cargo bench -p profiles-server --bench cluster` takes about a minute and a half. The database, the servers and the load
//! share this machine, so only what the database is not needed much for can show what a second server gives: logins,
//! whose limit is hashing. Each server hashes on one thread.

mod program;

use std::{error::Error, process::Command};

use profiles_test_cluster::Cluster;

use self::program::{
    Program,
    load::{ROUNDS, get, load, log_in, median, post_status, register},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 64;
/// Who log in; fewer at once than the queue of one hashing thread takes.
const PEOPLE: usize = 8;
const SECRET: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

fn main() -> Result {
    // `cargo test --all-targets` runs benches too, to see that they start.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    // Started outside of the runtime, since it waits on its thread.
    let cluster = Cluster::start();
    let url = cluster.database().url;
    let program = env!("CARGO_BIN_EXE_profiles-server");
    if !Command::new(program).args(["migrate", "--database", &url]).status()?.success() {
        return Err("the database is not migrated".into());
    }
    // One thread makes the load.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        two_beside_one(&url).await?;
        beside_sled(&url).await
    })
}

async fn over(url: &str) -> Result<Program> {
    // Dear enough that hashing is nearly all that a login costs.
    let hashing = ["--hashing-threads", "1", "--argon2-iterations", "6"];
    let flags = ["--database", url, "--secret-key", SECRET, "--throttle", "off", "--log", "error"];
    Program::start(&[&flags[..], &hashing].concat()).await
}

async fn beside_sled(url: &str) -> Result {
    let (postgres, sled) = (over(url).await?, Program::start(&["--log", "warn"]).await?);
    let keys = (register(&postgres.address, "ada").await?, register(&sled.address, "ada").await?);
    println!("{CONNECTIONS} connections, requests a second, median of {ROUNDS}; PostgreSQL beside sled");
    let token = |key: &str| format!("Authorization: Token {key}\r\n");
    let requests = [
        ("GET one profile", get("/api/profiles/1/", ""), get("/api/profiles/1/", "")),
        (
            "GET one profile with a token",
            get("/api/profiles/1/", &token(&keys.0)),
            get("/api/profiles/1/", &token(&keys.1)),
        ),
        ("POST a status, durable", post_status(&keys.0), post_status(&keys.1)),
        ("GET the list of statuses", get("/api/profile-status/", ""), get("/api/profile-status/", "")),
    ];
    for (what, one, other) in requests {
        let (mut with_postgres, mut with_sled) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            with_postgres.push(load(&[&postgres.address], CONNECTIONS, std::slice::from_ref(&one)).await?);
            with_sled.push(load(&[&sled.address], CONNECTIONS, std::slice::from_ref(&other)).await?);
        }
        let (with_postgres, with_sled) = (median(with_postgres), median(with_sled));
        println!("{what:<30} {with_postgres:>9.0} {with_sled:>9.0}   {:.2}", with_postgres / with_sled);
    }
    Ok(())
}

async fn two_beside_one(url: &str) -> Result {
    let (first, second) = (over(url).await?, over(url).await?);
    let mut logins = Vec::new();
    for number in 0..PEOPLE {
        let name = format!("person{number}");
        register(&first.address, &name).await?;
        logins.push(log_in(&name));
    }
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(load(&[&first.address], PEOPLE, &logins).await?);
        two.push(load(&[&first.address, &second.address], PEOPLE, &logins).await?);
    }
    let (one, two) = (median(one), median(two));
    println!("logins a second: one server {one:.0}, two servers {two:.0}: {:.2} times as many", two / one);
    Ok(())
}
