//! `profiles account`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::manual::after_help;

/// What to do with one's own account as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Save everything that the server holds about one's own account, as JSON
    Export(Export),
    /// Erase one's own account with everything in it, for good
    Delete(Delete),
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles account export"))]
pub(crate) struct Export {
    /// Write it into this file, which nobody but its owner can read, instead of to standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles account delete"))]
pub(crate) struct Delete {
    /// Do not ask whether it is meant
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub(crate) password_stdin: bool,
}
