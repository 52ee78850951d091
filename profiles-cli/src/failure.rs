//! Why a command failed, in words that say what to do.

use std::{io, time::Duration};

use profiles_api::{ClientError, FieldErrors};

use crate::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the shell is told.
    pub(crate) exit: Exit,
    /// What went wrong, in one line. It may hold text of the server, so it is not fit for a terminal as it is.
    pub(crate) message: String,
    /// Which values were refused, and why.
    pub(crate) fields: FieldErrors,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// What to do when nobody is logged in.
pub(crate) const LOG_IN: &str = "log in: profiles login";

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), fields: FieldErrors::default(), hint: None }
    }

    /// Something that has no kind of its own.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Exit::Other, message)
    }

    /// The command line is wrong or incomplete.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The command needs a login, and there is none for this server.
    pub(crate) fn not_logged_in(server: &str) -> Self {
        Self::new(Exit::Unauthorized, format!("not logged in to {server}")).hint(LOG_IN)
    }

    /// The same failure with advice.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same failure, in these words if it is that something is not there.
    pub(crate) fn if_missing(self, message: &str) -> Self {
        if self.exit == Exit::NotFound { Self { message: message.to_owned(), ..self } } else { self }
    }

    /// The same failure, in these words if it is that a row is not there, which `list` has. Of such rows the server does
    /// not say more than of a path that it does not have.
    pub(crate) fn if_row_missing(self, message: &str, list: &str) -> Self {
        if self.exit == Exit::NotFound { self.if_missing(message).hint(format!("see: {list}")) } else { self }
    }

    /// The same failure with this advice, if the server refused the value of one of these fields.
    pub(crate) fn hint_if_refused(self, fields: &[&str], hint: &str) -> Self {
        if fields.iter().any(|field| !self.fields.get(field).is_empty()) { self.hint(hint) } else { self }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Address { .. } => Self::new(Exit::Usage, message).hint(
                "set the address with --url, PROFILES_URL or `url` in config.toml; for example http://127.0.0.1:8000",
            ),
            ClientError::Token => Self::new(Exit::Unauthorized, message).hint("log in again: profiles login"),
            ClientError::Unreachable { .. } => Self::new(Exit::Unreachable, message).hint(
                "is the server running, and is this its address? Set another with --url, PROFILES_URL or `url` in \
                 config.toml",
            ),
            ClientError::Certificate { .. } => Self::new(Exit::Certificate, message).hint(
                "nothing was sent. If the certificate is signed by an authority of your own, name that authority's \
                 certificate (a PEM file) in SSL_CERT_FILE",
            ),
            ClientError::Unauthorized { detail } => {
                Self::new(Exit::Unauthorized, format!("the server does not accept the login: {detail}"))
                    .hint("log in again: profiles login")
            }
            ClientError::Forbidden { .. } => {
                Self::new(Exit::Forbidden, message).hint("only its owner and staff may change or delete it")
            }
            // Of a thing that is missing the server says which; this is what it says of a path that it does not have.
            ClientError::NotFound { ref detail } if detail == "Not found." => {
                Self::new(Exit::NotFound, message).hint(
                    "is this the address of the server, up to but without `/api/`? Set another with --url, \
                     PROFILES_URL or `url` in config.toml",
                )
            }
            ClientError::NotFound { .. } => Self::new(Exit::NotFound, message),
            ClientError::Invalid(fields) => {
                Self { fields, ..Self::new(Exit::Invalid, "the server refused the request") }
            }
            ClientError::Throttled { retry_after } => {
                Self::new(Exit::Throttled, message).hint(format!("try again {}", after(retry_after)))
            }
            // As for any output: whoever was to read it has gone.
            ClientError::Write { kind: io::ErrorKind::BrokenPipe, .. } => Self::new(Exit::Done, String::new()),
            ClientError::Server { .. } => Self::new(Exit::Server, message).hint("try again later"),
            ClientError::Unexpected { .. } => Self::new(Exit::Server, message).hint(
                "is this the address of a profiles server? Set another with --url, PROFILES_URL or `url` in config.toml",
            ),
            _ => Self::other(message),
        }
    }
}

/// Writing to standard output failed. If whoever was to read has gone, as `head` does, that is their decision and no
/// failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, String::new());
        }
        Self::other(format!("cannot write to standard output: {error}"))
    }
}

fn after(delay: Option<Duration>) -> String {
    match delay.map(|delay| delay.as_secs()) {
        None => "later".to_owned(),
        Some(1) => "in a second".to_owned(),
        Some(seconds) => format!("in {seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do() {
        let unreachable = ClientError::Unreachable { server: "http://x/".into(), reason: "refused".into() };
        let stale = ClientError::Unauthorized { detail: "Invalid token.".into() };
        let throttled = ClientError::Throttled { retry_after: Some(Duration::from_mins(1)) };
        for (error, code, advice) in
            [(unreachable, 7, "PROFILES_URL"), (stale, 4, "profiles login"), (throttled, 9, "in 60 seconds")]
        {
            let failure = Failure::from(error);
            assert_eq!(failure.exit.code(), code);
            assert!(failure.hint.unwrap().contains(advice));
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit, Exit::Done);
        assert_eq!(Failure::from(io::Error::from(io::ErrorKind::StorageFull)).exit, Exit::Other);
    }
}
