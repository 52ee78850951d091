//! What an operator chooses.
//!
//! Every setting is a key in `profiles.toml`, an environment variable and a flag of the same name: `data_dir`,
//! `PROFILES_DATA_DIR`, `--data-dir`. A flag wins over the environment, the environment over the file, the file over the
//! default. A new setting is one entry in the struct of its concern ([`Network`], [`Mail`], ...): name, type, default,
//! limits and documentation stand together there, and the rest follows from it.

mod accounts;
mod api;
pub(crate) mod arguments;
mod avatars;
mod choice;
mod control;
mod database;
mod error;
mod file;
mod limit;
mod link;
mod load;
mod log;
mod mail;
mod network;
mod one_line;
mod passwords;
mod secret_text;
mod sessions;
mod setting;
mod show;
mod storage;
mod throttles;
mod value;

use toml::de::DeValue;

pub(crate) use self::setting::{Group, Setting};
use self::value::{Given, Shown};
pub use self::{
    accounts::{Accounts, EmailVerification},
    api::{Anonymous, Api, Compat, Pagination, Throttle},
    avatars::{Allowed, Avatars},
    control::ControlSocket,
    database::Database,
    error::ConfigError,
    limit::Limit,
    link::Link,
    load::{Loaded, Origin, Sources},
    log::{Log, LogFilter, LogFormat},
    mail::{Host, Mail, MailTransport, SmtpTls},
    network::{HostPort, Network, WebUrl},
    one_line::OneLine,
    passwords::{ContextWord, Passwords, PolicyPreset},
    secret_text::SecretText,
    sessions::{SecureCookies, Sessions, TrustedOrigin},
    storage::{SecretKey, Storage},
    throttles::Throttles,
};

/// Everything that can be set. `Config::default()` is what a server runs with that is told nothing.
///
/// ```
/// use profiles_server::config::Config;
///
/// let mut config = Config::default();
/// config.api.page_size = 20;
/// config.check()?;
/// # Ok::<(), profiles_server::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where the server listens and how long it waits.
    pub network: Network,
    /// Where the data is.
    pub storage: Storage,
    /// The database, where it is not the embedded one.
    pub database: Database,
    /// How the API answers.
    pub api: Api,
    /// How accounts are made, kept and lost.
    pub accounts: Accounts,
    /// Sessions, tokens and cookies.
    pub sessions: Sessions,
    /// Pictures of people.
    pub avatars: Avatars,
    /// What may not be tried too often.
    pub throttles: Throttles,
    /// Which passwords are good enough, and what hashing them costs.
    pub passwords: Passwords,
    /// What mails say, and how they get out.
    pub mail: Mail,
    /// What is logged.
    pub log: Log,
}

impl Config {
    fn groups(&self) -> [&dyn Group; 11] {
        let Self { network, storage, database, api, accounts, sessions, avatars, throttles, passwords, mail, log } =
            self;
        [network, storage, database, api, accounts, sessions, avatars, throttles, passwords, mail, log]
    }

    fn groups_mut(&mut self) -> [&mut dyn Group; 11] {
        let Self { network, storage, database, api, accounts, sessions, avatars, throttles, passwords, mail, log } =
            self;
        [network, storage, database, api, accounts, sessions, avatars, throttles, passwords, mail, log]
    }

    /// The defaults of a server that stands in for another.
    pub fn compatible_with(compat: Compat) -> Self {
        let mut config = Self::default();
        config.api.compat = compat;
        if compat == Compat::DjRestAuth {
            config.api.pagination = Pagination::None;
            config.api.max_page_size = Limit::Off;
            config.api.ordering = false;
            config.api.status_filters = false;
            config.api.link_headers = false;
            config.api.etags = false;
            config.api.idempotency_keys = false;
            config.accounts.deletion = false;
            config.accounts.revoke_on_password_change = false;
            config.accounts.notify_password_change = false;
            config.accounts.notify_email_change = false;
            config.accounts.notify_new_login = false;
        }
        config
    }

    /// Whether every value is within its limits and no two contradict each other. [`Config::load`] has called it
    /// already; a program that sets fields itself calls it.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] or [`ConfigError::Conflict`], with the names of the settings.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut copy = self.clone();
        for setting in Self::settings() {
            // What is printed is read back, and reading knows the limits.
            if let Some(Shown::Toml(text)) = copy.groups().iter().find_map(|group| group.shown(setting.key))
                && let Ok(value) = DeValue::parse(&text)
                && let Err(problem) = copy.set(setting.key, Given::Toml(value.get_ref()))
            {
                return Err(ConfigError::Invalid { origin: Origin::Program, key: setting.key, problem });
            }
        }
        self.mail.check()?;
        self.database.check()?;
        crate::app::hashing(&self.passwords).map_err(|error| ConfigError::Conflict(error.to_string()))?;
        match self.api.max_page_size {
            Limit::At(most) if self.api.page_size > most => Err(ConfigError::Conflict(format!(
                "page_size ({}) is more than max_page_size ({most})",
                self.api.page_size
            ))),
            _ => Ok(()),
        }
    }

    /// Sets what has this key; the error says what the value must be.
    fn set(&mut self, key: &str, given: Given<'_>) -> Result<(), String> {
        self.groups_mut().into_iter().find_map(|group| group.set(key, given)).unwrap_or(Ok(()))
    }

    /// Base of the links in mails, without a slash at its end: `public_url`, or `http://` and the address that the
    /// server listens on.
    pub fn public_url(&self) -> String {
        match &self.network.public_url {
            Some(url) => url.as_str().to_owned(),
            None => self.network.bind.url(),
        }
    }

    /// Whether cookies are for https only.
    pub fn secure_cookies(&self) -> bool {
        match self.sessions.secure_cookies {
            SecureCookies::Auto => self.public_url().starts_with("https://"),
            SecureCookies::Always => true,
            SecureCookies::Never => false,
        }
    }

    /// What stands before the subject of every mail: `mail_subject_prefix`, or the site's name in brackets as
    /// django-allauth has it.
    pub fn subject_prefix(&self) -> String {
        match &self.mail.subject_prefix {
            Some(prefix) => prefix.as_str().to_owned(),
            None => format!("[{}] ", self.mail.site_name.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_has_a_name_of_its_own_and_says_what_it_is() {
        let config = Config::default();
        let mut keys = BTreeSet::new();
        for setting in config.groups().iter().flat_map(|group| group.settings()) {
            assert!(keys.insert(setting.key), "{} stands twice", setting.key);
            assert!(setting.summary().len() > 10, "{} has no documentation", setting.key);
        }
        let mut twin = Config::default();
        let again: BTreeSet<_> =
            twin.groups_mut().iter().flat_map(|group| group.settings()).map(|setting| setting.key).collect();
        assert_eq!(keys, again);
    }

    #[test]
    fn dj_rest_auth_changes_defaults() {
        let config = Config::compatible_with(Compat::DjRestAuth);
        assert_eq!((config.api.pagination, config.api.max_page_size), (Pagination::None, Limit::Off));
        assert_eq!(Config::default().api.pagination, Pagination::PageNumber);
        let headers = |config: &Config| (config.api.etags, config.api.idempotency_keys);
        assert_eq!((headers(&config), headers(&Config::default())), ((false, false), (true, true)));
    }

    #[test]
    fn links_and_cookies_follow_the_public_url() {
        let mut config = Config::default();
        assert_eq!((config.public_url().as_str(), config.secure_cookies()), ("http://127.0.0.1:8000", false));
        config.network.public_url = Some("https://profiles.example/".parse().unwrap());
        assert_eq!((config.public_url().as_str(), config.secure_cookies()), ("https://profiles.example", true));
        config.sessions.secure_cookies = SecureCookies::Never;
        assert!(!config.secure_cookies());
    }

    #[test]
    fn a_page_is_not_larger_than_the_largest() {
        let mut config = Config::default();
        config.api.page_size = 101;
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "the configuration does not do: page_size (101) is more than max_page_size (100)");
        config.api.max_page_size = Limit::Off;
        config.check().unwrap();
        config.api.page_size = 0;
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "the program's configuration: page_size must be between 1 and 10000");
    }
}
