//! `reindex`.

use profiles_core::store::Maintenance as _;

use super::{Failure, one_line, say};
use crate::{app::Database, config::Config};

/// Makes every index anew that follows from the rows, and says what was made. No server may run meanwhile: it would write
/// to what is being made.
pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    if config.database.url.is_some() {
        return say("nothing to do: PostgreSQL keeps its own indexes; its `reindexdb` makes them anew");
    }
    let database = Database::open(config).await?;
    let Database::Embedded(store) = &database else { return Ok(()) };
    let made = store.reindex().await;
    let found = store.verify().await;
    store.close().await.map_err(profiles_core::Error::from)?;
    for (name, rows) in made.map_err(profiles_core::Error::from)? {
        say(&format!("{name}: made from {rows} rows"))?;
    }
    let found = found.map_err(profiles_core::Error::from)?;
    for inconsistency in &found {
        say(&one_line(&format!("contents: {inconsistency}")))?;
    }
    if found.is_empty() { say("contents: sound") } else { Err(Failure::Unsound) }
}
