//! Judging passwords without keeping others waiting.

use std::{sync::Arc, thread};

use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{PasswordPolicy, PolicyViolation};
use crate::{model::Password, password::PasswordContext};

/// Bytes up to which a password is looked at where it is: every rule but the estimate of guesses is done in microseconds.
const SHORT: usize = 4096;
/// Passwords that may wait, as many as for hashing.
const MAX_WAITING: usize = 128;
/// Passwords that are judged at the same time, at most.
const MAX_THREADS: usize = 4;

/// A password was not judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgingError {
    /// More passwords wait than there is room for.
    #[error("too many passwords wait to be judged")]
    Busy,
    /// A rule panicked, or the runtime is ending. What a panic says may hold the password, so it is not told.
    #[error("a password could not be judged")]
    Failed,
}

/// Who judges: so many at a time, and so many wait for them.
#[derive(Debug)]
pub(super) struct Judges {
    seats: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Judges {
    pub(super) fn new() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        Self { seats: Arc::new(Semaphore::new(threads)), waiting: Semaphore::new(MAX_WAITING) }
    }
}

impl PasswordPolicy {
    /// What [`check`](Self::check) says, off the async workers where it takes more than some microseconds: a policy that
    /// estimates guesses, or a password of more than 4,096 bytes. At most four are judged at a time, and 128 wait.
    ///
    /// # Errors
    /// [`JudgingError::Busy`] if more wait; [`JudgingError::Failed`] if the runtime is ending.
    pub async fn judge(
        &self,
        password: &Password,
        about: Option<&PasswordContext<'_>>,
    ) -> Result<Vec<PolicyViolation>, JudgingError> {
        if self.strength.is_none() && password.expose().len() <= SHORT {
            return Ok(self.check(password.expose(), about));
        }
        let _waiting = self.judges.waiting.try_acquire().map_err(|_| JudgingError::Busy)?;
        let seat = Arc::clone(&self.judges.seats).acquire_owned().await.map_err(|_| JudgingError::Failed)?;
        let (policy, password, about) = (self.clone(), password.clone(), about.map(OwnedContext::of));
        let judged = spawn_blocking(move || {
            // Kept until the work is done, whether or not the caller waits for it.
            let _seat = seat;
            policy.check(password.expose(), about.as_ref().map(OwnedContext::lend).as_ref())
        });
        judged.await.map_err(|_| JudgingError::Failed)
    }
}

struct OwnedContext {
    username: String,
    first_name: String,
    last_name: String,
    email: String,
}

impl OwnedContext {
    fn of(about: &PasswordContext<'_>) -> Self {
        let PasswordContext { username, first_name, last_name, email } = *about;
        Self {
            username: username.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
        }
    }

    fn lend(&self) -> PasswordContext<'_> {
        let Self { username, first_name, last_name, email } = self;
        PasswordContext { username, first_name, last_name, email }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        pin::pin,
        task::Poll,
    };

    use super::*;
    use crate::password::Strength;

    #[tokio::test]
    async fn it_says_what_check_says() {
        let about =
            PasswordContext { username: "ada.lovelace", email: "ada@example.org", ..PasswordContext::default() };
        let long = "lovelace ".repeat(1000);
        for policy in [PasswordPolicy::django(), PasswordPolicy::nist()] {
            for policy in [policy.clone(), policy.with_strength(Strength::AboveTenBillion)] {
                for text in ["lovelace1", "tulip-tango-92", "8451", &long] {
                    let password = Password::parse(text).unwrap();
                    for about in [None, Some(&about)] {
                        assert_eq!(policy.judge(&password, about).await.unwrap(), policy.check(text, about));
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn too_many_at_once_are_turned_away_and_nobody_is_forgotten() {
        let policy = PasswordPolicy::django().with_strength(Strength::AboveMillion);
        let password = Password::parse("tulip-tango-92").unwrap();
        let seats = u32::try_from(policy.judges.seats.available_permits()).unwrap();
        let taken = Arc::clone(&policy.judges.seats).acquire_many_owned(seats).await.unwrap();
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(policy.judge(&password, None))).collect();
        for judging in &mut waiting {
            assert!(poll_fn(|context| Poll::Ready(judging.as_mut().poll(context))).await.is_pending());
        }
        assert!(matches!(policy.judge(&password, None).await, Err(JudgingError::Busy)));
        // Somebody gives up, and their place is free again.
        drop(waiting.pop());
        let mut next = pin!(policy.judge(&password, None));
        assert!(poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await.is_pending());
        drop(taken);
        for judging in waiting {
            assert_eq!(judging.await.unwrap(), []);
        }
        assert_eq!(next.await.unwrap(), []);
    }
}
