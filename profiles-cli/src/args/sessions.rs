//! `profiles sessions`

use clap::{ArgGroup, Args, Subcommand};

use super::manual::after_help;

/// What to do with logins.
#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// List what is logged in to one's own account
    List,
    /// End a login, or all but this one
    Revoke(Revoke),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true), after_help = after_help("profiles sessions revoke"))]
pub(crate) struct Revoke {
    /// Number of the login, as the list has it
    #[arg(group = "which")]
    pub(crate) id: Option<u64>,
    /// All but this one
    #[arg(long, group = "which")]
    pub(crate) others: bool,
}
