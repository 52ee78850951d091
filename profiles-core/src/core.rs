//! The services, wired to a store.

use std::sync::Arc;

use crate::{
    Result, Settings,
    avatar::{AvatarStore, MemoryAvatars, Studio},
    env::{Clock, Entropy, SystemClock, SystemEntropy},
    event::EventStream,
    mail::MailSecret,
    model::{Origin, Timestamp},
    password::{Argon2Config, Argon2Pool, PasswordHasher, PasswordPolicy},
    permissions::{Action, Actor, Object, decide},
    service::{AtHand, Gate, Noting},
    store::Store,
};

/// Accounts, authentication, profiles and statuses over one store. Cheap to clone, and a clone is the same core; two that
/// were built apart know nothing of each other.
#[derive(Clone)]
pub struct Core {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) policy: Arc<PasswordPolicy>,
    pub(crate) mail_secret: Arc<MailSecret>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) origin: Origin,
    /// The row that a request is about, if it was read with who asks.
    pub(crate) at_hand: AtHand,
    /// Tries of one client at one account that are under way.
    pub(crate) gate: Gate,
    /// Tokens whose use is being noted.
    pub(crate) noting: Noting,
    /// Makes and keeps the files of pictures.
    pub(crate) studio: Arc<Studio>,
}

impl Core {
    /// A core over this store; everything else has a default that is fit for production.
    pub fn builder(store: Arc<dyn Store>) -> CoreBuilder {
        CoreBuilder {
            store,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            hasher: None,
            policy: PasswordPolicy::default(),
            mail_secret: None,
            avatars: None,
            settings: Settings::default(),
        }
    }

    /// The same core, for a request from there: throttles go by where it comes from, and logins and the audit trail keep
    /// it. Without it nothing is known of where requests come from, and they all count as one client's.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use profiles_core::{Core, model::Origin, store::MemoryStore};
    /// let core = Core::builder(Arc::new(MemoryStore::new())).build()?;
    /// let address = "203.0.113.7".parse().expect("an address");
    /// let core = core.on_behalf_of(Origin::new(Some(address), Some("curl/8"), Some("request-1")));
    /// # Ok::<(), profiles_core::Error>(())
    /// ```
    #[must_use]
    pub fn on_behalf_of(&self, origin: Origin) -> Self {
        Self { origin, ..self.clone() }
    }

    /// The store, for maintenance and for sending mails.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What this deployment chose.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes the keys that mails carry.
    pub fn mail_secret(&self) -> &MailSecret {
        &self.mail_secret
    }

    /// Every event from now on, in the order of committing.
    pub fn events(&self) -> EventStream {
        self.store.events()
    }

    /// This core's source of randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// The present moment by this core's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Decides by the permission table and this deployment's settings.
    ///
    /// # Errors
    /// [`crate::Error::Denied`].
    pub fn authorise(&self, actor: Actor, action: Action, object: Object) -> Result<()> {
        Ok(decide(self.settings.reads, actor, action, object)?)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Chooses the parts of a [`Core`].
#[must_use]
pub struct CoreBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    hasher: Option<Arc<dyn PasswordHasher>>,
    policy: PasswordPolicy,
    mail_secret: Option<MailSecret>,
    avatars: Option<Arc<dyn AvatarStore>>,
    settings: Settings,
}

impl CoreBuilder {
    /// Another clock; by default the operating system's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Another source of randomness; by default the operating system's.
    pub fn entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }

    /// Another password hasher; by default Argon2id on threads of its own.
    pub fn hasher(self, hasher: Arc<dyn PasswordHasher>) -> Self {
        Self { hasher: Some(hasher), ..self }
    }

    /// Another password policy; by default Django's four validators.
    pub fn policy(self, policy: PasswordPolicy) -> Self {
        Self { policy, ..self }
    }

    /// The secret of mailed links; by default a new one, so that links die with the program.
    pub fn mail_secret(self, secret: MailSecret) -> Self {
        Self { mail_secret: Some(secret), ..self }
    }

    /// Where the files of pictures are kept; by default in memory, so that they go with the program.
    pub fn avatars(self, avatars: Arc<dyn AvatarStore>) -> Self {
        Self { avatars: Some(avatars), ..self }
    }

    /// Other settings.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The core.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`]: no randomness.
    pub fn build(self) -> Result<Core> {
        let argon2 = || Argon2Pool::new(Argon2Config::default(), Arc::clone(&self.entropy));
        let hasher = self.hasher.unwrap_or_else(|| Arc::new(argon2()));
        let mail_secret = match self.mail_secret {
            Some(secret) => secret,
            None => MailSecret::generate(self.entropy.as_ref())?,
        };
        Ok(Core {
            store: self.store,
            clock: self.clock,
            entropy: self.entropy,
            hasher,
            policy: Arc::new(self.policy),
            mail_secret: Arc::new(mail_secret),
            settings: Arc::new(self.settings),
            origin: Origin::default(),
            at_hand: AtHand::default(),
            gate: Gate::default(),
            noting: Noting::default(),
            studio: Arc::new(Studio::new(self.avatars.unwrap_or_else(|| Arc::new(MemoryAvatars::default())))),
        })
    }
}
