//! `user`.

use std::io::{self, IsTerminal, Read, Write};

use clap::{Args, Subcommand};
use profiles_core::{
    FieldError,
    model::{Email, Password, Username},
};

use super::{Failure, one_line, say};
use crate::{
    config::Config,
    operator::{Operator, user},
};

/// Bytes of a password that standard input may hold: more than any policy asks for.
const LONGEST_PASSWORD: u64 = 64 * 1024;

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
    /// Erase an account with its profile, statuses, logins and mails. This can't be undone.
    Erase {
        /// Its name, in any case.
        name: String,
        /// Do it without another question.
        #[arg(long, required = true)]
        yes: bool,
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
    let asked = Asked::new(command)?;
    let operator = Operator::connect(config).await?;
    let done = match asked {
        Asked::Once(command) => once(command, &operator).await,
        Asked::List { json } => list(&operator, json).await,
    };
    let closed = operator.close().await;
    done?;
    Ok(closed?)
}

/// A command that can be done.
enum Asked {
    Once(user::Command),
    List { json: bool },
}

impl Asked {
    fn new(command: UserCommand) -> Result<Self, Failure> {
        Ok(Self::Once(match command {
            UserCommand::Create { name, email, staff, password: FromStdin { .. } } => {
                user::Command::Create(Box::new(user::Create {
                    username: parsed("the name", Username::parse(name.trim()))?,
                    email: parsed("--email", Email::parse(email.trim()))?,
                    password: password(io::stdin())?,
                    is_staff: staff,
                }))
            }
            UserCommand::Deactivate { name } => user::Command::SetActive { name, active: false },
            UserCommand::Activate { name } => user::Command::SetActive { name, active: true },
            UserCommand::Promote { name } => user::Command::SetStaff { name, staff: true },
            UserCommand::Demote { name } => user::Command::SetStaff { name, staff: false },
            UserCommand::SetPassword { name, password: FromStdin { .. } } => {
                user::Command::SetPassword { name, password: password(io::stdin())? }
            }
            UserCommand::Erase { name, yes: _ } => user::Command::Erase { name },
            UserCommand::List { json } => return Ok(Self::List { json }),
        }))
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

async fn once(command: user::Command, operator: &Operator) -> Result<(), Failure> {
    let told = match operator.ask(command).await? {
        user::Answer::Made(account) => {
            let role = if account.is_staff { ", staff" } else { "" };
            format!("made {} (account {}{role})", account.username, account.id)
        }
        user::Answer::Active(account) => {
            format!("{} is {}", account.username, if account.is_active { "active" } else { "inactive" })
        }
        user::Answer::Staff(account) => {
            format!("{} is {}", account.username, if account.is_staff { "staff" } else { "not staff" })
        }
        user::Answer::PasswordReplaced(account) => {
            format!("{} has a new password, and is logged out everywhere", account.username)
        }
        user::Answer::Erased(account) => format!("erased {} (account {})", account.username, account.id),
    };
    say(&told)
}

async fn list(operator: &Operator, json: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut after = None;
    loop {
        let page = operator.ask(user::List { after }).await?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.id);
        for row in &page {
            let line = if json { serde_json::to_string(row).map_err(io::Error::from)? } else { line(row) };
            writeln!(out, "{line}")?;
        }
    }
}

/// For people: columns that mostly line up, though accounts are not all read before the first is printed.
fn line(row: &user::Row) -> String {
    let staff = if row.is_staff { "staff" } else { "" };
    let active = if row.is_active { "" } else { "inactive" };
    // An address in quotes can hold control characters.
    let (username, email) = (one_line(&row.username), one_line(&row.email));
    let line = format!("{:>6}  {username:<20}  {email:<30}  {}  {staff} {active}", row.id.get(), row.joined_at);
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
