//! Changing a password, and getting a new one by mail.

use super::{new_password::NewPassword, tries::Try, write_fresh};
use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::{Field, name},
    mail::{KeySeed, Mail, MailKey},
    model::{
        Account, AccountId, AuditActor, AuditEvent, AuditOutcome, Digest, Email, KeyPurpose, Password, PendingKey,
        SecretKey, Timestamp, TokenId, TokenKind,
    },
    permissions::{Action, Actor, Denied, Object},
    store::{KeyToSend, NewMailKey, RenewSession, ResetPassword, Revoke, SendKeys, SetPassword, StoreError},
};

/// Accounts of one address that get a mail, each its own. An address that nobody has verified may be that of several.
pub(super) const MAILED: usize = 10;

/// What somebody who changes their password has filled in.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The present one; only looked at where it is asked for ([`Settings::old_password`](crate::Settings::old_password)).
    pub old_password: Field<Option<Password>>,
    /// The new one.
    pub new: NewPassword,
    /// The session that their browser comes with. If it is their own it goes on, under a new id.
    pub session: Option<SecretKey>,
}

/// What somebody who follows a mailed link to choose a new password has filled in.
#[derive(Clone, Debug)]
pub struct PasswordReset {
    /// The account's number, as the link has it.
    pub uid: Field<String>,
    /// The key, as the link has it.
    pub token: Field<String>,
    /// The new password.
    pub new: NewPassword,
}

impl Core {
    /// Changes the actor's own password. The login by which it is changed goes on, unless it is configured otherwise; what
    /// else ends is configured too. A login that ended meanwhile changes nothing: whoever has just got their account back
    /// must not lose it to a request that was under way. Answers the new id of the session, if one goes on.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Invalid`] with every field's errors; [`Error::Throttled`] after too many wrong present
    /// passwords.
    pub async fn change_password(&self, actor: Actor, form: PasswordChange) -> Result<(Account, Option<SecretKey>)> {
        let id = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Update, Object::Keys { owner: id })?;
        let account = self.still_known(actor, id).await?;
        let mut errors = FieldErrors::new();
        let attempt = self.check_old_password(actor, &account, form.old_password, &mut errors).await?;
        let both = form.new.check(&mut errors);
        let outcome = match (errors.into_result(), both) {
            (Err(errors), _) => Err(errors.into()),
            (Ok(()), None) => Err(Error::Busy),
            (Ok(()), Some(both)) => {
                self.replace_own_password(actor, account, both, form.session.as_ref(), attempt.as_ref()).await
            }
        };
        if let (Err(_), Some(attempt)) = (&outcome, &attempt) {
            self.forgive_try(attempt).await;
        }
        outcome
    }

    async fn replace_own_password(
        &self,
        actor: Actor,
        account: Account,
        both: (Password, Password),
        session: Option<&SecretKey>,
        attempt: Option<&Try>,
    ) -> Result<(Account, Option<SecretKey>)> {
        let (id, checked) = (account.id, account.password.clone());
        let password = self.accept_new_password(&account, both).await?;
        let hash = self.hasher.hash(password.into_secret()).await?;
        let renewed = self.renewed(id, session).await?;
        let read = async || {
            let account = self.still_known(actor, id).await?;
            if attempt.is_some() && account.password != checked {
                return Err(FieldErrors::of(name::OLD_PASSWORD, FieldError::WrongOldPassword).into());
            }
            Ok(account)
        };
        let write = |account: Account| {
            let at = self.clock.now();
            self.store.set_password(SetPassword {
                account: id,
                expected: account.revision,
                password: hash.clone(),
                revoke: self.revoke(actor.token().filter(|_| !self.settings.log_out_on_password_change)),
                renew: renewed
                    .as_ref()
                    .map(|(former, key)| RenewSession { former: *former, session: self.session_to_keep(key, at) }),
                outbox: self.password_notice(&account, at),
                forgive: attempt.map(Try::forgiven).unwrap_or_default(),
                audit: Some(self.done(AuditEvent::PasswordChange, actor, id)),
                at,
            })
        };
        let account = write_fresh(Kind::Account, account, read, write).await?;
        Ok((account, renewed.map(|(_, key)| key)))
    }

    /// A new id for a session of this account: whoever else knows the old one has nothing of it from then on.
    async fn renewed(&self, account: AccountId, session: Option<&SecretKey>) -> Result<Option<(Digest, SecretKey)>> {
        let Some(session) = session.filter(|_| !self.settings.log_out_on_password_change) else { return Ok(None) };
        let former = session.digest();
        let found = self.store.principal(&former, self.clock.now()).await?;
        let is_own = found.is_some_and(|found| found.account == account && found.kind == TokenKind::Session);
        let make = || SecretKey::generate(TokenKind::Session, self.entropy.as_ref()).map(|key| (former, key));
        Ok(is_own.then(make).transpose()?)
    }

    /// The present password, where it is asked for: noted among the errors if it is missing or another.
    async fn check_old_password(
        &self,
        actor: Actor,
        account: &Account,
        field: Field<Option<Password>>,
        errors: &mut FieldErrors,
    ) -> Result<Option<Try>> {
        if !self.settings.old_password {
            return Ok(None);
        }
        let old = match errors.check(name::OLD_PASSWORD, field) {
            Some(Some(old)) => old,
            Some(None) => {
                errors.add(name::OLD_PASSWORD, FieldError::Required);
                return Ok(None);
            }
            None => return Ok(None),
        };
        let right = self.check_own_password(AuditEvent::PasswordChange, actor, account, &old).await?;
        if right.is_none() {
            errors.add(name::OLD_PASSWORD, FieldError::WrongOldPassword);
        }
        Ok(right)
    }

    /// What ends with an old password, but for this login.
    fn revoke(&self, kept: Option<TokenId>) -> Revoke {
        match (self.settings.revoke_on_password_change, kept) {
            (true, None) => Revoke::Everything,
            (true, Some(kept)) => Revoke::EverythingBut(kept),
            (false, None) => Revoke::Sessions,
            (false, Some(kept)) => Revoke::SessionsBut(kept),
        }
    }

    /// The mail that says that the password was changed.
    pub(super) fn password_notice(&self, account: &Account, at: Timestamp) -> Vec<Mail> {
        let to = account.email.clone().filter(|_| self.settings.notices.password_changed);
        to.map(|to| Mail::PasswordChanged { username: account.username.clone(), to, at }).into_iter().collect()
    }

    /// Mails a link to choose a new password to every active account with this address, verified or not. Whether there is
    /// one is not told, by the answer or by its time.
    ///
    /// # Errors
    /// [`Error::Invalid`]: no address. [`Error::Throttled`].
    pub async fn request_password_reset(&self, email: Field<Email>) -> Result<()> {
        let email = email.map_err(|errors| FieldErrors::of_field(name::EMAIL, errors))?;
        let event = AuditEvent::PasswordResetRequest;
        let accounts = self.accounts_to_mail(event, "reset", &email, |account| account.is_active).await?;
        let expires_at = self.clock.now().plus(self.settings.reset_age);
        let key = |account: &Account| {
            let mail = |seed| Mail::ResetPassword {
                username: account.username.clone(),
                to: email.clone(),
                account: account.id,
                seed,
            };
            self.key_to_send(account, KeyPurpose::ResetPassword, &email, expires_at, mail)
        };
        let keys = accounts.iter().map(key).collect::<Result<Vec<_>>>()?;
        self.send_keys(event, Actor::Anonymous, keys, Vec::new()).await
    }

    /// The accounts of an address, unless mails were asked for it too often.
    pub(super) async fn accounts_to_mail(
        &self,
        event: AuditEvent,
        what: &str,
        email: &Email,
        to: impl Fn(&Account) -> bool,
    ) -> Result<Vec<Account>> {
        let throttles = &self.settings.throttles;
        self.admit_client(event, "mails", throttles.mails_per_client).await?;
        let admitted = self.is_admitted(&[what, email.as_str()], throttles.mails_per_address).await?;
        let mut accounts = self.store.accounts_by_email(email, MAILED).await?;
        accounts.retain(|account| admitted && to(account));
        Ok(accounts)
    }

    /// A new key for an account, and its mail.
    pub(super) fn key_to_send(
        &self,
        account: &Account,
        purpose: KeyPurpose,
        email: &Email,
        expires_at: Timestamp,
        mail: impl FnOnce(KeySeed) -> Mail,
    ) -> Result<KeyToSend> {
        let seed = KeySeed::generate(self.entropy.as_ref())?;
        let digest = self.mail_secret.key(&seed).digest();
        let key = NewMailKey { digest, purpose, email: email.clone(), expires_at };
        Ok(KeyToSend { account: account.id, key, mail: mail(seed) })
    }

    /// Sends keys, or writes that nobody was there to send them to: one write in both cases.
    pub(super) async fn send_keys(
        &self,
        event: AuditEvent,
        actor: Actor,
        keys: Vec<KeyToSend>,
        forgive: Vec<crate::store::Forgive>,
    ) -> Result<()> {
        let mut audit: Vec<_> = keys.iter().map(|key| self.done(event, actor, key.account)).collect();
        if audit.is_empty() {
            audit.push(self.line(event, AuditOutcome::Refused, actor, None));
        }
        Ok(self.store.send_keys(SendKeys { keys, audit, forgive, at: self.clock.now() }).await?)
    }

    /// Chooses a new password with a key that was mailed. The key works once; every login ends, if it is so configured.
    ///
    /// # Errors
    /// [`Error::Invalid`]: every field's errors; then an account or a key that is unknown, used or too old; then what is
    /// wrong with the new password. [`Error::Throttled`] after too many keys that are no good.
    pub async fn reset_password(&self, form: PasswordReset) -> Result<()> {
        let mut errors = FieldErrors::new();
        let both = form.new.check(&mut errors);
        let uid = errors.check(name::UID, form.uid);
        let token = errors.check(name::TOKEN, form.token);
        errors.into_result()?;
        let (Some(both), Some(uid), Some(token)) = (both, uid, token) else { return Err(Error::Busy) };
        let account = self.reset_account(&uid).await?;
        let digest = MailKey::presented(&token).digest();
        if !self.resets(&digest, &account).await? {
            self.refuse_key(AuditEvent::PasswordReset, Some(account.id)).await?;
            return Err(bad_token());
        }
        let password = self.accept_new_password(&account, both).await?;
        let at = self.clock.now();
        let command = ResetPassword {
            digest,
            account: account.id,
            password: self.hasher.hash(password.into_secret()).await?,
            revoke: self.revoke(None),
            outbox: self.password_notice(&account, at),
            audit: Some(self.done(AuditEvent::PasswordReset, AuditActor::Anonymous, account.id)),
            at,
        };
        match self.store.reset_password(command).await {
            Ok(_) => Ok(()),
            // Somebody else used it meanwhile.
            Err(StoreError::Missing) => Err(bad_token()),
            Err(other) => Err(other.into()),
        }
    }

    /// The account that a mailed link is for, if its key works: for a page to ask before it shows a form.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`Core::reset_password`] has it.
    pub async fn password_reset(&self, uid: &str, token: &str) -> Result<Account> {
        let account = self.reset_account(uid).await?;
        let digest = MailKey::presented(token).digest();
        if self.resets(&digest, &account).await? { Ok(account) } else { Err(bad_token()) }
    }

    async fn reset_account(&self, uid: &str) -> Result<Account> {
        let account = match AccountId::from_base36(uid) {
            Some(id) => self.store.account(id).await?,
            None => None,
        };
        account.ok_or_else(|| FieldErrors::of(name::UID, FieldError::InvalidKey).into())
    }

    async fn resets(&self, digest: &Digest, account: &Account) -> Result<bool> {
        let key = self.store.mail_key(digest, self.clock.now()).await?;
        let is_theirs = |key: PendingKey| key.account == account.id && key.purpose == KeyPurpose::ResetPassword;
        Ok(account.is_active && key.is_some_and(is_theirs))
    }
}

fn bad_token() -> Error {
    FieldErrors::of(name::TOKEN, FieldError::InvalidKey).into()
}
