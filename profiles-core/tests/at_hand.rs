//! A row that is read together with who asks for it: one look-up for both, and nothing that is older than it may be.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use profiles_core::{
    Authentication, Core, Error as CoreError, Registration,
    env::SystemEntropy,
    model::{AccountId, Bio, Carrier, City, ProfileId, SecretKey, StatusId, StatusText, UsernameKey},
    password::Argon2Pool,
    permissions::Actor,
    store::{Delegate, MemoryStore, ProfileChange, ProfileFilter, Result as StoreResult, StatusFilter, Store, Wanted},
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const PASSWORD: &str = "tulip-tango-92";

/// Remembers what was read.
struct Watched {
    inner: MemoryStore,
    reads: Mutex<Vec<&'static str>>,
}

impl Delegate for Watched {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn read<T: Send>(
        &self,
        method: &'static str,
        read: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).push(method);
        read.await
    }
}

/// A core with the account of Ada, who has posted a status.
struct Site {
    core: Core,
    store: Arc<Watched>,
    token: SecretKey,
    ada: Actor,
}

impl Site {
    async fn new() -> Outcome<Self> {
        let store = Arc::new(Watched { inner: MemoryStore::new(), reads: Mutex::default() });
        let hasher = Arc::new(Argon2Pool::fast_for_tests(Arc::new(SystemEntropy)));
        let core = Core::builder(Arc::clone(&store) as Arc<dyn Store>).hasher(hasher).build()?;
        let form = Registration::parse("ada", "ada@example.org", PASSWORD, PASSWORD);
        let token = core.register(form).await?.login.ok_or("no login")?.token;
        let Authentication::Known(ada) = core.authenticate(&token, Carrier::Header).await? else {
            return Err("not known".into());
        };
        let ada = Actor::from(&ada);
        core.post_status(ada, StatusText::parse("hello").map_err(|_| "a text")?).await?;
        let site = Self { core, store, token, ada };
        site.reads();
        Ok(site)
    }

    /// What was read since it was last asked.
    fn reads(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.store.reads.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The core for a request of Ada's for this row.
    async fn for_row(&self, wanted: Wanted) -> Outcome<Core> {
        let (authentication, core) = self.core.authenticate_for(wanted, &self.token, Carrier::Header).await?;
        assert!(matches!(authentication, Authentication::Known(_)), "{authentication:?}");
        assert_eq!(self.reads(), ["principal_and"]);
        Ok(core)
    }
}

fn everybody() -> ProfileFilter {
    ProfileFilter::default()
}

#[tokio::test]
async fn the_first_look_is_free_and_the_second_is_new() -> Outcome {
    let site = Site::new().await?;
    let (profile, status, name) = (ProfileId::new(1), StatusId::new(1), UsernameKey::of("ADA"));

    let core = site.for_row(Wanted::Profile(profile)).await?;
    let ada = core.profile(site.ada, profile, &everybody()).await?;
    assert_eq!(site.reads(), [""; 0]);
    assert_eq!(core.profile(site.ada, profile, &everybody()).await?, ada);
    assert_eq!(site.reads(), ["profile"]);

    let core = site.for_row(Wanted::ProfileNamed(name.clone())).await?;
    assert_eq!(core.profile_by_username(site.ada, &name).await?, ada);
    assert_eq!(site.reads(), [""; 0]);
    assert_eq!(core.profile_by_username(site.ada, &name).await?, ada);
    assert_eq!(site.reads(), ["account_by_username", "profile_of"]);

    let core = site.for_row(Wanted::Status(status)).await?;
    core.status(site.ada, status, &StatusFilter::default()).await?;
    assert_eq!(site.reads(), [""; 0]);
    core.status(site.ada, status, &StatusFilter::default()).await?;
    assert_eq!(site.reads(), ["status"]);

    let core = site.for_row(Wanted::OwnAccount).await?;
    core.own_account(site.ada).await?;
    assert_eq!(site.reads(), [""; 0]);
    core.own_account(site.ada).await?;
    assert_eq!(site.reads(), ["account"]);
    Ok(())
}

/// That there is no such row is known as well, and a filter hides the row as it hides every other.
#[tokio::test]
async fn a_row_that_is_missing_or_hidden_is_told_without_another_look() -> Outcome {
    let site = Site::new().await?;
    let core = site.for_row(Wanted::Profile(ProfileId::new(7))).await?;
    let missing = core.profile(site.ada, ProfileId::new(7), &everybody()).await;
    assert!(matches!(missing, Err(CoreError::Missing(_))), "{missing:?}");
    let core = site.for_row(Wanted::Status(StatusId::new(1))).await?;
    let hidden = core.status(site.ada, StatusId::new(1), &StatusFilter::by("bob")).await;
    assert!(matches!(hidden, Err(CoreError::Missing(_))), "{hidden:?}");
    assert_eq!(site.reads(), [""; 0]);
    Ok(())
}

/// What somebody else writes between the look and the edit is kept: the edit that came too late reads anew.
#[tokio::test]
async fn an_edit_of_a_row_that_has_changed_since_reads_it_anew() -> Outcome {
    let site = Site::new().await?;
    let id = ProfileId::new(1);
    let core = site.for_row(Wanted::Profile(id)).await?;
    let city = ProfileChange { city: Some(City::parse("Brno").map_err(|_| "a city")?), ..ProfileChange::default() };
    site.core.edit_profile(site.ada, id, &everybody()).await?.apply(city).await?;
    site.reads();

    let bio = ProfileChange { bio: Some(Bio::parse("an animal").map_err(|_| "a text")?), ..ProfileChange::default() };
    let edited = core.edit_profile(site.ada, id, &everybody()).await?.apply(bio).await?;
    assert_eq!((edited.city.as_str(), edited.bio.as_str()), ("Brno", "an animal"));
    assert_eq!(site.reads(), ["profile"], "once, after the first try");
    Ok(())
}

/// Whoever is not let in has nothing at hand, and nobody has what another asked for.
#[tokio::test]
async fn a_row_is_at_hand_for_who_asked_for_it_alone() -> Outcome {
    let site = Site::new().await?;
    let (id, wanted) = (ProfileId::new(1), Wanted::Profile(ProfileId::new(1)));
    for (key, carrier) in [(site.token.clone(), Carrier::Cookie), (SecretKey::presented("0123"), Carrier::Header)] {
        let (authentication, core) = site.core.authenticate_for(wanted.clone(), &key, carrier).await?;
        assert_eq!(authentication, Authentication::Unknown);
        site.reads();
        core.profile(Actor::Anonymous, id, &everybody()).await?;
        assert_eq!(site.reads(), ["profile"]);
    }
    let core = site.for_row(wanted).await?;
    site.core.profile(site.ada, id, &everybody()).await?;
    assert_eq!(site.reads(), ["profile"], "another request's core has nothing of it");
    core.profile(site.ada, id, &everybody()).await?;
    assert_eq!(site.reads(), [""; 0]);

    let core = site.for_row(Wanted::OwnAccount).await?;
    let Actor::Account { is_staff, proof, .. } = site.ada else { return Err("somebody".into()) };
    let another = Actor::Account { id: AccountId::new(2), is_staff, proof };
    assert!(matches!(core.own_account(another).await, Err(CoreError::Missing(_))));
    Ok(())
}
