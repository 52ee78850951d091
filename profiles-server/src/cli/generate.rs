//! `generate`.

use std::{sync::Arc, time::Instant};

use clap::Args;
use profiles_core::{
    env::{Clock as _, SystemClock, SystemEntropy},
    model::PasswordHash,
    password::{Argon2Pool, PasswordHasher as _},
};
use secrecy::SecretString;

use super::{Failure, compact::compact_what_was_filled, complain, say};
use crate::{
    app::{Database, StartError, hashing},
    config::Config,
    generator::{Bulk, Generator, OneByOne},
};

/// What every generated account has.
const PASSWORD: &str = "generated-tulip-9";
/// Bytes of cache at least: statuses of random owners are written all over the database.
const CACHE: u64 = 512 * 1024 * 1024;
/// Rows between two lines of progress.
const PROGRESS: u64 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct GenerateCommand {
    /// Accounts to make, each with a profile.
    #[arg(long, default_value_t = 1_000)]
    profiles: u64,
    /// Statuses to make; without accounts there are none.
    #[arg(long, default_value_t = 10_000)]
    statuses: u64,
    /// Another number makes other rows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Fills an empty database with made-up rows. No server may run meanwhile.
pub(super) async fn run(command: GenerateCommand, config: &Config) -> Result<(), Failure> {
    let GenerateCommand { profiles, statuses, seed } = command;
    let hasher = Argon2Pool::new(hashing(&config.passwords).map_err(StartError::from)?, Arc::new(SystemEntropy));
    let password = hasher.hash(SecretString::from(PASSWORD)).await.map_err(profiles_core::Error::from)?;
    let mut config = config.clone();
    config.storage.sled_cache_bytes = config.storage.sled_cache_bytes.max(CACHE);
    let database = Database::open(&config).await?;
    let generator = Generator { profiles, statuses, seed, now: SystemClock.now() };
    let filled = match &database {
        Database::Embedded(store) => fill(&database, &**store, generator, &password).await,
        Database::Postgres(store) => fill(&database, &OneByOne(&**store), generator, &password).await,
    };
    database.store().close().await.map_err(profiles_core::Error::from)?;
    filled?;
    compact_what_was_filled(&database, &config);
    Ok(())
}

async fn fill(
    database: &Database,
    bulk: &impl Bulk,
    generator: Generator,
    password: &PasswordHash,
) -> Result<(), Failure> {
    if !database.store().accounts(None, 1).await.map_err(profiles_core::Error::from)?.is_empty() {
        let another = "the database is not empty: name another with --data-dir, or with --database";
        return Err(Failure::Input(another.to_owned()));
    }
    let (started, mut told) = (Instant::now(), 0);
    let progress = |rows: u64| {
        if rows / PROGRESS > told {
            told = rows / PROGRESS;
            complain(&format!("{rows} rows after {:.0} s", started.elapsed().as_secs_f64()));
        }
    };
    generator.fill(bulk, password, progress).await.map_err(profiles_core::Error::from)?;
    let Generator { profiles, statuses, .. } = generator;
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("made {profiles} profiles and {statuses} statuses in {seconds:.1} s; every password is {PASSWORD}"))
}
