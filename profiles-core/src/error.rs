//! What services answer when they do not do what they were asked.

use std::time::Duration;

use crate::{
    env::EntropyError,
    fields::FieldErrors,
    password::{HashingError, JudgingError},
    permissions::Denied,
    store::{StoreError, Unique},
};

/// Why a service refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The values do not do; each field says why.
    #[error("{0}")]
    Invalid(#[from] FieldErrors),
    /// The actor may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such row.
    #[error("there is no such {0}")]
    Missing(Kind),
    /// The row is no longer as it was seen by whoever wants to write it, and they asked for it to be.
    #[error("the row has changed since it was read")]
    Changed,
    /// The key of the request was used for another one.
    #[error("the key of the request was used for another one")]
    KeyReused,
    /// A request with the same key is being done.
    #[error("a request with the same key is being done")]
    UnderWay,
    /// Too much at once; the same request will do in a moment. Nothing was written.
    #[error("too busy, try again in a moment")]
    Busy,
    /// It was tried too often. Nothing was done.
    #[error("too many tries, try again in {} s", .retry_after.as_secs())]
    Throttled {
        /// How long to wait, in whole seconds, at least one.
        retry_after: Duration,
    },
    /// Something below failed. The client learns no more than that; the log does.
    #[error("the service is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An account.
    Account,
    /// A profile.
    Profile,
    /// A status.
    Status,
    /// A login or a personal token.
    Token,
    /// A key that was mailed.
    Key,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::Profile => "profile",
            Self::Status => "status",
            Self::Token => "token",
            Self::Key => "key",
        })
    }
}

impl Error {
    /// Turns a store's error into a service's: `Missing` means a row of this kind, anything else that the caller has
    /// not dealt with is a failure.
    pub(crate) fn from_store(kind: Kind) -> impl FnOnce(StoreError) -> Self {
        move |error| match error {
            StoreError::Missing => Self::Missing(kind),
            other => Self::from(other),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Taken(Unique::Username) => {
                FieldErrors::of(crate::fields::name::USERNAME, crate::FieldError::UsernameTaken).into()
            }
            StoreError::Taken(Unique::VerifiedEmail) => {
                FieldErrors::of(crate::fields::name::EMAIL, crate::FieldError::EmailTaken).into()
            }
            StoreError::Taken(Unique::Request) => Self::UnderWay,
            other => Self::Unavailable(other.into()),
        }
    }
}

impl From<HashingError> for Error {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::Busy,
            other => Self::Unavailable(other.into()),
        }
    }
}

impl From<JudgingError> for Error {
    fn from(error: JudgingError) -> Self {
        match error {
            JudgingError::Busy => Self::Busy,
            other @ JudgingError::Failed => Self::Unavailable(other.into()),
        }
    }
}

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// What a service answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
