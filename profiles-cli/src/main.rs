//! `profiles`: the profiles API from the command line.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

mod args;
mod command;
mod config;
mod context;
mod credentials;
mod exit;
mod failure;
mod mailed;
mod output;
mod private_file;
mod prompt;

use std::process::ExitCode;

use clap::Parser;

use self::{args::Cli, failure::Failure, output::Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return args::explain(&error).into(),
    };
    cli.global.color.apply();
    let output = Output::new(cli.global.json);
    match run(&cli, &output) {
        Ok(()) => exit::Exit::Done.into(),
        Err(failure) => output.failure(&failure).into(),
    }
}

fn run(cli: &Cli, output: &Output) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::other(format!("cannot start: {error}")))?
        .block_on(command::run(cli, output))
}
