//! Everything that a running server holds, written to a file.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    time::Duration,
};

use profiles_core::Core;
use serde::{Deserialize, Serialize};

use super::{OperatorError, Subject};
use crate::transfer::{Counts, write};

/// Writes everything to this file, which is not there yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Export {
    /// A path that means the same to the server as to whoever asks.
    pub(crate) file: PathBuf,
}

impl From<Export> for super::Command {
    fn from(command: Export) -> Self {
        Self::Export(command)
    }
}

impl Subject for Export {
    type Answer = Counts;

    /// However long it takes to write all that there is.
    const PATIENCE: Duration = Duration::from_hours(24);

    fn change(&self) -> Option<&'static str> {
        // It changes nothing, but it is a copy of everything.
        Some("export everything")
    }

    async fn perform(self, core: &Core) -> Result<Self::Answer, OperatorError> {
        let Self { file: path } = self;
        let refused = |error: &dyn std::fmt::Display| OperatorError::Refused(format!("{}: {error}", path.display()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = write(core, file.map_err(|error| refused(&error))?, |_| {}).await;
        written.map_err(|error| {
            // Half of it is of no use to anybody.
            let _ = fs::remove_file(&path);
            refused(&error)
        })
    }
}
