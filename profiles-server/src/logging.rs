//! What is logged, and how: for programs, not for libraries, as there is one log in a process.

#[cfg(test)]
pub(crate) mod captured;

use std::{
    env,
    io::{self, IsTerminal},
};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Sends everything that is logged to standard error. The first call in a process decides; later ones do nothing.
pub fn start(log: &Log) {
    // poem says what we say ourselves; naming it in the setting brings it back.
    let filter = EnvFilter::builder().parse_lossy(format!("poem=warn,{}", log.filter.as_str()));
    // Nobody to tell if standard error is gone, and no reason to stop for it.
    let layer = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    let _ = match log.format {
        LogFormat::Text => {
            let colours = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            registry.with(layer.with_ansi(colours)).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_span_list(false)).try_init(),
    };
}
