//! The wiring: from a configuration to something that answers requests. The only place that names a backend.

mod database;
pub(crate) mod shared_secret;

use std::{path::PathBuf, sync::Arc, time::Duration};

use poem::{Endpoint, EndpointExt, Request, Response, Route, endpoint::BoxEndpoint};
use profiles_core::{
    Core, Notices, Settings, Throttles, Verification,
    avatar::AvatarRules,
    env::SystemEntropy,
    password::{Argon2Config, Argon2ConfigError, Argon2Pool, Blocklist, BlocklistError, PasswordPolicy, Strength},
    store::{MemoryStore, StoreError, sled::OpenError},
};

pub use self::database::Database;
pub(crate) use self::database::place;
use crate::{
    Api,
    config::{
        Allowed, Anonymous, Config, ContextWord, EmailVerification, Limit, Pagination, Passwords, PolicyPreset,
        Throttle, WebUrl,
    },
    http::{self, AuthenticationOrder, Streams, headers::SecurityHeaders, health, trace::Trace},
    secret::SecretError,
};

/// Why there is no core. `Display` is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process uses the data.
    #[error("another profiles-server is using {}; stop it first, or name another directory with --data-dir", .0.display())]
    Locked(PathBuf),
    /// The embedded database does not open.
    #[error(transparent)]
    Store(OpenError),
    /// PostgreSQL's can't be used.
    #[error(transparent)]
    Postgres(#[from] profiles_postgres::OpenError),
    /// Whether the secret is that of the other servers can't be found out.
    #[error("the database does not say whose secret key it goes with: {}", cause(.0))]
    Fingerprint(StoreError),
    /// There is no secret for the keys in mails.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The folder of pictures can't be used.
    #[error("can't use {}, where the files of pictures are: {error}", path.display())]
    Avatars {
        /// Which folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Hashing as it is configured is too weak or too dear.
    #[error(transparent)]
    Hashing(#[from] Argon2ConfigError),
    /// The list of refused passwords can't be used.
    #[error("password_blocklist: {} {error}", path.display())]
    Blocklist {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: BlocklistError,
    },
    /// The core itself.
    #[error(transparent)]
    Core(#[from] profiles_core::Error),
}

/// The services over a database, and how it was found.
#[derive(Debug)]
pub struct Opened {
    /// The services.
    pub core: Arc<Core>,
    /// Whether the database was not closed the last time. Nothing acknowledged is lost; whether all fits together is for
    /// [`verify`](profiles_core::store::Maintenance::verify) to say.
    pub unclean: bool,
}

/// The services over the database of this configuration.
///
/// # Errors
/// The list of refused passwords can't be read, the database does not open, or the secret can't be read or made.
pub async fn open_core(config: &Config) -> Result<Opened, StartError> {
    // What can be wrong without the database comes before anything is made.
    let policy = password_policy(config)?;
    // Then the lock, so that two servers do not make a secret at the same time.
    let database = Database::open(config).await?;
    let avatars = database.avatars(&config.storage)?;
    let secret = database.secret(&config.storage).await?;
    let hasher = Argon2Pool::new(hashing(&config.passwords)?, Arc::new(SystemEntropy));
    let builder = Core::builder(database.store()).hasher(Arc::new(hasher)).mail_secret(secret);
    let builder = builder.policy(policy).avatars(avatars).settings(core_settings(config));
    Ok(Opened { core: Arc::new(builder.build()?), unclean: database.opened_unclean() })
}

/// The OpenAPI document of a server with this configuration, as JSON. Opens nothing.
///
/// # Errors
/// The core can't be built.
pub fn openapi(config: &Config) -> Result<String, StartError> {
    let core = Core::builder(Arc::new(MemoryStore::new())).settings(core_settings(config)).build()?;
    Ok(App::new(Arc::new(core), config).openapi())
}

/// What is behind a store that can't be asked: that it can't is said already.
fn cause(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// What hashing costs under this configuration.
///
/// # Errors
/// Too weak, or too dear.
pub(crate) fn hashing(passwords: &Passwords) -> Result<Argon2Config, Argon2ConfigError> {
    let config = Argon2Config::new(passwords.argon2_memory_kib, passwords.argon2_iterations)?;
    Ok(match passwords.hashing_threads {
        Some(threads) => config.with_threads(threads),
        None => config,
    })
}

/// The rules for new passwords: the preset's, changed by what else is set. Reads the list of refused ones.
///
/// # Errors
/// [`StartError::Blocklist`].
pub(crate) fn password_policy(config: &Config) -> Result<PasswordPolicy, StartError> {
    let passwords = &config.passwords;
    let mut policy = match passwords.policy {
        PolicyPreset::Django => PasswordPolicy::django(),
        PolicyPreset::Nist => PasswordPolicy::nist(),
    };
    if let Some(min_length) = passwords.min_length {
        policy = policy.with_min_length(count(min_length));
    }
    if passwords.policy == PolicyPreset::Nist || !passwords.words.is_empty() {
        let host = config.network.public_url.as_ref().map(WebUrl::host);
        let words = passwords.words.iter().map(ContextWord::as_str);
        policy = policy.with_service_words(words.chain([config.mail.site_name.as_str()]).chain(host));
    }
    if let Limit::At(score) = passwords.score
        && let Some(least) = Strength::from_score(score)
    {
        policy = policy.with_strength(least);
    }
    if let Some(path) = &passwords.blocklist {
        let failed = |error| StartError::Blocklist { path: path.clone(), error };
        let list = Blocklist::open(path).map_err(failed)?;
        if list.is_empty() {
            tracing::warn!(path = %path.display(), "the list of refused passwords is empty");
        }
        policy = policy.with_blocklist(list);
    }
    Ok(policy.with_classes(passwords.classes.iter().copied()))
}

fn core_settings(config: &Config) -> Settings {
    let mut settings = Settings::default();
    settings.reads = config.api.reads;
    settings.email_required = config.accounts.email_required;
    settings.verification = match config.accounts.email_verification {
        EmailVerification::Optional => Verification::Optional,
        EmailVerification::Mandatory => Verification::Mandatory,
        EmailVerification::None => Verification::None,
    };
    settings.session_login = config.sessions.session_login;
    settings.session_age = config.sessions.session_age;
    settings.session_idle = config.sessions.session_idle;
    settings.token_age = config.sessions.token_age;
    settings.token_idle = config.sessions.token_idle;
    let accounts = &config.accounts;
    settings.login_by = accounts.login_by;
    settings.confirmation_age = accounts.confirmation_age;
    settings.reset_age = accounts.reset_age;
    settings.old_password = accounts.old_password;
    settings.revoke_on_password_change = accounts.revoke_on_password_change;
    settings.log_out_on_password_change = accounts.logout_on_password_change;
    settings.notices = Notices {
        password_changed: accounts.notify_password_change,
        email_changed: accounts.notify_email_change,
        new_login: accounts.notify_new_login,
    };
    let avatars = &config.avatars;
    settings.avatars = AvatarRules {
        max_bytes: avatars.max_bytes,
        max_pixels: avatars.max_pixels,
        large: avatars.large,
        small: avatars.small,
    };
    settings.throttles = match config.api.throttle {
        Throttle::On => config.throttles.limits(),
        Throttle::Off => Throttles::OFF,
    };
    settings
}

fn http_settings(config: &Config) -> http::Settings {
    http::Settings {
        authentication: match config.api.anonymous {
            Anonymous::Unauthorized => AuthenticationOrder::TokenFirst,
            Anonymous::Forbidden => AuthenticationOrder::SessionFirst,
        },
        site_name: config.mail.site_name.as_str().to_owned(),
        pagination: pagination(config),
        ordering: config.api.ordering,
        status_filters: config.api.status_filters,
        links: config.api.link_headers,
        max_body_bytes: config.network.max_body_bytes,
        public_url: config.network.public_url.as_ref().map(|url| url.as_str().to_owned()),
        trusted_origins: config.sessions.trusted_origins.iter().map(ToString::to_string).collect(),
        secure_cookies: config.secure_cookies(),
        account_deletion: config.accounts.deletion,
        etags: config.api.etags,
        idempotency_keys: config.api.idempotency_keys,
        max_streams: count(config.network.max_streams),
        // Several within the time after which a silent connection is closed.
        heartbeat: (config.network.idle_timeout / 3).min(Duration::from_secs(15)),
        trusted_proxies: config.network.trusted_proxies.clone(),
        avatars: config.avatars.allowed == Allowed::On,
    }
}

fn pagination(config: &Config) -> http::Pagination {
    let size = count(config.api.page_size);
    let max_size = match config.api.max_page_size {
        Limit::Off => None,
        Limit::At(most) => Some(count(most)),
    };
    match config.api.pagination {
        Pagination::PageNumber => http::Pagination::PageNumber { size, max_size },
        Pagination::Cursor => http::Pagination::Cursor { size, max_size },
        Pagination::None => http::Pagination::None,
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The whole server but for its sockets.
#[derive(Debug)]
pub struct App {
    core: Arc<Core>,
    settings: http::Settings,
    streams: Streams,
}

impl App {
    /// Over a core, with what a configuration says about the wire.
    pub fn new(core: Arc<Core>, config: &Config) -> Self {
        let settings = http_settings(config);
        let streams = Streams::new(settings.max_streams);
        Self { core, settings, streams }
    }

    /// The services.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The live feeds, which have to be ended when the server stops.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// The API, its documentation and the health checks, traced and with security headers.
    pub fn endpoint(&self) -> impl Endpoint<Output = Response> + 'static {
        let health = Route::new().nest("/health", health::routes(Arc::clone(self.core.store())));
        let health = health.with(SecurityHeaders);
        let trace = Trace::default().trusted_proxies(self.settings.trusted_proxies.clone());
        Everything { health, api: self.api().into_endpoint() }.with(trace)
    }

    /// The OpenAPI document, as JSON.
    pub fn openapi(&self) -> String {
        self.api().document()
    }

    fn api(&self) -> Api {
        Api::new(Arc::clone(&self.core)).settings(self.settings.clone()).streams(self.streams.clone())
    }
}

/// The API beside the health checks. poem's router would refuse a path that is not UTF-8 before the API sees it.
struct Everything<H> {
    health: H,
    api: BoxEndpoint<'static>,
}

impl<H: Endpoint<Output = Response>> Endpoint for Everything<H> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if matches!(request.uri().path(), "/health/live" | "/health/ready") {
            self.health.call(request).await
        } else {
            self.api.call(request).await
        }
    }
}
