//! `generate`.

use std::{sync::Arc, time::Instant};

use clap::Args;
use profiles_core::{
    env::{Clock as _, SystemClock, SystemEntropy},
    password::{Argon2Pool, PasswordHasher as _},
    store::{Accounts as _, Maintenance as _, sled::SledStore},
};
use secrecy::SecretString;

use super::{Failure, complain, say};
use crate::{
    app::{StartError, hashing, open_store},
    config::Config,
    generator::Generator,
};

/// What every generated account has.
const PASSWORD: &str = "generated-tulip-9";
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
    let store = open_store(config)?;
    let filled = fill(&store, Generator { profiles, statuses, seed, now: SystemClock.now() }, &password).await;
    store.close().await.map_err(profiles_core::Error::from)?;
    filled
}

async fn fill(
    store: &SledStore,
    generator: Generator,
    password: &profiles_core::model::PasswordHash,
) -> Result<(), Failure> {
    if !store.accounts(None, 1).await.map_err(profiles_core::Error::from)?.is_empty() {
        return Err(Failure::Input("the database is not empty: name another directory with --data-dir".to_owned()));
    }
    let (started, mut told) = (Instant::now(), 0);
    let progress = |rows: u64| {
        if rows / PROGRESS > told {
            told = rows / PROGRESS;
            complain(&format!("{rows} rows after {:.0} s", started.elapsed().as_secs_f64()));
        }
    };
    generator.fill(store, password, progress).await.map_err(profiles_core::Error::from)?;
    let Generator { profiles, statuses, .. } = generator;
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("made {profiles} profiles and {statuses} statuses in {seconds:.1} s; every password is {PASSWORD}"))
}
