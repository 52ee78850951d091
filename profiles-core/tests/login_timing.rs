//! Logging in does not tell what is wrong with a login, by its answer or by its time. Alone in its file, because other
//! tests would disturb the measurement.

use std::{
    error::Error,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use profiles_core::{
    Core, Credentials, FieldError, FieldErrors, Settings, Verification,
    env::SystemEntropy,
    model::{PasswordHash, Username},
    password::{Argon2Config, Argon2Pool, HashingError, PasswordHasher, Verdict},
    store::{Accounts as _, MemoryStore, Register, Store},
    testkit::fixture,
};
use secrecy::SecretString;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const RIGHT: &str = "the right password";
const WRONG: &str = "another password";
/// Tries of each kind in one measurement.
const ROUNDS: usize = 41;
/// Measurements until one has to do: whatever else the machine does can spoil one.
const ATTEMPTS: usize = 3;

/// Logins that fail, each of its own kind; the first is what the others are compared with.
const KINDS: [&str; 6] = [
    "wrong password",
    "unknown account",
    "what is no username",
    "inactive account",
    "inactive account, right password",
    "unverified account",
];

/// A pool that leaves out the work for accounts that do not exist.
struct Telltale(Argon2Pool);

#[async_trait]
impl PasswordHasher for Telltale {
    async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingError> {
        self.0.hash(password).await
    }

    async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verdict, HashingError> {
        match hash {
            Some(hash) => self.0.verify(password, Some(hash)).await,
            None => Ok(Verdict::Wrong),
        }
    }
}

fn pool() -> Argon2Pool {
    // What is configured in production: nothing is as long as the hash.
    Argon2Pool::new(Argon2Config::default().with_threads(NonZeroUsize::MIN), Arc::new(SystemEntropy))
}

/// A service with three accounts for each round, so that no account fails more than twice.
async fn service(hasher: impl PasswordHasher + 'static) -> Outcome<Core> {
    let password = hasher.hash(RIGHT.into()).await?;
    let store = MemoryStore::new();
    for round in 0..ROUNDS {
        for (name, email_verified) in [("active", true), ("inactive", true), ("unverified", false)] {
            let name = format!("{name}-{round}");
            let register = Register { password: password.clone(), email_verified, ..fixture::register(&name) };
            store.register(register).await?;
        }
    }
    let mut settings = Settings::default();
    settings.verification = Verification::Mandatory;
    let core = Core::builder(Arc::new(store) as Arc<dyn Store>).hasher(Arc::new(hasher)).settings(settings).build()?;
    for round in 0..ROUNDS {
        let name = Username::parse(&format!("inactive-{round}")).map_err(|_| "a username")?;
        core.set_active(&name.key(), false).await?;
    }
    Ok(core)
}

/// What each kind of failure takes in each round, at a service of its own.
async fn measure(hasher: impl PasswordHasher + 'static) -> Outcome<Vec<[Duration; KINDS.len()]>> {
    let core = service(hasher).await?;
    let refusal = FieldErrors::of("non_field_errors", FieldError::WrongCredentials).to_string();
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let logins = [
            (format!("active-{round}"), WRONG),
            (format!("nobody-{round}"), WRONG),
            (format!("no such name! {round}"), WRONG),
            (format!("inactive-{round}"), WRONG),
            (format!("inactive-{round}"), RIGHT),
            (format!("unverified-{round}"), WRONG),
        ];
        let mut times = [Duration::ZERO; KINDS.len()];
        // Each round begins with another kind, and every other one goes backwards: none is always the first, or always
        // after the same one.
        let step = if round % 2 == 0 { 1 } else { KINDS.len() - 1 };
        let order = (0..KINDS.len()).map(|place| (place * step + round) % KINDS.len());
        for kind in order {
            let (Some((name, password)), Some(time)) = (logins.get(kind), times.get_mut(kind)) else { continue };
            let start = Instant::now();
            let answer = core.log_in(Credentials::parse(name, password)).await;
            *time = start.elapsed();
            assert_eq!(answer.err().map(|error| error.to_string()), Some(refusal.clone()), "{name}");
        }
        rounds.push(times);
    }
    Ok(rounds)
}

/// The kinds that can be told from a wrong password by their times.
///
/// Compared is within each round, so that a machine that gets slower meanwhile slows both. Told apart is a kind whose
/// median differs by more than 15 %, or that is the slower one in more than four rounds of five, or fewer than one: of
/// equal times that happens to one in 10,000.
fn told_apart(rounds: &[[Duration; KINDS.len()]]) -> Vec<String> {
    let mut told = Vec::new();
    for (kind, name) in KINDS.iter().enumerate().skip(1) {
        let ratios = rounds.iter().filter_map(|times| {
            let (wrong, other) = (times.first()?.as_secs_f64(), times.get(kind)?.as_secs_f64());
            Some(other / wrong)
        });
        let mut ratios: Vec<f64> = ratios.collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let slower = ratios.iter().filter(|ratio| **ratio > 1.0).count();
        let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        if !(0.85..1.15).contains(&median) || 5 * slower > 4 * ratios.len() || 5 * slower < ratios.len() {
            told.push(format!("{name}: {median:.3} of the time, slower in {slower} of {} rounds", ratios.len()));
        }
    }
    told
}

#[tokio::test]
async fn how_long_a_failed_login_takes_does_not_tell_why_it_failed() -> Outcome {
    let mut told = Vec::new();
    for _ in 0..ATTEMPTS {
        told = told_apart(&measure(pool()).await?);
        if told.is_empty() {
            break;
        }
    }
    assert!(told.is_empty(), "{told:#?}");

    // The measure is one: without the work for nothing it finds who has no account.
    let told = told_apart(&measure(Telltale(pool())).await?);
    for kind in ["unknown account", "what is no username"] {
        assert!(told.iter().any(|told| told.starts_with(kind)), "{kind} is not told apart: {told:#?}");
    }
    Ok(())
}
