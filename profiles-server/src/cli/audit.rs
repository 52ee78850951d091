//! `audit`.

use std::{
    io::{self, Write},
    time::Duration,
};

use clap::Args;
use profiles_api::AuditLine;
use profiles_core::model::{AuditEvent, AuditOutcome};

use super::{Failure, one_line};
use crate::{
    config::Config,
    operator::{Operator, audit},
};

/// How often `--follow` looks for new lines.
const PERIOD: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct AuditCommand {
    /// Only what was done by this account or to it; its name, in any case.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only this kind of event.
    #[arg(long, value_parser = words(AuditEvent::ALL.iter().map(|event| event.as_str())))]
    event: Option<String>,
    /// Only what came out so.
    #[arg(long, value_parser = words(AuditOutcome::ALL.iter().map(|outcome| outcome.as_str())))]
    outcome: Option<String>,
    /// From then on: 2026-11-22T10:45:00Z, or so long ago: 30m, 12h, 7d.
    #[arg(long, value_parser = moment, value_name = "TIME")]
    since: Option<i64>,
    /// Before then, in the same forms.
    #[arg(long, value_parser = moment, value_name = "TIME")]
    until: Option<i64>,
    /// As one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Go on with new lines as they come, until interrupted.
    #[arg(long)]
    follow: bool,
}

fn words(words: impl Iterator<Item = &'static str>) -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(words.collect::<Vec<_>>())
}

/// A moment, in microseconds since 1970.
fn moment(text: &str) -> Result<i64, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let wrong = || "write a time like 2026-11-22T10:45:00Z, or how long ago: 30m, 12h, 7d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: i64 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let micros = number.checked_mul(seconds).and_then(|ago| ago.checked_mul(1_000_000)).ok_or_else(wrong)?;
    Ok(jiff::Timestamp::now().as_microsecond().saturating_sub(micros))
}

pub(super) async fn run(command: AuditCommand, config: &Config) -> Result<(), Failure> {
    let operator = Operator::connect(config).await?;
    let done = print(&command, &operator).await;
    let closed = operator.close().await;
    done?;
    Ok(closed?)
}

async fn print(command: &AuditCommand, operator: &Operator) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut after = None;
    loop {
        let page = operator.ask(asked(command, after)).await?;
        for line in &page.lines {
            let text = if command.json { serde_json::to_string(line).map_err(io::Error::from)? } else { told(line) };
            writeln!(out, "{text}")?;
        }
        if page.looked.is_some() {
            after = page.looked;
            continue;
        }
        out.flush()?;
        if !command.follow {
            return Ok(());
        }
        tokio::time::sleep(PERIOD).await;
    }
}

fn asked(command: &AuditCommand, after: Option<u64>) -> audit::List {
    audit::List {
        after,
        name: command.user.clone(),
        event: command.event.clone(),
        outcome: command.outcome.clone(),
        since: command.since,
        until: command.until,
    }
}

/// For people: what happened, to whom, by whom and from where.
fn told(line: &AuditLine) -> String {
    let account = line.account.map_or_else(|| "-".to_owned(), |id| format!("account {id}"));
    let object = line.object.map(|id| format!(" object={id}")).unwrap_or_default();
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), one_line);
    let by = if line.actor == account { String::new() } else { format!(" by={}", line.actor.replace(' ', ":")) };
    format!(
        "{}  {:<9} {:<22} {account:<12}{by}{object} address={} request={}",
        line.at,
        line.outcome,
        line.event,
        or_dash(&line.address),
        or_dash(&line.request_id),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_how_long_ago() {
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(1_000_000));
        let day = jiff::Timestamp::now().as_microsecond() - moment("1d").unwrap();
        assert!((86_300_000_000..=86_400_000_000).contains(&day), "{day}");
        for bad in ["", "d", "yesterday", "1w", "9999999999999999d", "é"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
