//! Whether the data fits together after the database was not closed.

use std::sync::Arc;

use profiles_core::{
    Core,
    store::{Inconsistency, StoreError},
};
use tokio::{select, sync::watch};

/// How many of the things that do not fit the log names; `check` names all.
const NAMED: usize = 5;

/// Reads the whole database beside the requests and says in the log what came of it, unless `stop` changes first.
pub(super) async fn tell(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    tracing::warn!("the database was not closed the last time; now all of it is read to see whether it fits together");
    select! {
        found = core.store().verify() => tell_outcome(found),
        _ = stop.changed() => tracing::info!("the server stops before all of the database was read"),
    }
}

fn tell_outcome(found: Result<Vec<Inconsistency>, StoreError>) {
    match found {
        Ok(found) if found.is_empty() => tracing::info!("the database is sound"),
        Ok(found) => {
            for inconsistency in found.iter().take(NAMED) {
                tracing::error!(%inconsistency, "the database does not fit together");
            }
            tracing::error!(
                found = found.len(),
                "the database does not fit together: stop the server, keep a copy of its data directory, and run \
                 `profiles-server check`"
            );
        }
        Err(error) => tracing::error!(%error, "whether the database is sound could not be found out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::captured::Log;

    #[test]
    fn what_does_not_fit_is_told_with_what_to_do() {
        let log = Log::default();
        let guard = log.start();
        tell_outcome(Ok((1..=7).map(|id| Inconsistency(format!("account {id} has no profile"))).collect()));
        tell_outcome(Err(StoreError::Busy));
        tell_outcome(Ok(Vec::new()));
        drop(guard);
        let lines = log.lines();
        let levels: Vec<_> = lines.iter().map(|line| line["level"].as_str().unwrap()).collect();
        assert_eq!(levels, [&["ERROR"; 7][..], &["INFO"]].concat());
        assert_eq!(lines[0]["inconsistency"], "account 1 has no profile");
        assert_eq!(lines[5]["found"], 7);
        assert!(lines[5]["message"].as_str().unwrap().contains("profiles-server check"));
        assert_eq!(lines[6]["error"], "too many writes wait");
    }
}
