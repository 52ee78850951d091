//! `profiles completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Cli, failure::Failure, output::print};

/// Prints a completion script.
pub(super) fn run(shell: Shell) -> Result<(), Failure> {
    // Into memory first: the generator panics if it cannot write, as to a pipe that was closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "profiles", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())
}
