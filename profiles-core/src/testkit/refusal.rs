//! Errors that can be compared.

use std::fmt;

use crate::store::{Result, StoreError, Unique};

/// What kind of [`StoreError`] it was; the cause of an `Unavailable` and the words of a `Corrupt` or an `Unfit` are the store's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`StoreError::Taken`].
    Taken(Unique),
    /// [`StoreError::Missing`].
    Missing,
    /// [`StoreError::Full`].
    Full,
    /// [`StoreError::Stale`].
    Stale,
    /// [`StoreError::NotEmpty`].
    NotEmpty,
    /// [`StoreError::Unfit`].
    Unfit,
    /// [`StoreError::Busy`].
    Busy,
    /// [`StoreError::Unavailable`].
    Unavailable,
    /// [`StoreError::Corrupt`].
    Corrupt,
}

impl From<&StoreError> for Refusal {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Taken(unique) => Self::Taken(*unique),
            StoreError::Missing => Self::Missing,
            StoreError::Full => Self::Full,
            StoreError::Stale => Self::Stale,
            StoreError::NotEmpty => Self::NotEmpty,
            StoreError::Unfit(_) => Self::Unfit,
            StoreError::Busy => Self::Busy,
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Corrupt(_) => Self::Corrupt,
        }
    }
}

/// Why a call was refused; panics if it was not.
#[track_caller]
pub fn refusal<T: fmt::Debug>(answer: Result<T>) -> Refusal {
    match answer {
        Ok(value) => panic!("was to be refused, and answered {value:?}"),
        Err(error) => Refusal::from(&error),
    }
}
