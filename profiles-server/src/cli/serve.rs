//! `serve`.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

use super::{Failure, runtime};
use crate::{config::Config, logging, mailer, server::Server};

/// Serves until a signal comes, and ends at once if a second one does.
pub(super) fn serve(config: Config) -> Result<(), Failure> {
    logging::start(&config.log);
    let runtime = runtime()?;
    let outcome = runtime.block_on(until_signals(config));
    // Whatever is still running has had its time.
    runtime.shutdown_timeout(Duration::ZERO);
    outcome
}

async fn until_signals(config: Config) -> Result<(), Failure> {
    // Before anything is opened: a signal that comes early must not end us in the middle.
    let mut signals = Signals::new()?;
    let mailer = mailer::transport(&config.mail)?;
    let server = Server::start(config).await?;
    super::announce(&server);
    let stop = Arc::new(Notify::new());
    let running = server.run(mailer, {
        let stop = Arc::clone(&stop);
        async move { stop.notified().await }
    });
    let twice = async {
        signals.next().await;
        tracing::info!("stopping: requests under way may finish; a second signal ends at once");
        stop.notify_one();
        signals.next().await;
    };
    select! {
        ended = running => Ok(ended?),
        () = twice => Err(Failure::CutShort),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
