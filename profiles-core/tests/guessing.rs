//! Many passwords at once for one account, over the store that is used in production.

use std::{
    error::Error,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use profiles_core::{
    Core, Credentials, Error as CoreError, Registration, Settings,
    env::SystemEntropy,
    model::{Origin, PasswordHash},
    password::{Argon2Pool, HashingError, PasswordHasher, Verdict},
    store::sled::{SledConfig, SledStore},
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const RIGHT: &str = "tulip-tango-92";

/// The pool that is used in production, with a count of the passwords that it was given to try.
struct Counting {
    pool: Argon2Pool,
    tried: Arc<AtomicUsize>,
}

#[async_trait]
impl PasswordHasher for Counting {
    async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingError> {
        self.pool.hash(password).await
    }

    async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verdict, HashingError> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        self.pool.verify(password, hash).await
    }
}

struct Service {
    core: Core,
    tried: Arc<AtomicUsize>,
    directory: TempDir,
}

impl Service {
    /// With the limits of a new deployment, over the database in this folder.
    fn open(directory: TempDir) -> Outcome<Self> {
        let store = SledStore::open(SledConfig::new(directory.path().join("store")))?;
        let tried = Arc::new(AtomicUsize::new(0));
        let pool = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
        let hasher = Counting { pool, tried: Arc::clone(&tried) };
        let core = Core::builder(Arc::new(store)).hasher(Arc::new(hasher)).build()?;
        Ok(Self { core, tried, directory })
    }
}

/// A service with Ada's account.
async fn service() -> Outcome<Service> {
    let service = Service::open(tempfile::tempdir()?)?;
    service.core.register(Registration::parse("ada", "ada@example.org", RIGHT, RIGHT)).await?;
    Ok(service)
}

/// What became of logins.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    right: usize,
    wrong: usize,
    throttled: usize,
}

/// So many logins at once from this address.
async fn log_in(core: &Core, count: usize, from: &str, password: &str) -> Outcome<Outcomes> {
    let mut logins = JoinSet::new();
    let address: IpAddr = from.parse()?;
    for _ in 0..count {
        let core = core.on_behalf_of(Origin::new(Some(address), None, None));
        let credentials = Credentials::parse("ada", password);
        logins.spawn(async move { core.log_in(credentials).await.map(drop) });
    }
    let mut outcomes = Outcomes::default();
    while let Some(outcome) = logins.join_next().await {
        match outcome? {
            Ok(()) => outcomes.right += 1,
            Err(CoreError::Invalid(_)) => outcomes.wrong += 1,
            Err(CoreError::Throttled { .. }) => outcomes.throttled += 1,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(outcomes)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_wrong_passwords_at_once_as_many_are_tried_as_is_configured() -> Outcome {
    let Service { core, tried, directory: _directory } = service().await?;
    let free = Settings::default().throttles.passwords_per_account.ok_or("no limit")?.free() as usize;
    let outcomes = log_in(&core, 1000, "203.0.113.1", "not the one").await?;
    assert_eq!(outcomes, Outcomes { right: 0, wrong: free, throttled: 1000 - free });
    assert_eq!(tried.load(Ordering::SeqCst), free);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_on_purpose_does_not_lock_the_owner_out() -> Outcome {
    let Service { core, tried, directory: _directory } = service().await?;
    let attack = async {
        let mut all = Outcomes::default();
        for host in 1..=20 {
            let outcomes = log_in(&core, 50, &format!("198.51.100.{host}"), "not the one").await?;
            all.wrong += outcomes.wrong;
            all.throttled += outcomes.throttled;
        }
        Outcome::Ok(all)
    };
    let owner = async {
        for _ in 0..20 {
            let outcomes = log_in(&core, 1, "203.0.113.1", RIGHT).await?;
            assert_eq!(outcomes, Outcomes { right: 1, ..Outcomes::default() });
        }
        Outcome::Ok(())
    };
    let (attack, owner) = tokio::join!(attack, owner);
    owner?;
    assert_eq!(attack?, Outcomes { right: 0, wrong: 200, throttled: 800 });
    assert_eq!(tried.load(Ordering::SeqCst), 220);
    // And not afterwards either.
    assert_eq!(log_in(&core, 1, "203.0.113.1", RIGHT).await?.right, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_right_passwords_at_once_none_is_refused() -> Outcome {
    let Service { core, tried, directory: _directory } = service().await?;
    let outcomes = log_in(&core, 200, "203.0.113.1", RIGHT).await?;
    assert_eq!(outcomes, Outcomes { right: 200, ..Outcomes::default() });
    assert_eq!(tried.load(Ordering::SeqCst), 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_survives_a_restart() -> Outcome {
    let Service { core, directory, .. } = service().await?;
    let outcomes = log_in(&core, 11, "203.0.113.1", "not the one").await?;
    assert_eq!(outcomes, Outcomes { right: 0, wrong: 10, throttled: 1 });
    core.store().close().await?;
    drop(core);
    let Service { core, tried, directory: _directory } = Service::open(directory)?;
    assert_eq!(log_in(&core, 1, "203.0.113.1", RIGHT).await?.throttled, 1);
    assert_eq!(tried.load(Ordering::SeqCst), 0);
    assert_eq!(log_in(&core, 1, "203.0.113.2", RIGHT).await?.right, 1);
    Ok(())
}
