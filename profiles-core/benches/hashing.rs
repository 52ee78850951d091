//! Hashes a second of the pool, against one thread that takes fresh memory for each hash, in the same run.
//!
//! "Fresh" is memory that the operating system maps and clears page by page. What the `argon2` package allocates by
//! itself may or may not be that: glibc keeps it for the next hash when only one thread hashes and nothing else
//! allocates, as here, so that row is near to the pool's of one thread, and then an idle program keeps it too.
//!
//! `cargo bench -p profiles-core --bench hashing`. Rounds alternate and the medians are compared, so that the ratio
//! holds on a machine that does other things too; the figures themselves do not travel.

use std::{error::Error, hint::black_box, num::NonZeroUsize, sync::Arc, time::Instant};

use argon2::{Argon2, Block};
use profiles_core::{
    env::SystemEntropy,
    password::{Argon2Config, Argon2Pool, PasswordHasher},
};
use tokio::{runtime::Runtime, task::JoinSet};

const ROUNDS: usize = 7;
const HASHES: u32 = 32;
const PASSWORD: &[u8] = b"difference engine";
const SALT: &[u8] = b"sixteen of salt.";

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn per_second(work: impl FnOnce() -> Outcome) -> Outcome<f64> {
    let start = Instant::now();
    work()?;
    Ok(f64::from(HASHES) / start.elapsed().as_secs_f64())
}

fn with_memory_of(mut hash: impl FnMut(&Argon2<'_>, &mut [u8; 32]) -> argon2::Result<()>) -> Outcome {
    let argon2 = Argon2::default();
    for _ in 0..HASHES {
        let mut tag = [0; 32];
        hash(&argon2, &mut tag).map_err(|error| error.to_string())?;
        black_box(tag);
    }
    Ok(())
}

fn with_fresh_memory() -> Outcome {
    with_memory_of(|argon2, tag| {
        // More than glibc ever takes from its arenas: mapped for this hash, unmapped after it.
        let mut blocks = Vec::with_capacity(33 * 1024);
        blocks.resize(argon2.params().block_count(), Block::new());
        argon2.hash_password_into_with_memory(PASSWORD, SALT, tag, &mut blocks)
    })
}

fn with_the_packages_own_memory() -> Outcome {
    with_memory_of(|argon2, tag| argon2.hash_password_into(PASSWORD, SALT, tag))
}

fn with_pool(runtime: &Runtime, pool: &Arc<Argon2Pool>) -> Outcome {
    runtime.block_on(async {
        let mut hashes = JoinSet::new();
        for _ in 0..HASHES {
            let pool = Arc::clone(pool);
            hashes.spawn(async move { pool.hash("difference engine".into()).await });
        }
        while let Some(hash) = hashes.join_next().await {
            black_box(hash??);
        }
        Ok(())
    })
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn main() -> Outcome {
    let runtime = Runtime::new()?;
    let config = Argon2Config::default();
    let threads = config.threads();
    let many = Arc::new(Argon2Pool::new(config.clone(), Arc::new(SystemEntropy)));
    let single = Arc::new(Argon2Pool::new(config.with_threads(NonZeroUsize::MIN), Arc::new(SystemEntropy)));
    let [mut fresh, mut own, mut pool_of_one, mut pool_of_many] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        fresh.push(per_second(with_fresh_memory)?);
        own.push(per_second(with_the_packages_own_memory)?);
        pool_of_one.push(per_second(|| with_pool(&runtime, &single))?);
        pool_of_many.push(per_second(|| with_pool(&runtime, &many))?);
    }
    let fresh = median(fresh);
    println!("Argon2id m=19456 t=2 p=1, median of {ROUNDS} rounds of {HASHES} hashes");
    println!("{:36}{fresh:8.1} hashes/s   1.00", "one thread, fresh memory");
    for (name, rates) in [
        ("one thread, the package's own memory".to_owned(), own),
        ("pool of 1".to_owned(), pool_of_one),
        (format!("pool of {threads}"), pool_of_many),
    ] {
        let rate = median(rates);
        println!("{name:36}{rate:8.1} hashes/s   {:.2}", rate / fresh);
    }
    Ok(())
}
