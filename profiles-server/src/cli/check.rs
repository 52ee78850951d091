//! `check`.

use profiles_core::store::Maintenance;

use super::{Failure, one_line, say};
use crate::{
    app::{open_store, password_policy},
    config::{Config, Storage},
    mailer, secret,
    server::ServeError,
};

/// Says what is sound, a line each, and fails if something is not. Makes nothing.
pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    // It reads the list of refused passwords.
    password_policy(config)?;
    say("configuration: valid")?;
    if config.mail.templates.is_some() {
        mailer::templates(&config.mail).map_err(ServeError::from)?;
        say("mail templates: sound")?;
    }
    let data_dir = config.storage.data_dir.display();
    if is_unmade(&config.storage) {
        return say(&format!("database: none in {data_dir} yet; the first start makes it"));
    }
    let store = open_store(config)?;
    let left = if store.opened_unclean() { "; it was not closed the last time" } else { "" };
    say(&one_line(&format!("database: {data_dir} opens{left}")))?;
    let found = store.verify().await.map_err(profiles_core::Error::from)?;
    for inconsistency in &found {
        say(&one_line(&format!("contents: {inconsistency}")))?;
    }
    if found.is_empty() {
        say("contents: sound")?;
    }
    secret::stored(&config.storage).map_err(crate::app::StartError::from)?;
    say("secret key: readable")?;
    store.close().await.map_err(profiles_core::Error::from)?;
    if found.is_empty() { Ok(()) } else { Err(Failure::Unsound) }
}

/// Whether the first start could make the database. Where something else stands in its place, opening it says what.
pub(super) fn is_unmade(storage: &Storage) -> bool {
    let leads_nowhere = storage.data_dir.is_symlink() && !storage.data_dir.exists();
    !leads_nowhere && matches!(storage.store_dir().try_exists(), Ok(false))
}
