//! Removes what has expired. Nobody sees it any more; this gives back its space.

use std::{sync::Arc, time::Duration};

use profiles_core::Core;
use tokio::{select, sync::watch, time::interval};

/// How often to sweep.
const PERIOD: Duration = Duration::from_mins(10);
/// Rows of one sweep: few enough that a write behind it hardly waits.
const BATCH: usize = 500;

/// Sweeps now and then, until `stop` turns true or its sender is gone.
pub(super) async fn run(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    let mut tick = interval(PERIOD);
    loop {
        select! {
            _ = tick.tick() => sweep(&core, &stop).await,
            changed = stop.changed() => if changed.is_err() || *stop.borrow() { return },
        }
    }
}

async fn sweep(core: &Core, stop: &watch::Receiver<bool>) {
    while !*stop.borrow() {
        match core.store().sweep(core.now(), BATCH).await {
            Ok(removed) if removed == BATCH => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "what has expired could not be removed");
                return;
            }
        }
    }
}
