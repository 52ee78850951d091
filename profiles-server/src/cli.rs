//! What an operator types.

mod audit;
mod check;
mod compact;
mod export;
mod generate;
mod mail;
mod migrate;
mod reindex;
mod restore;
mod serve;
mod user;

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::{Parser, Subcommand};
use profiles_core::store::sled::SledStore;
use tokio::runtime;

use self::{
    audit::AuditCommand, export::ExportCommand, generate::GenerateCommand, mail::MailCommand, restore::RestoreCommand,
    user::UserCommand,
};
use crate::{
    app::{self, StartError},
    config::{Config, ConfigError, Loaded, Sources, arguments::Flags},
    mailer::TransportError,
    operator::{self, OperatorError},
    server::ServeError,
};

/// Serves accounts, profiles and statuses over HTTP.
///
/// Without a command it serves. Settings come from flags, from the environment (PROFILES_...) and from profiles.toml in
/// the working directory, in this order; `profiles-server config` shows them.
#[derive(Debug, Parser)]
#[command(name = "profiles-server", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Configuration file to read instead of profiles.toml [env: `PROFILES_CONFIG`].
    #[arg(long, value_name = "PATH", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until told to stop. The default.
    Serve,
    /// Make and change accounts. If a server runs, it does it.
    #[command(subcommand)]
    User(UserCommand),
    /// Print what happened that matters for security: logins, failures, passwords, tokens, what staff did.
    Audit(AuditCommand),
    /// Look at mails that wait or could not be sent. If a server runs, it does it.
    #[command(subcommand)]
    Mail(MailCommand),
    /// See whether the configuration is valid and the database sound.
    Check,
    /// Bring a PostgreSQL database up to date: make its tables, or change those of an earlier version.
    Migrate,
    /// Make the indexes of the embedded database anew from its rows. No server may run meanwhile.
    Reindex,
    /// Write the embedded database anew, without what was overwritten in it: it then takes less of the disk and of memory.
    /// No server may run meanwhile.
    Compact,
    /// Write everything that is held to a file: a backup, or the way to another database. If a server runs, it does it.
    Export(ExportCommand),
    /// Take everything of an export into an empty database. No server may run meanwhile.
    Restore(RestoreCommand),
    /// Fill an empty database with made-up accounts and statuses, to see what one of that size costs.
    #[command(hide = true)]
    Generate(GenerateCommand),
    /// Print the configuration, and where each value comes from. Secrets are left out.
    Config,
    /// Print the OpenAPI document.
    Openapi,
}

/// Why a command failed. `Display` is one line.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("{}", operator::with_cause(.0))]
    Core(#[from] profiles_core::Error),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("{0}")]
    Input(String),
    #[error("the check found something")]
    Unsound,
    #[error("ended by a second signal; requests under way were cut off")]
    CutShort,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Does what the arguments say.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors too, of a kind; to nobody who has closed the pipe.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match perform(cli) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has enough.
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: Cli) -> Result<(), Failure> {
    let Cli { command, config, flags } = cli;
    let loaded = load(config, flags)?;
    for warning in &loaded.warnings {
        complain(warning);
    }
    be_silent_about_damage();
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(loaded.config),
        Command::User(command) => runtime()?.block_on(user::run(command, &loaded.config)),
        Command::Audit(command) => runtime()?.block_on(audit::run(command, &loaded.config)),
        Command::Mail(command) => runtime()?.block_on(mail::run(command, &loaded.config)),
        Command::Check => runtime()?.block_on(check::run(&loaded.config)),
        Command::Migrate => runtime()?.block_on(migrate::run(&loaded.config)),
        Command::Compact => compact::run(&loaded.config),
        Command::Reindex => runtime()?.block_on(reindex::run(&loaded.config)),
        Command::Export(command) => runtime()?.block_on(export::run(command, &loaded.config)),
        Command::Restore(command) => runtime()?.block_on(restore::run(command, &loaded.config)),
        Command::Generate(command) => runtime()?.block_on(generate::run(command, &loaded.config)),
        Command::Config => say(loaded.to_toml().trim_end()),
        Command::Openapi => say(&app::openapi(&loaded.config)?),
    }
}

fn load(file: Option<PathBuf>, flags: Flags) -> Result<Loaded, ConfigError> {
    // A variable that is not text is none of ours, or a value that no setting can have: its name stays, without letters
    // that would make it pass for another.
    let text = |value: OsString| value.to_string_lossy().into_owned();
    let environment = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    Config::load(&Sources { directory: PathBuf::new(), file, environment, flags: flags.0 })
}

fn runtime() -> Result<runtime::Runtime, io::Error> {
    runtime::Builder::new_multi_thread().enable_all().build()
}

/// sled panics on some damaged databases. The store makes an error of it, and Rust prints it all the same; the error
/// says what there is to say.
fn be_silent_about_damage() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().name() != Some(SledStore::OPENING_THREAD) {
            usual(panic);
        }
    }));
}

/// Prints a line, or several, to standard output.
fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Prints one line to standard error.
fn complain(text: &str) {
    // If standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "profiles-server: {}", one_line(text));
}

/// Tells a terminal how many rows there are by now, each hundred thousand.
fn progress() -> impl FnMut(u64) + Send + 'static {
    let (mut told, watched) = (0, io::stderr().is_terminal());
    move |rows| {
        let hundred_thousands = rows / 100_000;
        if watched && hundred_thousands > told {
            told = hundred_thousands;
            complain(&format!("{rows} rows"));
        }
    }
}

/// Says where the server is found, on one line.
fn announce(server: &crate::server::Server) {
    complain(&format!("listening on {}; Swagger UI: {}/docs", server.address(), server.url()));
}

/// Without line breaks, and without what a terminal would obey.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_setting_is_a_flag_before_and_behind_the_command() {
        for line in [
            "profiles-server --page-size 3 --config a.toml",
            "profiles-server --page-size 3 --config a.toml serve",
            "profiles-server serve --page-size 3 --config a.toml",
            "profiles-server user list --page-size 3 --config a.toml",
            "profiles-server --config a.toml user --page-size 3 list",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.flags.0, [("page_size", "3".to_owned())], "{line}");
            assert_eq!(cli.config, Some("a.toml".into()), "{line}");
        }
    }

    #[test]
    fn every_setting_is_in_the_long_help_with_its_variable() {
        let help = Cli::try_parse_from(["profiles-server", "--help"]).unwrap_err().to_string();
        // Where the lines break depends on the terminal.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["--data-dir <VALUE>", "[env: PROFILES_DATA_DIR]", "[default: ./profiles-data]"] {
            assert!(help.contains(part), "{part}");
        }
        let short = Cli::try_parse_from(["profiles-server", "user", "create", "-h"]).unwrap_err().to_string();
        assert!(!short.contains("--data-dir") && short.contains("--password-stdin"), "{short}");
    }
}
