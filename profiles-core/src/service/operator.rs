//! What an operator does from the command line of the server. No permission is asked: who can run it, may.

use super::write_fresh;
use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::name,
    model::{Account, AccountId, AuditActor, AuditEvent, AuditOutcome, Email, Password, Stamp, Username, UsernameKey},
    store::{AccountChange, Register, Revoke, SetPassword},
};

/// An account as an operator makes it.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub username: Username,
    /// Its address, which the operator vouches for: it counts as verified.
    pub email: Email,
    /// Its password. The policy binds people, not operators, as with Django's `create_user`.
    pub password: Password,
    /// May moderate.
    pub is_staff: bool,
}

impl Core {
    /// Makes an account with its profile; nobody is logged in and no mail is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`]: the name or the address is taken.
    pub async fn create_account(&self, new: NewAccount) -> Result<Account> {
        if self.store.account_by_username(&new.username.key()).await?.is_some() {
            return Err(FieldErrors::of(name::USERNAME, FieldError::UsernameTaken).into());
        }
        let command = Register {
            username: new.username,
            email: Some(new.email),
            email_verified: true,
            password: self.hasher.hash(new.password.into_secret()).await?,
            is_staff: new.is_staff,
            tokens: Vec::new(),
            former: None,
            place: None,
            request: None,
            audit: Some(self.line(AuditEvent::Registration, AuditOutcome::Done, AuditActor::Operator, None)),
            mail_key: None,
            outbox: Vec::new(),
            at: self.clock.now(),
        };
        Ok(self.store.register(command).await?.account)
    }

    /// Allows an account to log in, or forbids it. While forbidden its tokens are refused.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_active(&self, username: &UsernameKey, is_active: bool) -> Result<Account> {
        self.change(username, AccountChange { is_active: Some(is_active), ..AccountChange::default() }).await
    }

    /// Makes an account staff, or no longer.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_staff(&self, username: &UsernameKey, is_staff: bool) -> Result<Account> {
        self.change(username, AccountChange { is_staff: Some(is_staff), ..AccountChange::default() }).await
    }

    /// Gives an account a new password, and ends its sessions and tokens: whoever had the old one is out.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn replace_password(&self, username: &UsernameKey, password: Password) -> Result<Account> {
        let hash = self.hasher.hash(password.into_secret()).await?;
        let read = || self.find(username);
        let write = |account: Account| {
            self.store.set_password(SetPassword {
                account: account.id,
                expected: account.revision,
                password: hash.clone(),
                revoke: Revoke::Everything,
                renew: None,
                outbox: self.password_notice(&account, self.clock.now()),
                forgive: Vec::new(),
                audit: Some(self.done(AuditEvent::PasswordChange, AuditActor::Operator, account.id)),
                at: self.clock.now(),
            })
        };
        write_fresh(Kind::Account, read().await?, read, write).await
    }

    /// The account of this name.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn account_named(&self, username: &UsernameKey) -> Result<Account> {
        self.find(username).await
    }

    /// Erases an account with all that is its own, as its owner could.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn erase_account(&self, username: &UsernameKey) -> Result<Account> {
        let account = self.find(username).await?;
        let audit = Some(self.done(AuditEvent::Erasure, AuditActor::Operator, account.id));
        self.erase(&account, Stamp { at: self.clock.now(), audit }).await?;
        Ok(account)
    }

    /// Accounts after `after`, by id, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store fails.
    pub async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>> {
        Ok(self.store.accounts(after, limit).await?)
    }

    async fn change(&self, username: &UsernameKey, change: AccountChange) -> Result<Account> {
        let read = || self.find(username);
        let write = |account: Account| {
            let audit = Some(self.done(AuditEvent::AccountChange, AuditActor::Operator, account.id));
            let stamp = Stamp { at: self.clock.now(), audit };
            self.store.update_account(account.id, account.revision, change.clone(), stamp)
        };
        write_fresh(Kind::Account, read().await?, read, write).await
    }

    async fn find(&self, username: &UsernameKey) -> Result<Account> {
        self.store.account_by_username(username).await?.ok_or(Error::Missing(Kind::Account))
    }
}
