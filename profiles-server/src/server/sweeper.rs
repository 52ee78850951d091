//! Removes what has expired. Nobody sees it any more; this gives back its space.

use std::{sync::Arc, time::Duration};

use profiles_core::{Core, store::StoreError};
use tokio::{select, sync::watch, time::interval};

/// How often to sweep.
const PERIOD: Duration = Duration::from_mins(10);
/// How often to look for pictures that nobody shows: it lists every file.
const COLLECTION: Duration = Duration::from_hours(6);
/// Rows of one sweep: few enough that a write behind it hardly waits.
const BATCH: usize = 500;

/// Sweeps now and then, and forgets lines of the audit trail older than `audit_age`, until `stop` turns true or its sender
/// is gone. The first time is at the start: an erasure that was cut off goes on at once.
pub(super) async fn run(core: Arc<Core>, audit_age: Duration, mut stop: watch::Receiver<bool>) {
    let mut tick = interval(PERIOD);
    loop {
        select! {
            _ = tick.tick() => {
                let core = Arc::clone(&core);
                let expired = || core.store().sweep(core.now(), BATCH);
                until_all_is_gone("what has expired", expired, &stop).await;
                let forgotten = || core.store().forget_audit(core.now().minus(audit_age), BATCH);
                until_all_is_gone("the oldest of the audit trail", forgotten, &stop).await;
            }
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
}

/// Removes the files of pictures that nobody shows now and then, until `stop` turns true or its sender is gone. A process
/// leaves such that ended between keeping a file and pointing at it.
pub(super) async fn collect_pictures(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    let mut tick = interval(COLLECTION);
    loop {
        let collecting = async {
            tick.tick().await;
            core.collect_avatars().await
        };
        select! {
            collected = collecting => match collected {
                Ok(0) => {}
                Ok(pictures) => tracing::info!(pictures, "removed pictures that nobody shows"),
                Err(error) => tracing::warn!(%error, "pictures that nobody shows could not be removed"),
            },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Removes batch after batch, until there is no whole one left.
async fn until_all_is_gone<Removing>(what: &str, remove: impl Fn() -> Removing, stop: &watch::Receiver<bool>)
where
    Removing: Future<Output = Result<usize, StoreError>>,
{
    while !*stop.borrow() {
        match remove().await {
            Ok(removed) if removed >= BATCH => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "{what} could not be removed");
                return;
            }
        }
    }
}
