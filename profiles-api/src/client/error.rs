//! Why an operation failed.

use std::{io, time::Duration};

use crate::FieldErrors;

/// Why an operation failed. `Display` is a sentence without a full stop; texts of the server are passed on as they came
/// and may hold anything, terminal control characters too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server's address cannot be used. Nothing was sent.
    #[error("`{url}` cannot be the address of a server: {reason}")]
    Address {
        /// What was given, without a password that was in it.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token has characters that no token has. Nothing was sent.
    #[error("the token is empty, or has characters that no token has")]
    Token,
    /// No answer: nobody listens there, the name is unknown, the connection broke, or it took too long. The request
    /// may have been carried out in the latter cases.
    #[error("cannot reach {server}: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The server could not prove who it is. The request was not sent.
    #[error("the certificate of {host} is not trusted: {reason}")]
    Certificate {
        /// The server's name.
        host: String,
        /// What is wrong with its certificate.
        reason: String,
    },
    /// There is no token, or the server does not know it any more.
    #[error("{detail}")]
    Unauthorized {
        /// What the server said.
        detail: String,
    },
    /// The account may not do this.
    #[error("{detail}")]
    Forbidden {
        /// What the server said.
        detail: String,
    },
    /// There is no such thing.
    #[error("{detail}")]
    NotFound {
        /// What the server said.
        detail: String,
    },
    /// The request breaks a rule; nothing was changed.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Too many requests.
    #[error("too many requests")]
    Throttled {
        /// How long to wait, if the server said so.
        retry_after: Option<Duration>,
    },
    /// The server failed, or is too busy.
    #[error("the server failed with HTTP {status}{}", detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    Server {
        /// The HTTP status, 500 to 599.
        status: u16,
        /// What the server said, if it was a sentence of this API.
        detail: Option<String>,
    },
    /// What the server sent could not be written where it was to go.
    #[error("cannot write what the server sent: {reason}")]
    Write {
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// What the system said.
        reason: String,
    },
    /// What answers is not this API.
    #[error("{server} does not answer as the profiles API does: {reason}")]
    Unexpected {
        /// The server's address.
        server: String,
        /// What is odd about the answer.
        reason: String,
    },
}
