//! Asking for what is missing: on a terminal only.

use std::io::{self, BufRead, IsTerminal, Read};

use inquire::{InquireError, PasswordDisplayMode, Text, validator::ValueRequiredValidator};
use secrecy::SecretString;

use crate::{failure::Failure, output::visible};

/// The longest password line, in bytes.
const LONGEST_PASSWORD: usize = 64 * 1024;

/// The longest text that is read from standard input, in bytes. Servers take 240 characters; the rest is so that it is
/// the server that says so.
const LONGEST_TEXT: usize = 1024 * 1024;

/// Whether somebody is there to be asked: both ends of the conversation are a terminal.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a text that must not be empty. `flag` is how to give it without being asked.
pub(crate) fn text(question: &str, flag: &str) -> Result<String, Failure> {
    require_somebody(question, flag)?;
    answer(Text::new(&format!("{question}:")).with_validator(ValueRequiredValidator::default()).prompt())
}

/// Asks for a text that may be empty, and shows what it is at `present`. `note` tells what to know about it.
pub(crate) fn optional_text(question: &str, present: &str, note: &str) -> Result<String, Failure> {
    if visible(present) != present {
        // The prompt has a single line, and prints what it is given as it is.
        return Err(Failure::usage(format!(
            "the present {} has lines or control characters, which cannot be edited here",
            question.to_lowercase()
        ))
        .hint("give the new texts as options; see: profiles edit --help"));
    }
    answer(Text::new(&format!("{question}:")).with_initial_value(present).with_help_message(note).prompt())
}

/// Which password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Password {
    /// One that the server knows.
    Known,
    /// One that is being chosen, and is typed twice.
    New,
    /// One that the server knows, where another takes its place.
    Present,
    /// The one that takes its place, and is typed twice.
    Next,
}

impl Password {
    fn name(self) -> &'static str {
        match self {
            Self::Known | Self::New => "Password",
            Self::Present => "Present password",
            Self::Next => "New password",
        }
    }

    /// How to give it without being asked.
    fn flag(self) -> &'static str {
        match self {
            Self::Known | Self::New | Self::Present => "--password-stdin",
            Self::Next => "--new-password-stdin",
        }
    }

    fn is_being_chosen(self) -> bool {
        matches!(self, Self::New | Self::Next)
    }
}

/// A password: from standard input if `from_stdin`, otherwise typed unseen. Standard input that is a terminal would show
/// what is typed, so there it is asked for all the same. Each is a line, so a second one is on the second line.
pub(crate) fn password(which: Password, from_stdin: bool) -> Result<SecretString, Failure> {
    if from_stdin && !somebody_is_there() {
        return password_line(which, &mut io::stdin().lock());
    }
    require_somebody(which.name(), which.flag())?;
    let (question, again) = (format!("{}:", which.name()), format!("{} again:", which.name()));
    let prompt = inquire::Password::new(&question).with_display_mode(PasswordDisplayMode::Hidden);
    let prompt = if which.is_being_chosen() {
        prompt.with_custom_confirmation_message(&again)
    } else {
        prompt.without_confirmation()
    };
    answer(prompt.with_validator(ValueRequiredValidator::default()).prompt()).map(SecretString::from)
}

/// A text from the command line, or asked for.
pub(crate) fn text_unless_given(given: Option<&str>, question: &str, argument: &str) -> Result<String, Failure> {
    given.map_or_else(|| text(question, argument), |text| Ok(text.to_owned()))
}

/// A text from the command line, from standard input if it is `-`, or asked for.
pub(crate) fn text_or_stdin(given: Option<&str>, question: &str, argument: &str) -> Result<String, Failure> {
    match given {
        Some("-") => text_from(&mut io::stdin().lock()),
        Some(text) => Ok(text.to_owned()),
        None => text(question, argument),
    }
}

fn require_somebody(what: &str, flag: &str) -> Result<(), Failure> {
    if somebody_is_there() {
        return Ok(());
    }
    let what = what.to_lowercase();
    Err(Failure::usage(format!("no {what} was given, and there is no terminal to ask for it"))
        .hint(format!("give it with {flag}")))
}

fn answer(answer: Result<String, InquireError>) -> Result<String, Failure> {
    answer.map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => Failure::other("cancelled"),
        other => Failure::other(format!("cannot ask: {other}")),
    })
}

fn password_line(which: Password, input: &mut impl BufRead) -> Result<SecretString, Failure> {
    let name = which.name().to_lowercase();
    let mut line = Vec::new();
    let limit = u64::try_from(LONGEST_PASSWORD).unwrap_or(u64::MAX) + 1;
    input.take(limit).read_until(b'\n', &mut line).map_err(|error| unreadable(&error))?;
    if line.len() > LONGEST_PASSWORD {
        return Err(Failure::usage(format!("the {name} on standard input is too long")));
    }
    match String::from_utf8(line).map(|line| without_newline(&line).to_owned()) {
        Ok(password) if password.is_empty() => Err(Failure::usage(format!("there is no {name} on standard input"))),
        Ok(password) => Ok(SecretString::from(password)),
        // The error itself would show the password.
        Err(_) => Err(Failure::usage(format!("the {name} on standard input is not UTF-8"))),
    }
}

fn text_from(input: &mut impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(LONGEST_TEXT).unwrap_or(u64::MAX) + 1;
    input.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > LONGEST_TEXT {
        return Err(Failure::usage("the text on standard input is longer than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage("the text on standard input is not UTF-8"))?;
    Ok(without_newline(&text).to_owned())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::other(format!("cannot read standard input: {error}"))
}

/// Without the one newline at the end; of any system.
fn without_newline(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_password_is_one_line_without_its_newline() {
        for (input, password) in
            [("s3cret\n", "s3cret"), ("s3cret", "s3cret"), ("s3cret\r\n", "s3cret"), (" s \nrest\n", " s ")]
        {
            assert_eq!(
                password_line(Password::Known, &mut input.as_bytes()).unwrap().expose_secret(),
                password,
                "{input:?}"
            );
        }
    }

    #[test]
    fn two_passwords_are_two_lines() {
        let mut input = "old\nnew\n".as_bytes();
        for (which, password) in [(Password::Present, "old"), (Password::Next, "new")] {
            assert_eq!(password_line(which, &mut input).unwrap().expose_secret(), password);
        }
        let message = password_line(Password::Next, &mut input).unwrap_err().message;
        assert_eq!(message, "there is no new password on standard input");
    }

    #[test]
    fn no_password_is_not_an_empty_one() {
        for input in ["", "\n", "\r\n"] {
            assert!(
                password_line(Password::Known, &mut input.as_bytes()).unwrap_err().message.contains("no password"),
                "{input:?}"
            );
        }
        assert!(password_line(Password::Known, &mut vec![b'x'; LONGEST_PASSWORD + 1].as_slice()).is_err());
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_not_repeated() {
        let failure = password_line(Password::Known, &mut b"s3cret\xff\n".as_slice()).unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cret"));
    }

    #[test]
    fn a_text_keeps_its_inner_lines() {
        assert_eq!(text_from(&mut "one\n\ntwo\n\n".as_bytes()).unwrap(), "one\n\ntwo\n");
    }
}
