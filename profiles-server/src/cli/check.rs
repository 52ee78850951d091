//! `check`.

use profiles_postgres::PostgresStore;

use super::{Failure, one_line, say};
use crate::{
    app::{Database, StartError, password_policy, place, shared_secret},
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
    if config.database.url.is_none() && is_unmade(&config.storage) {
        return say(&format!("database: none in {} yet; the first start makes it", place(config)));
    }
    // Not even if the server would at its start.
    let mut as_it_is = config.clone();
    as_it_is.database.migrate = false;
    let database = Database::open(&as_it_is).await?;
    let left = if database.opened_unclean() { "; it was not closed the last time" } else { "" };
    say(&one_line(&format!("database: {} opens{left}", place(config))))?;
    if let Database::Postgres(store) = &database {
        about(store).await?;
    }
    let store = database.store();
    let found = store.verify().await.map_err(profiles_core::Error::from)?;
    for inconsistency in &found {
        say(&one_line(&format!("contents: {inconsistency}")))?;
    }
    if found.is_empty() {
        say("contents: sound")?;
    }
    let secret = secret::stored(&config.storage).map_err(StartError::from)?;
    match &database {
        Database::Embedded(_) => say("secret key: readable")?,
        Database::Postgres(store) => say(shared_secret::compare(&config.storage, secret.as_ref(), store).await?)?,
    }
    store.close().await.map_err(profiles_core::Error::from)?;
    if found.is_empty() { Ok(()) } else { Err(Failure::Unsound) }
}

/// Which PostgreSQL it is, and what was done to it.
async fn about(store: &PostgresStore) -> Result<(), Failure> {
    let about = store.about().await.map_err(profiles_core::Error::from)?;
    let writable = if about.is_writable { "" } else { "; it does not take writes now" };
    say(&one_line(&format!("database: PostgreSQL {}, migration {}{writable}", about.version, about.migration)))
}

/// Whether the first start could make the database. Where something else stands in its place, opening it says what.
fn is_unmade(storage: &Storage) -> bool {
    let leads_nowhere = storage.data_dir.is_symlink() && !storage.data_dir.exists();
    !leads_nowhere && matches!(storage.store_dir().try_exists(), Ok(false))
}
