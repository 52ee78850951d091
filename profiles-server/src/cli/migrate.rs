//! `migrate`.

use profiles_postgres::Migrated;

use super::{Failure, say};
use crate::{app::StartError, config::Config};

/// Brings the database up to date. Servers may run meanwhile, and several of these too.
pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let Some(postgres) = config.database.postgres() else {
        return say("nothing to do: the embedded database has no migrations; --database names another");
    };
    let Migrated { applied, version } = profiles_postgres::migrate(&postgres).await.map_err(StartError::from)?;
    match applied {
        0 => say(&format!("nothing to do: the database at {} is up to date (migration {version})", postgres.url)),
        _ => say(&format!(
            "the database at {} is up to date now (migration {version}); applied: {applied}",
            postgres.url
        )),
    }
}
