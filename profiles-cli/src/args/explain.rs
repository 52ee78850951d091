//! What the parser has to say, in the form that was asked for.

use std::ffi::OsStr;

use clap::error::ErrorKind;

use crate::{exit::Exit, failure::Failure, output::Output};

/// Prints help and version as they are, and errors as text or JSON.
pub(crate) fn explain(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        // As for any output: a reader that went away is no failure.
        let _ = error.print();
        return Exit::Done;
    }
    if std::env::args_os().any(|argument| argument == OsStr::new("--json")) {
        let text = error.render().to_string();
        let message = match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing",
            _ => text.lines().next().unwrap_or_default().trim_start_matches("error: "),
        };
        return Output::new(true).failure(&Failure::usage(message).hint("see: profiles --help"));
    }
    let _ = error.print();
    Exit::Usage
}
