//! The command line.

mod account;
mod email;
mod expiry;
mod explain;
pub(crate) mod manual;
mod password;
mod sessions;
mod token;

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint, builder::NonEmptyStringValueParser};
use clap_complete::Shell;
use inquire::ui::RenderConfig;

use self::manual::after_help;
pub(crate) use self::{
    account::{Account, Delete, Export},
    email::Email,
    expiry::Expiry,
    explain::explain,
    password::{Change, Password, ResetConfirm},
    sessions::{Revoke, Sessions},
    token::{Create, Token},
};

/// Register, log in, and read and write profiles and statuses on a profiles server.
///
/// The server is the one that --url, `PROFILES_URL` or the file config.toml names; otherwise `http://127.0.0.1:8000`.
/// Logging in keeps a token for that server in the config folder, and the other commands use it. What is missing is
/// asked for on a terminal, and never anywhere else. Passwords are typed unseen or read from standard input, never
/// taken from the command line, where other users of the machine could see them.
#[derive(Debug, Parser)]
#[command(name = "profiles", version, after_long_help = manual::epilogue(), arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Address of the server, up to but without `/api/`
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url, env = "PROFILES_URL")]
    pub(crate) url: Option<String>,
    /// Print JSON: results on standard output, errors on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How long to wait for each answer of the server
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even into a file or a pipe
    Always,
    /// Nowhere
    Never,
}

impl Color {
    /// Makes it hold for everything that is printed from here on.
    pub(crate) fn apply(self) {
        if matches!(self, Self::Never) {
            inquire::set_global_render_config(RenderConfig::empty());
        }
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open an account, and log in to it
    Register(Register),
    /// Log in, and keep the token for later commands
    Login(Login),
    /// Log out: end the login on the server, and delete its token here
    Logout,
    /// Show whose login this is
    Whoami,
    /// List profiles
    List(List),
    /// Show a profile; without an argument one's own
    Show(Show),
    /// Change a profile, one's own unless --id names another
    Edit(Edit),
    /// Post, read, change and delete statuses
    #[command(subcommand, arg_required_else_help = true)]
    Status(Status),
    /// Change one's password, or choose a new one by mail
    #[command(subcommand, arg_required_else_help = true)]
    Password(Password),
    /// Confirm an e-mail address, or change one's own
    #[command(subcommand, arg_required_else_help = true)]
    Email(Email),
    /// List and end what is logged in to one's account
    #[command(subcommand, arg_required_else_help = true)]
    Sessions(Sessions),
    /// Make, list and end personal access tokens, for programs
    #[command(subcommand, arg_required_else_help = true)]
    Token(Token),
    /// Take one's own data away, or have it erased
    #[command(subcommand, arg_required_else_help = true)]
    Account(Account),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual, as a man page
    Man {
        /// Write a page for the tool and one for each command into this folder instead
        #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles register"))]
pub(crate) struct Register {
    /// Name of the new account
    #[arg(long, short, value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) username: Option<String>,
    /// Its e-mail address; some servers do without
    #[arg(long, short, value_hint = ValueHint::EmailAddress)]
    pub(crate) email: Option<String>,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles login"))]
pub(crate) struct Login {
    /// Name of the account
    #[arg(long, short, value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) username: Option<String>,
    /// Log in by e-mail address, where the server allows it
    #[arg(long, short, conflicts_with = "username", value_hint = ValueHint::EmailAddress)]
    pub(crate) email: Option<String>,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles list"))]
pub(crate) struct List {
    /// Only those whose username or city holds every one of these words
    #[arg(long, short, value_name = "WORDS", value_hint = ValueHint::Other)]
    pub(crate) search: Option<String>,
    /// No more than the first N
    #[arg(long, short, value_name = "N")]
    pub(crate) limit: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles show"))]
pub(crate) struct Show {
    /// Number of the profile, or name of its account
    #[arg(value_name = "USERNAME|ID", value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) who: Option<String>,
    /// Name of the account, even if it is all digits
    #[arg(long, short, conflicts_with = "who", value_hint = ValueHint::Other,
        value_parser = NonEmptyStringValueParser::new())]
    pub(crate) username: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles edit"))]
pub(crate) struct Edit {
    /// About you, at most 240 characters; empty clears it
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
    pub(crate) bio: Option<String>,
    /// Where you live, at most 30 characters; empty clears it
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
    pub(crate) city: Option<String>,
    /// Image to show of you: PNG, JPEG, GIF or WebP; its middle is what others see
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "id")]
    pub(crate) avatar: Option<PathBuf>,
    /// Show no image any more
    #[arg(long, conflicts_with_all = ["id", "avatar"])]
    pub(crate) no_avatar: bool,
    /// Number of the profile to change, for staff
    #[arg(long)]
    pub(crate) id: Option<u64>,
}

/// What to do with statuses.
#[derive(Debug, Subcommand)]
pub(crate) enum Status {
    /// Post a status
    #[command(after_help = after_help("profiles status post"))]
    Post {
        /// The text, at most 240 characters; `-` reads it from standard input
        #[arg(value_hint = ValueHint::Other)]
        text: Option<String>,
    },
    /// List statuses, the oldest first
    List {
        /// Only those of this account; the case counts
        #[arg(long, short, value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
        username: Option<String>,
        /// No more than the first N
        #[arg(long, short, value_name = "N")]
        limit: Option<NonZeroUsize>,
    },
    /// Show a status
    Show {
        /// Number of the status
        id: u64,
    },
    /// Change the text of a status
    Edit {
        /// Number of the status
        id: u64,
        /// The new text; `-` reads it from standard input
        #[arg(value_hint = ValueHint::Other)]
        text: Option<String>,
    },
    /// Follow what happens to statuses, until it is interrupted
    #[command(after_help = after_help("profiles status watch"))]
    Watch {
        /// Only those of this account; the case counts
        #[arg(long, short, value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
        username: Option<String>,
        /// Begin with what came after the event with this number, instead of with what comes next
        #[arg(long, value_name = "NUMBER")]
        after: Option<u64>,
    },
    /// Delete a status
    Delete {
        /// Number of the status
        id: u64,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in [["profiles", "--json", "whoami"], ["profiles", "whoami", "--json"]] {
            assert!(Cli::try_parse_from(line).unwrap().global.json);
        }
    }

    #[test]
    fn no_option_takes_a_password() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments().filter(|argument| argument.get_id().as_str().contains("password")) {
                assert!(!argument.get_action().takes_values(), "{argument}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn help_tells_the_exit_codes() {
        let help = Cli::command().render_long_help().to_string();
        for exit in crate::exit::Exit::ALL {
            assert!(help.contains(exit.meaning()), "{}", exit.meaning());
        }
    }

    #[test]
    fn numbers_and_names_that_clash_are_refused() {
        for line in [
            &["profiles", "status", "show", "abc"] as &[_],
            &["profiles", "status", "delete", "-1"],
            &["profiles", "login", "-u", "ada", "-e", "ada@example.org"],
            &["profiles", "--timeout", "0", "whoami"],
            &["profiles", "list", "--limit", "0"],
            &["profiles", "show", ""],
            &["profiles", "sessions", "revoke"],
            &["profiles", "sessions", "revoke", "1", "--others"],
            &["profiles", "token", "create", "ci", "--scope", "everything"],
            &["profiles", "token", "create", "ci", "--expires", "soon"],
            &["profiles", "account", "export", "--force"],
            &["profiles", "edit", "--avatar", "me.png", "--no-avatar"],
            &["profiles", "edit", "--avatar", "me.png", "--id", "7"],
        ] {
            assert_eq!(Cli::try_parse_from(line).unwrap_err().exit_code(), 2, "{line:?}");
        }
    }
}
