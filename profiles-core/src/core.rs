//! The services, wired to a store.

use std::{sync::Arc, time::Duration};

use crate::{
    Result,
    env::{Clock, Entropy, SystemClock, SystemEntropy},
    event::EventStream,
    mail::MailSecret,
    model::Timestamp,
    password::{Argon2Config, Argon2Pool, PasswordHasher, PasswordPolicy},
    permissions::{Action, Actor, Object, Reads, decide},
    store::Store,
};

/// Whether an e-mail address must be shown to be one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// A confirmation mail is sent; who ignores it can log in all the same.
    #[default]
    Optional,
    /// Nobody logs in before they have confirmed. No service takes a confirmation yet, so only accounts whose address an
    /// operator vouched for can log in.
    Mandatory,
    /// No mail is sent.
    None,
}

/// What differs between deployments. The defaults are those of the original.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Who may read profiles and statuses.
    pub reads: Reads,
    /// Whether registration asks for an address.
    pub email_required: bool,
    /// Whether the address must be confirmed.
    pub verification: Verification,
    /// Whether a login opens a session (a cookie) beside its token.
    pub session_login: bool,
    /// How long a session lasts; two weeks, as Django's `SESSION_COOKIE_AGE`.
    pub session_age: Duration,
    /// How long a mailed confirmation link works; three days, as django-allauth's.
    pub confirmation_age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            reads: Reads::default(),
            email_required: true,
            verification: Verification::default(),
            session_login: true,
            session_age: DAY * 14,
            confirmation_age: DAY * 3,
        }
    }
}

/// Accounts, authentication, profiles and statuses over one store. Cheap to share in an `Arc`; two of them in one
/// program know nothing of each other.
pub struct Core {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) policy: PasswordPolicy,
    pub(crate) mail_secret: MailSecret,
    pub(crate) settings: Settings,
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
            settings: Settings::default(),
        }
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
            policy: self.policy,
            mail_secret,
            settings: self.settings,
        })
    }
}
