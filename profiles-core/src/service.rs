//! What an application asks of a [`Core`](crate::Core), one file per subject.

mod account;
mod at_hand;
mod avatar;
mod email;
mod feed;
mod gate;
mod login;
mod new_password;
mod noting;
mod operator;
mod outbox;
mod own_data;
mod password;
mod personal_token;
mod profile;
mod registration;
mod request;
mod sessions;
mod status;
mod trail;
mod transfer;
mod tries;

use std::future::Future;

pub use self::{
    account::AccountEdit,
    avatar::{AvatarEditor, AvatarUpload},
    email::EmailChange,
    feed::{StatusChange, StatusNews, StatusOwner},
    login::{Authentication, Credentials, Login},
    new_password::NewPassword,
    operator::NewAccount,
    own_data::OwnData,
    password::{PasswordChange, PasswordReset},
    personal_token::NewPersonalToken,
    profile::ProfileEditor,
    registration::{Registration, RegistrationOutcome},
    status::StatusEditor,
    transfer::{Piece, restore},
};
pub(crate) use self::{at_hand::AtHand, gate::Gate, noting::Noting};
use crate::{
    Error, Kind, Result,
    store::{self, StoreError},
};

/// How often an update is tried when somebody else writes the row in between. Each attempt loses only to another that
/// won, so this is met only by hundreds of writers of one row.
const ATTEMPTS: usize = 64;

/// Writes a row that was read; if somebody else has written it in between, reads it again and tries again.
///
/// # Errors
/// Those of reading; [`Error::Missing`] if the row went away; [`Error::Busy`] after [`ATTEMPTS`].
async fn write_fresh<Row, T, Reading, Writing>(
    kind: Kind,
    mut row: Row,
    read: impl Fn() -> Reading,
    write: impl Fn(Row) -> Writing,
) -> Result<T>
where
    Reading: Future<Output = Result<Row>>,
    Writing: Future<Output = store::Result<T>>,
{
    for _ in 0..ATTEMPTS {
        match write(row).await {
            Err(StoreError::Stale) => row = read().await?,
            answer => return answer.map_err(Error::from_store(kind)),
        }
    }
    Err(Error::Busy)
}

/// Writes a row that nobody has written since it was read, and no other.
///
/// # Errors
/// [`Error::Changed`]; [`Error::Missing`] if the row went away.
async fn write_unchanged<T>(kind: Kind, write: impl Future<Output = store::Result<T>>) -> Result<T> {
    write.await.map_err(|error| match error {
        StoreError::Stale => Error::Changed,
        other => Error::from_store(kind)(other),
    })
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::ready};

    use super::*;

    /// Writes a row before which somebody else is faster so many times. The row is the number of times it was read.
    async fn write_after(others: usize) -> Result<usize> {
        let reads = Cell::new(0);
        let read = || {
            reads.set(reads.get() + 1);
            ready(Ok(reads.get()))
        };
        let write = |row: usize| ready(if row < others { Err(StoreError::Stale) } else { Ok(row) });
        write_fresh(Kind::Status, 0, read, write).await
    }

    #[tokio::test]
    async fn a_row_that_changed_is_read_again_but_not_for_ever() {
        assert_eq!(write_after(0).await.unwrap(), 0);
        assert_eq!(write_after(63).await.unwrap(), 63);
        assert!(matches!(write_after(64).await, Err(Error::Busy)));
    }

    #[tokio::test]
    async fn a_row_that_went_away_is_missing() {
        let gone = |()| ready(store::Result::<()>::Err(StoreError::Missing));
        let answer = write_fresh(Kind::Status, (), || ready(Ok(())), gone).await;
        assert!(matches!(answer, Err(Error::Missing(Kind::Status))));
    }
}
