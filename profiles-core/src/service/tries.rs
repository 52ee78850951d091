//! Trying passwords, and other things that may not be tried too often.

use std::time::Duration;

use super::gate::Pass;
use crate::{
    Core, Error, FieldError, FieldErrors, Result,
    model::{
        Account, AccountId, AuditActor, AuditEvent, AuditNote, AuditOutcome, Limit, Network, Password, ThrottleKey,
        Timestamp, UsernameKey,
    },
    password::Verdict,
    permissions::Actor,
    store::{Admission, Attempt, Forgive},
};

/// A try at a password that was counted as wrong, until it is known to be right.
pub(super) struct Try {
    per_account: Option<ThrottleKey>,
    per_client: Option<ThrottleKey>,
    /// Held until the outcome is known.
    #[expect(dead_code, reason = "it is held, and does what it does when it is dropped")]
    pass: Option<Pass>,
}

impl Try {
    /// What is forgiven if the password is right: all tries of this client at the account; of those at others, which may
    /// be somebody else's, only this one.
    pub(super) fn forgiven(&self) -> Vec<Forgive> {
        self.per_account.map(Forgive::All).into_iter().chain(self.per_client.map(Forgive::One)).collect()
    }

    /// What is given back if nothing was found out.
    fn undone(&self) -> Vec<Forgive> {
        self.per_account.into_iter().chain(self.per_client).map(Forgive::One).collect()
    }
}

/// Whose password is tried.
pub(super) enum Target<'a> {
    /// Of whoever has this name or address, if anybody has. Counted is what was typed: counts that were one account's, by
    /// name and by address, would tell whose address it is.
    Named(&'a str, Option<AccountId>),
    /// Of the account that asks.
    Own(AccountId),
}

impl Core {
    /// Counts a try at a password, and waits while as many are under way as may fail.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub(super) async fn begin_try(&self, event: AuditEvent, actor: Actor, target: Target<'_>) -> Result<Try> {
        let client = self.client();
        let from = client.as_deref().unwrap_or("anywhere");
        let (key, account) = match target {
            Target::Named(name, id) => (ThrottleKey::of(&["login", UsernameKey::of(name).as_str(), from]), id),
            Target::Own(id) => (ThrottleKey::of(&["account", &id.to_string(), from]), Some(id)),
        };
        let throttles = &self.settings.throttles;
        let per_account = throttles.passwords_per_account.map(|limit| (key, limit));
        let per_client = throttles.passwords_per_client.zip(client.as_deref());
        let per_client = per_client.map(|(limit, client)| (ThrottleKey::of(&["passwords", client]), limit));
        let pass = match per_account {
            Some((key, limit)) => Some(self.gate.enter(key, limit.free()).await),
            None => None,
        };
        let limits: Vec<_> = per_account.into_iter().chain(per_client).collect();
        self.admit(limits, self.line(event, AuditOutcome::Throttled, actor, account)).await?;
        let key = |(key, _)| key;
        Ok(Try { per_account: per_account.map(key), per_client: per_client.map(key), pass })
    }

    /// Gives a try back that came to nothing for no fault of whoever tried.
    pub(super) async fn undo_try(&self, attempt: &Try) {
        let undone = attempt.undone();
        if undone.is_empty() {
            return;
        }
        if let Err(error) = self.store.forgive(&undone).await {
            tracing::debug!(%error, "a try that came to nothing stays counted");
        }
    }

    /// Forgives a try at a password that was right, though what it was for is refused.
    pub(super) async fn forgive_try(&self, attempt: &Try) {
        if let Err(error) = self.store.forgive(&attempt.forgiven()).await {
            tracing::debug!(%error, "a right password stays counted as a wrong one");
        }
    }

    /// Whether `password` is the account's own, for something that asks for it again.
    ///
    /// # Errors
    /// [`Error::Throttled`]; the outer error is that of trying, the inner one what to tell about the field.
    pub(super) async fn check_own_password(
        &self,
        event: AuditEvent,
        actor: Actor,
        account: &Account,
        password: &Password,
    ) -> Result<Option<Try>> {
        let attempt = self.begin_try(event, actor, Target::Own(account.id)).await?;
        match self.hasher.verify(password.clone().into_secret(), Some(account.password.clone())).await {
            Ok(Verdict::Right | Verdict::RightButOutdated) => Ok(Some(attempt)),
            Ok(Verdict::Wrong) => {
                self.note_refusal(event, actor, Some(account.id)).await?;
                Ok(None)
            }
            Err(error) => {
                self.undo_try(&attempt).await;
                Err(error.into())
            }
        }
    }

    /// As [`Core::check_own_password`], for a form with the field `password`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is another; [`Error::Throttled`].
    pub(super) async fn demand_password(
        &self,
        event: AuditEvent,
        actor: Actor,
        account: &Account,
        password: &Password,
    ) -> Result<Try> {
        let right = self.check_own_password(event, actor, account, password).await?;
        let wrong = || FieldErrors::of(crate::fields::name::PASSWORD, FieldError::WrongPassword);
        right.ok_or_else(|| wrong().into())
    }

    /// Counts something that one client may not do too often.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub(super) async fn admit_client(&self, event: AuditEvent, what: &str, limit: Option<Limit>) -> Result<()> {
        let limit = limit.zip(self.client());
        let limits = limit.map(|(limit, client)| (ThrottleKey::of(&[what, &client]), limit)).into_iter().collect();
        self.admit(limits, self.line(event, AuditOutcome::Throttled, AuditActor::Anonymous, None)).await
    }

    /// Counts a mailed key that is no good, and notes it: who guesses is held up, and can't make the trail grow.
    ///
    /// # Errors
    /// [`Error::Throttled`].
    pub(super) async fn refuse_key(&self, event: AuditEvent, account: Option<AccountId>) -> Result<()> {
        self.admit_client(event, "keys", self.settings.throttles.passwords_per_client).await?;
        self.note_refusal(event, AuditActor::Anonymous, account).await
    }

    /// Counts something of which too much is passed over in silence; whether it may be done.
    pub(super) async fn is_admitted(&self, what: &[&str], limit: Option<Limit>) -> Result<bool> {
        let Some(limit) = limit else { return Ok(true) };
        let limits = vec![(ThrottleKey::of(what), limit)];
        let attempt = Attempt { limits, audit: None, at: self.clock.now() };
        Ok(self.store.attempt(attempt).await? == Admission::Granted)
    }

    async fn admit(&self, limits: Vec<(ThrottleKey, Limit)>, line: AuditNote) -> Result<()> {
        if limits.is_empty() {
            return Ok(());
        }
        let at = self.clock.now();
        match self.store.attempt(Attempt { limits, audit: Some(line), at }).await? {
            Admission::Granted => Ok(()),
            Admission::Refused { until } => Err(Error::Throttled { retry_after: seconds_until(until, at) }),
        }
    }

    /// What counts as one client; `None` if nothing is known of where the request comes from.
    pub(super) fn client(&self) -> Option<String> {
        self.origin.address().map(|address| Network::of_client(address).to_string())
    }
}

/// Whole seconds, rounded up: who comes back then is not refused again.
fn seconds_until(until: Timestamp, now: Timestamp) -> Duration {
    let micros = u64::try_from(until.as_micros().saturating_sub(now.as_micros())).unwrap_or_default();
    Duration::from_secs(micros.div_ceil(1_000_000).max(1))
}
