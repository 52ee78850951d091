//! Showing that an address is one's own, and changing it.

use super::tries::Try;
use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::{Field, name},
    mail::{Mail, MailKey},
    model::{Account, AuditActor, AuditEvent, Email, KeyPurpose, Password, PendingKey},
    permissions::{Action, Actor, Denied, Object},
    store::{ConfirmEmail, EmailConfirmation, KeyToSend},
};

/// What somebody who changes their address has filled in.
#[derive(Clone, Debug)]
pub struct EmailChange {
    /// The new address.
    pub email: Field<Email>,
    /// Their password: who finds an unlocked screen must not be able to take the account.
    pub password: Field<Password>,
}

impl Core {
    /// Uses a mailed key that confirms an address. If it is the address that the account wants to change to, it is changed
    /// now, and the old address is told.
    ///
    /// If somebody else has confirmed the address first, the account's stays unconfirmed, and that is not told, as in the
    /// original.
    ///
    /// # Errors
    /// [`Error::Invalid`]: a key that is no text; or, for a change, that somebody else has confirmed the address first.
    /// [`Error::Missing`]: no such key, used, or too old. [`Error::Throttled`] after too many of those.
    pub async fn verify_email(&self, key: Field<String>) -> Result<()> {
        let key = key.map_err(|errors| FieldErrors::of_field(name::KEY, errors))?;
        match self.confirm_email(&key).await? {
            (pending, EmailConfirmation::TakenByAnother) if pending.purpose == KeyPurpose::ChangeEmail => {
                Err(FieldErrors::of(name::KEY, FieldError::EmailTaken).into())
            }
            _ => Ok(()),
        }
    }

    /// Uses such a key, and answers what came of it in any case: for a page to say. Who has the key has the address, so
    /// they may be told that somebody else has confirmed it.
    ///
    /// # Errors
    /// [`Error::Missing`]: no such key, used, or too old. [`Error::Throttled`] after too many of those.
    pub async fn confirm_email(&self, key: &str) -> Result<(PendingKey, EmailConfirmation)> {
        let digest = MailKey::presented(key).digest();
        let Some((pending, account)) = self.find_email_key(key).await? else {
            self.refuse_key(AuditEvent::EmailConfirmation, None).await?;
            return Err(Error::Missing(Kind::Key));
        };
        let changes = pending.purpose == KeyPurpose::ChangeEmail;
        let event = if changes { AuditEvent::EmailChange } else { AuditEvent::EmailConfirmation };
        let at = self.clock.now();
        let old = account.email.filter(|old| changes && self.settings.notices.email_changed && *old != pending.email);
        let outbox = old.map(|to| Mail::EmailChanged { username: account.username, to, at }).into_iter().collect();
        let audit = Some(self.done(event, AuditActor::Anonymous, account.id));
        let command = ConfirmEmail { digest, outbox, audit, at };
        let outcome = self.store.confirm_email(command).await.map_err(Error::from_store(Kind::Key))?;
        if outcome == EmailConfirmation::TakenByAnother {
            self.note_refusal(event, AuditActor::Anonymous, Some(account.id)).await?;
        }
        Ok((pending, outcome))
    }

    /// What a mailed key that confirms an address is for, and whose account: for a page to say before anybody confirms.
    ///
    /// # Errors
    /// [`Error::Missing`]: no such key, used, or too old.
    pub async fn email_key(&self, key: &str) -> Result<(PendingKey, Account)> {
        self.find_email_key(key).await?.ok_or(Error::Missing(Kind::Key))
    }

    async fn find_email_key(&self, key: &str) -> Result<Option<(PendingKey, Account)>> {
        let digest = MailKey::presented(key).digest();
        let pending = self.store.mail_key(&digest, self.clock.now()).await?;
        let Some(pending) = pending.filter(|key| key.purpose != KeyPurpose::ResetPassword) else { return Ok(None) };
        let account = self.store.account(pending.account).await?;
        Ok(account.map(|account| (pending, account)))
    }

    /// Mails another confirmation link, if the oldest account with this address has not confirmed it. Whether there is
    /// one is not told, by the answer or by its time.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no address, unless accounts need none ([`Settings::needs_email`](crate::Settings::needs_email)).
    /// [`Error::Throttled`].
    pub async fn resend_confirmation(&self, email: Field<Option<Email>>) -> Result<()> {
        let email = match email.map_err(|errors| FieldErrors::of_field(name::EMAIL, errors))? {
            Some(email) => email,
            None if self.settings.needs_email() => {
                return Err(FieldErrors::of(name::EMAIL, FieldError::Required).into());
            }
            None => return Ok(()),
        };
        let event = AuditEvent::ConfirmationRequest;
        let accounts = self.accounts_to_mail(event, "confirm", &email, |_| true).await?;
        let first = accounts.into_iter().next().filter(|account| !account.email_verified);
        let keys = first.map(|account| self.confirmation(&account, &email)).transpose()?;
        self.send_keys(event, Actor::Anonymous, keys.into_iter().collect(), Vec::new()).await
    }

    fn confirmation(&self, account: &Account, email: &Email) -> Result<KeyToSend> {
        let (username, to) = (account.username.clone(), email.clone());
        let expires_at = self.clock.now().plus(self.settings.confirmation_age);
        let mail = |seed| Mail::ConfirmEmail { username, to, seed };
        self.key_to_send(account, KeyPurpose::ConfirmEmail, email, expires_at, mail)
    }

    /// Mails a link to the address that the actor wants to change to. Nothing changes until it is followed.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Invalid`] with every field's errors: the address is their own and confirmed, or somebody
    /// else has confirmed it; the password is another. [`Error::Throttled`].
    pub async fn request_email_change(&self, actor: Actor, form: EmailChange) -> Result<()> {
        let id = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Update, Object::Keys { owner: id })?;
        let event = AuditEvent::EmailChangeRequest;
        let mut errors = FieldErrors::new();
        let email = errors.check(name::EMAIL, form.email);
        let password = errors.check(name::PASSWORD, form.password);
        errors.into_result()?;
        let (Some(email), Some(password)) = (email, password) else { return Err(Error::Busy) };
        let account = self.still_known(actor, id).await?;
        let attempt = self.demand_password(event, actor, &account, &password).await?;
        let outcome = self.mail_change(event, actor, &account, &email, &attempt).await;
        if outcome.is_err() {
            self.forgive_try(&attempt).await;
        }
        outcome
    }

    async fn mail_change(
        &self,
        event: AuditEvent,
        actor: Actor,
        account: &Account,
        email: &Email,
        attempt: &Try,
    ) -> Result<()> {
        let is_own = account.email.as_ref() == Some(email);
        if is_own && account.email_verified {
            return Err(FieldErrors::of(name::EMAIL, FieldError::SameEmail).into());
        }
        // Before it is told whose the address is: nobody is to ask for thousands.
        self.admit_client(event, "mails", self.settings.throttles.mails_per_client).await?;
        if self.store.account_by_verified_email(email).await?.is_some() {
            return Err(FieldErrors::of(name::EMAIL, FieldError::EmailTaken).into());
        }
        let key = if is_own { self.confirmation(account, email)? } else { self.change_key(account, email)? };
        let admitted = self.is_admitted(&["change", email.as_str()], self.settings.throttles.mails_per_address).await?;
        let keys = if admitted { vec![key] } else { Vec::new() };
        self.send_keys(event, actor, keys, attempt.forgiven()).await
    }

    fn change_key(&self, account: &Account, email: &Email) -> Result<KeyToSend> {
        let (username, to) = (account.username.clone(), email.clone());
        let expires_at = self.clock.now().plus(self.settings.confirmation_age);
        let mail = |seed| Mail::ConfirmNewEmail { username, to, seed };
        self.key_to_send(account, KeyPurpose::ChangeEmail, email, expires_at, mail)
    }
}
