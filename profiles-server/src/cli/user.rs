//! `user`.

use std::io::{self, IsTerminal, Read, Write};

use clap::{Args, Subcommand};
use profiles_core::{
    Core, Error, FieldError, NewAccount,
    model::{Account, Email, Password, Username, UsernameKey},
};
use serde::Serialize;

use super::{Failure, one_line, say};
use crate::{app::open_core, config::Config};

/// Bytes of a password that standard input may hold: more than any policy asks for.
const LONGEST_PASSWORD: u64 = 64 * 1024;
/// Accounts that are read at a time.
const PAGE: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; its address counts as verified.
    Create {
        /// Its name.
        name: String,
        /// Its e-mail address.
        #[arg(long)]
        email: String,
        /// It may moderate what others wrote.
        #[arg(long)]
        staff: bool,
        #[command(flatten)]
        password: FromStdin,
    },
    /// Forbid an account to log in; its tokens are refused.
    Deactivate {
        /// Its name, in any case.
        name: String,
    },
    /// Allow an account to log in again.
    Activate {
        /// Its name, in any case.
        name: String,
    },
    /// Let an account moderate.
    Promote {
        /// Its name, in any case.
        name: String,
    },
    /// Let an account moderate no longer.
    Demote {
        /// Its name, in any case.
        name: String,
    },
    /// Replace a password; whoever is logged in with the old one is out.
    SetPassword {
        /// Its name, in any case.
        name: String,
        #[command(flatten)]
        password: FromStdin,
    },
    /// List the accounts.
    List {
        /// As one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// The one way to give a password: others can read a command line.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct FromStdin {
    /// Read the password from standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
}

pub(super) async fn run(command: UserCommand, config: &Config) -> Result<(), Failure> {
    // What was typed is looked at before the database is, which a first command makes.
    let command = Parsed::new(command)?;
    let core = open_core(config)?.core;
    let done = perform(command, &core).await;
    let closed = core.store().close().await.map_err(Error::from);
    done?;
    Ok(closed?)
}

/// A command that can be done.
enum Parsed {
    Create(Box<NewAccount>),
    SetActive(String, bool),
    SetStaff(String, bool),
    SetPassword(String, Password),
    List { json: bool },
}

impl Parsed {
    fn new(command: UserCommand) -> Result<Self, Failure> {
        Ok(match command {
            UserCommand::Create { name, email, staff, password: FromStdin { .. } } => {
                Self::Create(Box::new(NewAccount {
                    username: parsed("the name", Username::parse(name.trim()))?,
                    email: parsed("--email", Email::parse(email.trim()))?,
                    password: password(io::stdin())?,
                    is_staff: staff,
                }))
            }
            UserCommand::Deactivate { name } => Self::SetActive(name, false),
            UserCommand::Activate { name } => Self::SetActive(name, true),
            UserCommand::Promote { name } => Self::SetStaff(name, true),
            UserCommand::Demote { name } => Self::SetStaff(name, false),
            UserCommand::SetPassword { name, password: FromStdin { .. } } => {
                Self::SetPassword(name, password(io::stdin())?)
            }
            UserCommand::List { json } => Self::List { json },
        })
    }
}

fn parsed<T>(what: &str, field: Result<T, Vec<FieldError>>) -> Result<T, Failure> {
    field.map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::Input(format!("{what}: {}", errors.join(" ")))
    })
}

/// One line of text, without white space around it: the API trims passwords too, so one with a space at its end could
/// never be used.
fn password(input: impl Read + IsTerminal) -> Result<Password, Failure> {
    if input.is_terminal() {
        // It would be shown while it is typed.
        return Err(Failure::Input("--password-stdin reads from a pipe or a file, not from a terminal".into()));
    }
    read_password(input)
}

fn read_password(input: impl Read) -> Result<Password, Failure> {
    let mut text = String::new();
    let read = input.take(LONGEST_PASSWORD + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::Input(format!("the password can't be read from standard input: {error}")))?;
    let password = text.trim();
    if text.len() as u64 > LONGEST_PASSWORD || password.contains(['\n', '\r']) {
        return Err(Failure::Input("standard input must hold a password on a single line".into()));
    }
    parsed("the password", Password::parse(password))
}

async fn perform(command: Parsed, core: &Core) -> Result<(), Failure> {
    match command {
        Parsed::Create(new) => {
            let account = core.create_account(*new).await?;
            let role = if account.is_staff { ", staff" } else { "" };
            say(&format!("made {} (account {}{role})", account.username, account.id))
        }
        Parsed::SetActive(name, active) => {
            let account = named(&name, core.set_active(&UsernameKey::of(&name), active).await)?;
            say(&format!("{} is {}", account.username, if active { "active" } else { "inactive" }))
        }
        Parsed::SetStaff(name, staff) => {
            let account = named(&name, core.set_staff(&UsernameKey::of(&name), staff).await)?;
            say(&format!("{} is {}", account.username, if staff { "staff" } else { "not staff" }))
        }
        Parsed::SetPassword(name, password) => {
            let account = named(&name, core.replace_password(&UsernameKey::of(&name), password).await)?;
            say(&format!("{} has a new password, and is logged out everywhere", account.username))
        }
        Parsed::List { json } => list(core, json).await,
    }
}

fn named(name: &str, answer: Result<Account, Error>) -> Result<Account, Failure> {
    match answer {
        Err(Error::Missing(_)) => Err(Failure::Input(format!("there is no account {name:?}"))),
        other => Ok(other?),
    }
}

/// An account as `user list` shows it.
#[derive(Serialize)]
struct Row<'a> {
    id: u64,
    username: &'a str,
    email: &'a str,
    is_staff: bool,
    is_active: bool,
    joined_at: String,
}

async fn list(core: &Core, json: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut last = None;
    loop {
        let page = core.accounts(last, PAGE).await?;
        for account in &page {
            let row = row(account);
            let line = if json { serde_json::to_string(&row).map_err(io::Error::from)? } else { line(&row) };
            writeln!(out, "{line}")?;
        }
        match page.last() {
            Some(account) => last = Some(account.id),
            None => return Ok(out.flush()?),
        }
    }
}

fn row(account: &Account) -> Row<'_> {
    Row {
        id: account.id.get(),
        username: account.username.as_str(),
        email: account.email.as_ref().map_or("", |email| email.as_str()),
        is_staff: account.is_staff,
        is_active: account.is_active,
        joined_at: account.joined_at.to_string(),
    }
}

/// For people: columns that mostly line up, though accounts are not all read before the first is printed.
fn line(row: &Row<'_>) -> String {
    let staff = if row.is_staff { "staff" } else { "" };
    let active = if row.is_active { "" } else { "inactive" };
    // An address in quotes can hold control characters.
    let (username, email) = (one_line(row.username), one_line(row.email));
    let line = format!("{:>6}  {username:<20}  {email:<30}  {}  {staff} {active}", row.id, row.joined_at);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_trimmed_as_the_api_trims_it() {
        let read = |text: &str| read_password(text.as_bytes()).map(|password| password.expose().to_owned());
        assert_eq!(read(" correct horse \r\n").unwrap(), "correct horse");
        assert_eq!(read(&"x".repeat(4_000)).unwrap().len(), 4_000);
        for bad in ["", "\n", "one\ntwo", "nul\0", &"x".repeat(70_000)] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert!(read_password(&b"\xff\xfe"[..]).is_err());
    }
}
