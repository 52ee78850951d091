//! `mail`.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use profiles_core::model::OutboxId;

use super::{Failure, one_line, say};
use crate::{
    config::Config,
    operator::{
        Operator, OperatorError,
        mail::{Answer, Command, DEAD, List, Row},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// List the mails that wait, and the dead letters: those that could not be sent.
    List {
        /// As one JSON object a line.
        #[arg(long)]
        json: bool,
        /// Dead letters alone.
        #[arg(long)]
        dead: bool,
    },
    /// Send mails now, as if they were new.
    Retry(Which),
    /// Remove mails unsent.
    Drop(Which),
}

/// Which mails.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// Their numbers, as `mail list` shows them.
    #[arg(value_name = "ID")]
    ids: Vec<u64>,
    /// All dead letters.
    #[arg(long)]
    dead: bool,
}

pub(super) async fn run(command: MailCommand, config: &Config) -> Result<(), Failure> {
    let operator = Operator::connect(config).await?;
    let done = match command {
        MailCommand::List { json, dead } => list(&operator, json, dead).await,
        MailCommand::Retry(which) => each(&operator, which, Command::Retry, "is sent again").await,
        MailCommand::Drop(which) => each(&operator, which, Command::Drop, "is dropped").await,
    };
    let closed = operator.close().await;
    done?;
    Ok(closed?)
}

/// Does this to each of the mails. One that is not there is told, and the others are done all the same.
async fn each(
    operator: &Operator,
    which: Which,
    command: impl Fn(OutboxId) -> Command,
    done: &str,
) -> Result<(), Failure> {
    let ids = if which.dead { dead_letters(operator).await? } else { which.ids };
    let mut missing = Vec::new();
    for id in ids {
        match operator.ask(command(OutboxId::new(id))).await? {
            Answer::Done => say(&format!("mail {id} {done}"))?,
            Answer::NoMail => missing.push(id.to_string()),
        }
    }
    // Of dead letters, one that is gone meanwhile is what was wanted.
    if missing.is_empty() || which.dead {
        return Ok(());
    }
    Err(Failure::Input(format!("there is no mail {}", missing.join(", "))))
}

async fn dead_letters(operator: &Operator) -> Result<Vec<u64>, OperatorError> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = operator.ask(List { after }).await?;
        let Some(last) = page.last() else { return Ok(ids) };
        after = Some(last.id);
        ids.extend(page.iter().filter(|row| row.state == DEAD).map(|row| row.id.get()));
    }
}

async fn list(operator: &Operator, json: bool, dead: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut after = None;
    loop {
        let page = operator.ask(List { after }).await?;
        let Some(last) = page.last() else { return Ok(out.flush()?) };
        after = Some(last.id);
        for row in page.iter().filter(|row| !dead || row.state == DEAD) {
            let line = if json { serde_json::to_string(row).map_err(io::Error::from)? } else { line(row) };
            writeln!(out, "{line}")?;
        }
    }
}

/// For people: columns that mostly line up, though mails are not all read before the first is printed.
fn line(row: &Row) -> String {
    let unsure = match row.unsure {
        0 => String::new(),
        times => format!(" ({times} unsure)"),
    };
    let next = row.next_at.as_deref().map(|at| format!("next {at}  ")).unwrap_or_default();
    // An address in quotes can hold control characters.
    let (to, problem) = (one_line(&row.to), row.problem.as_deref().map(one_line).unwrap_or_default());
    let line = format!(
        "{:>6}  {:<7}  {:<17}  {to:<30}  queued {}  attempts {}{unsure}  {next}{problem}",
        row.id, row.state, row.kind, row.queued_at, row.attempts
    );
    line.trim_end().to_owned()
}
