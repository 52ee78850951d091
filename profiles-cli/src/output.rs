//! Results on standard output, failures on standard error; for people, or as JSON for programs.

mod stream;
mod table;
mod visible;

use std::io::Write;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use profiles_api::FieldErrors;
use serde::Serialize;

use self::visible::json_visible;
pub(crate) use self::{
    stream::VisibleJson,
    table::{Columns, Sheet, to_the_second},
    visible::visible,
};
use crate::{exit::Exit, failure::Failure};

/// Where a command's results go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// JSON, or text for people.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a result: `value` for programs, or what `text` makes of it for people.
    pub(crate) fn result<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let printed = if self.json { as_json(value)? } else { text(value) };
        print(printed.trim_end())
    }

    /// Prints rows. If there are none, people are told so; programs get an empty list.
    pub(crate) fn list<T: Serialize>(
        &self,
        rows: &[T],
        none: &str,
        text: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        if rows.is_empty() && !self.json {
            self.note(none);
            return Ok(());
        }
        self.result(&rows, |rows| text(rows))
    }

    /// Prints a sentence, which is `value` for programs.
    pub(crate) fn sentence(&self, value: &serde_json::Value, sentence: &str) -> Result<(), Failure> {
        self.result(value, |_| visible(sentence))
    }

    /// Tells people something that is not part of the result.
    pub(crate) fn note(&self, note: &str) {
        if !self.json {
            complain(&format!("{}\n", visible(note)));
        }
    }

    /// A bar for so many bytes on their way. It shows on a terminal alone, and not to programs.
    pub(crate) fn upload_bar(&self, bytes: usize) -> ProgressBar {
        let target = if self.json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(u64::try_from(bytes).ok(), target);
        match ProgressStyle::with_template("Sending [{bar:30}] {bytes} of {total_bytes}") {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        }
    }

    /// Prints a failure, and says how to exit.
    pub(crate) fn failure(&self, failure: &Failure) -> Exit {
        if failure.exit != Exit::Done {
            complain(&if self.json { failure_as_json(failure) } else { failure_as_text(failure) });
        }
        failure.exit
    }
}

/// Prints a text as it is, with a newline after it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

fn as_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map(|json| json_visible(&json))
        .map_err(|error| Failure::other(format!("cannot write JSON: {error}")))
}

/// A failure as programs see it.
#[derive(Serialize)]
struct FailureDocument<'a> {
    kind: &'static str,
    exit_code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "FieldErrors::is_empty")]
    fields: &'a FieldErrors,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

fn failure_as_json(failure: &Failure) -> String {
    let error = FailureDocument {
        kind: failure.exit.kind(),
        exit_code: failure.exit.code(),
        message: &failure.message,
        fields: &failure.fields,
        hint: failure.hint.as_deref(),
    };
    // A document of texts and numbers always has a JSON form.
    let document = serde_json::to_string(&error).unwrap_or_default();
    format!("{{\"error\":{}}}\n", json_visible(&document))
}

fn failure_as_text(failure: &Failure) -> String {
    let (red, bold) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    let mut lines = vec![format!("{red}error:{red:#} {}", visible(&failure.message))];
    for (field, messages) in failure.fields.iter() {
        lines.extend(messages.iter().map(|message| match field {
            FieldErrors::GENERAL => format!("  {}", visible(message)),
            field => format!("  {bold}{}:{bold:#} {}", visible(for_people(field)), visible(message)),
        }));
    }
    lines.extend(failure.hint.iter().map(|hint| format!("hint: {}", visible(hint))));
    lines.join("\n") + "\n"
}

/// What a field of the API is called on the command line.
fn for_people(field: &str) -> &str {
    match field {
        "password1" | "password2" => "password",
        "new_password1" | "new_password2" => "new password",
        "old_password" => "present password",
        "expires_at" => "expires",
        "scopes" => "scope",
        "status_content" => "text",
        other => other,
    }
}

/// Writes to standard error. If nobody reads that, there is nobody to tell.
fn complain(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use profiles_api::ClientError;

    use super::*;

    fn refused() -> Failure {
        let errors = r#"{"username":["A user with that username already exists."],"non_field_errors":["\u001b[2J"]}"#;
        ClientError::Invalid(serde_json::from_str(errors).unwrap()).into()
    }

    #[test]
    fn refused_values_are_told_by_field_and_without_control_characters() {
        let text = anstream::adapter::strip_str(&failure_as_text(&refused())).to_string();
        assert!(text.contains("\n  username: A user with that username already exists.\n"), "{text}");
        assert!(text.contains("\n  \\u{1b}[2J\n"), "{text}");
        assert!(!failure_as_text(&refused()).contains("\u{1b}[2J"));
    }

    #[test]
    fn a_program_gets_the_same_as_json() {
        let value: serde_json::Value = serde_json::from_str(&failure_as_json(&refused())).unwrap();
        assert_eq!(value["error"]["kind"], "invalid");
        assert_eq!(value["error"]["exit_code"], 3);
        assert_eq!(value["error"]["fields"]["username"][0], "A user with that username already exists.");
    }
}
