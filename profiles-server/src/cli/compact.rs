//! `compact`.

use profiles_core::store::sled::Compaction;

use super::{Failure, check::is_unmade, complain, one_line, say};
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

/// The same, of one that was filled a moment ago and is closed: rows that were put between others have overwritten ten times
/// of what is left.
pub(super) fn compact_what_was_filled(database: &Database, config: &Config) {
    if let Database::Embedded(_) = database
        && let Err(error) = Database::compact(config)
    {
        complain(&format!("what was overwritten is still on the disk; `compact` does away with it ({error})"));
    }
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
