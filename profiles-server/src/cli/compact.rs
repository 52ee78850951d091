//! `compact`.

use profiles_core::store::sled::Compaction;

use super::{Failure, check::is_unmade, one_line, say};
use crate::{
    app::{Database, place},
    config::Config,
};

/// Writes the embedded database anew, without what was overwritten in it. No server may run meanwhile.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    if config.database.url.is_some() {
        return say("nothing to do: PostgreSQL uses again what was overwritten; its `VACUUM FULL` gives it back");
    }
    if is_unmade(&config.storage) {
        return say(&one_line(&format!("nothing to do: no database in {} yet", place(config))));
    }
    let Compaction { before, after, .. } = Database::compact(config)?;
    say(&one_line(&format!(
        "the database in {} had {} MB, and has {} MB",
        place(config),
        megabytes(before),
        megabytes(after)
    )))
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
