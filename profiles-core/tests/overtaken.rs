//! What is under way when its owner loses, or takes back, the account.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use profiles_core::{
    Authentication, Core, Credentials, Error as CoreError, NewPassword, PasswordChange, Registration, Settings,
    env::SystemEntropy,
    model::{Carrier, Password, PasswordHash, UsernameKey},
    password::{Argon2Pool, HashingError, PasswordHasher, Verdict},
    permissions::{Actor, Denied},
    store::MemoryStore,
};
use secrecy::SecretString;
use tokio::sync::Semaphore;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const OLD: &str = "tulip-tango-92";
const THEIRS: &str = "violet-waltz-47";
const OWN: &str = "crimson-polka-13";

/// A pool that waits, before it hashes or verifies, until it is let go, and tells that it waits.
struct Waiting {
    pool: Argon2Pool,
    arrived: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Waiting {
    async fn wait(&self) {
        self.arrived.add_permits(1);
        if let Ok(permit) = self.released.acquire().await {
            permit.forget();
        }
    }
}

#[async_trait]
impl PasswordHasher for Waiting {
    async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingError> {
        self.wait().await;
        self.pool.hash(password).await
    }

    async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verdict, HashingError> {
        let verdict = self.pool.verify(password, hash).await;
        self.wait().await;
        verdict
    }
}

/// Two services over one store, with Ada's account: one for its owner, and one that waits when it hashes, for somebody who
/// is logged in as her.
struct Both {
    owner: Core,
    other: Core,
    actor: Actor,
    arrived: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

async fn both(change: impl FnOnce(&mut Settings)) -> Outcome<Both> {
    let store = Arc::new(MemoryStore::new());
    let pool = || Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
    let (arrived, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let waiting = Waiting { pool: pool(), arrived: Arc::clone(&arrived), released: Arc::clone(&released) };
    let mut settings = Settings::default();
    change(&mut settings);
    let owner = Core::builder(Arc::clone(&store) as _).hasher(Arc::new(pool())).settings(settings.clone()).build()?;
    let other = Core::builder(store).hasher(Arc::new(waiting)).settings(settings).build()?;
    let form = Registration::parse("ada", "ada@example.org", OLD, OLD);
    let login = owner.register(form).await?.login.ok_or("no login")?;
    let Authentication::Known(principal) = owner.authenticate(&login.token, Carrier::Header).await? else {
        return Err("not known".into());
    };
    Ok(Both { owner, other, actor: Actor::from(&principal), arrived, released })
}

impl Both {
    /// Begins something, lets the owner choose another password while it waits for the hasher, and lets it go on.
    async fn overtake<T>(&self, under_way: impl Future<Output = T>) -> Outcome<T> {
        let overtaking = async {
            self.arrived.acquire().await?.forget();
            let own = Password::parse(OWN).map_err(|_| "a password")?;
            self.owner.replace_password(&UsernameKey::of("ada"), own).await?;
            // As often as it asks from now on.
            self.released.add_permits(100);
            Outcome::Ok(())
        };
        let (answer, overtaken) = tokio::join!(under_way, overtaking);
        overtaken?;
        Ok(answer)
    }

    async fn password_is(&self, password: &str) -> bool {
        self.owner.log_in(Credentials::parse("ada", password)).await.is_ok()
    }
}

fn to_theirs(old: Option<&str>) -> Outcome<PasswordChange> {
    let old_password = old.map(Password::parse).transpose().map_err(|_| "a password")?;
    Ok(PasswordChange { old_password: Ok(old_password), new: NewPassword::parse(THEIRS, THEIRS), session: None })
}

#[tokio::test]
async fn a_login_that_ended_changes_no_password() -> Outcome {
    let both = both(|_| {}).await?;
    let answer = both.overtake(both.other.change_password(both.actor, to_theirs(None)?)).await?;
    assert!(matches!(answer, Err(CoreError::Denied(Denied::Unauthenticated))), "{answer:?}");
    assert!(both.password_is(OWN).await && !both.password_is(THEIRS).await);
    Ok(())
}

/// Where tokens outlive a password, the present one is asked for as it is when the new one is written.
#[tokio::test]
async fn a_password_that_was_the_present_one_changes_nothing() -> Outcome {
    let both = both(|settings| settings.old_password = true).await?;
    // What a program that embeds the core does for Ada has no login that could end.
    let ada = Actor::from(&both.owner.own_account(both.actor).await?);
    let answer = both.overtake(both.other.change_password(ada, to_theirs(Some(OLD))?)).await?;
    let Err(CoreError::Invalid(errors)) = answer else { return Err(format!("{answer:?}").into()) };
    assert!(!errors.get("old_password").is_empty(), "{errors}");
    assert!(both.password_is(OWN).await && !both.password_is(THEIRS).await);
    Ok(())
}

#[tokio::test]
async fn a_password_that_was_the_present_one_erases_nothing() -> Outcome {
    let both = both(|_| {}).await?;
    let ada = Actor::from(&both.owner.own_account(both.actor).await?);
    let answer = both.overtake(both.other.erase_own_account(ada, Password::parse(OLD))).await?;
    assert!(matches!(answer, Err(CoreError::Invalid(_))), "{answer:?}");
    assert!(both.password_is(OWN).await);
    Ok(())
}
