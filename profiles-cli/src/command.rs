//! The commands, one file each.

mod account;
mod completions;
mod edit;
mod email;
mod list;
mod login;
mod logout;
mod man;
mod password;
mod register;
mod sessions;
mod show;
mod status;
mod token;
mod watch;
mod whoami;

use crate::{
    args::{Cli, Command},
    context::Context,
    failure::Failure,
    output::Output,
};

/// A name for a request that is to be done once, though it may be sent twice.
fn request_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::other(format!("no randomness: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |key, byte| format!("{key}{byte:02x}")))
}

/// Does what the command line says.
pub(crate) async fn run(cli: &Cli, output: &Output) -> Result<(), Failure> {
    // These two need no server, so a broken configuration must not stop them.
    match &cli.command {
        Command::Completions { shell } => return completions::run(*shell),
        Command::Man { dir } => return man::run(dir.as_deref()),
        _ => {}
    }
    let context = Context::new(&cli.global, output)?;
    match &cli.command {
        Command::Register(arguments) => register::run(&context, arguments).await,
        Command::Login(arguments) => login::run(&context, arguments).await,
        Command::Logout => logout::run(&context).await,
        Command::Whoami => whoami::run(&context).await,
        Command::List(arguments) => list::run(&context, arguments).await,
        Command::Show(arguments) => show::run(&context, arguments).await,
        Command::Edit(arguments) => edit::run(&context, arguments).await,
        Command::Status(arguments) => status::run(&context, arguments).await,
        Command::Password(arguments) => password::run(&context, arguments).await,
        Command::Email(arguments) => email::run(&context, arguments).await,
        Command::Sessions(arguments) => sessions::run(&context, arguments).await,
        Command::Token(arguments) => token::run(&context, arguments).await,
        Command::Account(arguments) => account::run(&context, arguments).await,
        Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}
