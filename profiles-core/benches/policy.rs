//! What judging a password costs, as a part of what hashing it costs, in the same run.
//!
//! `cargo bench -p profiles-core --bench policy`. Rounds alternate and the medians are compared, so that the ratio
//! holds on a machine that does other things too; the figures themselves do not travel.

use std::{
    error::Error,
    fmt::Write as _,
    hint::black_box,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use profiles_core::{
    env::SystemEntropy,
    password::{Argon2Config, Argon2Pool, Blocklist, PasswordContext, PasswordHasher, PasswordPolicy, Strength},
};
use tokio::runtime::Runtime;

const ROUNDS: usize = 9;
const CHECKS: u32 = 20;
const LISTED: usize = 1_000_000;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn main() -> Outcome {
    let about = PasswordContext {
        username: "ada.lovelace",
        first_name: "Ada",
        last_name: "Lovelace",
        email: "ada@example.org",
    };
    let mut list = String::new();
    for number in 0..LISTED {
        writeln!(list, "listed-{number}")?;
    }
    let start = Instant::now();
    let list = Blocklist::read(list.as_bytes())?;
    println!("reading a list of {} passwords: {:.0?}", list.len(), start.elapsed());

    let plain = "tulip-tango-92-in-may".to_owned();
    let hostile: String = "4@8({[<369&#!1/|0$5+7%2".chars().cycle().take(1000).collect();
    let nist = PasswordPolicy::nist().with_service_words(["Analytical Society"]);
    let estimating = nist.clone().with_strength(Strength::AboveHundredMillion);
    let start = Instant::now();
    black_box(estimating.check(&plain, Some(&about)));
    println!("the first estimate, which loads zxcvbn's lists: {:.1?}", start.elapsed());
    let mut rows = [
        ("django", PasswordPolicy::django(), &plain, Vec::new()),
        ("nist", nist.clone(), &plain, Vec::new()),
        ("nist and a list", nist.with_blocklist(list), &plain, Vec::new()),
        ("nist and a score", estimating.clone(), &plain, Vec::new()),
        ("the same, a hostile password", estimating, &hostile, Vec::new()),
    ];

    let (runtime, config) = (Runtime::new()?, Argon2Config::default().with_threads(NonZeroUsize::MIN));
    let pool = Argon2Pool::new(config, Arc::new(SystemEntropy));
    let mut hashes = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(runtime.block_on(pool.hash("tulip-tango-92-in-may".into()))?);
        hashes.push(start.elapsed());
        for (_, policy, password, times) in &mut rows {
            let start = Instant::now();
            for _ in 0..CHECKS {
                black_box(policy.check(password, Some(&about)));
            }
            times.push(start.elapsed() / CHECKS);
        }
    }
    let hash = median(hashes);
    println!("{:36}{:10.1?}   1", "one Argon2id hash", hash);
    for (name, _, _, times) in rows {
        let time = median(times);
        println!("{name:36}{time:10.1?}   {:.4}", time.as_secs_f64() / hash.as_secs_f64());
    }
    Ok(())
}
