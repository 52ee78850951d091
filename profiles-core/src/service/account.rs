//! An account's own details.

use super::write_fresh;
use crate::{
    Core, Error, FieldError, FieldErrors, Kind, Result,
    fields::{Field, name},
    model::{Account, AccountId, AuditEvent, PersonName, Stamp, Username},
    permissions::{Action, Actor, Denied, Object},
    store::{AccountChange, Found, Wanted},
};

/// What somebody wants to change in their details; `Ok(None)` leaves it.
#[derive(Clone, Debug)]
pub struct AccountEdit {
    /// A new name.
    pub username: Field<Option<Username>>,
    /// A new given name.
    pub first_name: Field<Option<PersonName>>,
    /// A new family name.
    pub last_name: Field<Option<PersonName>>,
}

impl Core {
    /// The actor's own account.
    ///
    /// # Errors
    /// [`Error::Denied`] if nobody is logged in.
    pub async fn own_account(&self, actor: Actor) -> Result<Account> {
        let id = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Read, Object::Account { owner: id })?;
        match self.at_hand.take(&Wanted::OwnAccount) {
            Some(Found::Account(Some(account))) if account.id == id => Ok(account),
            _ => self.find_account(id).await,
        }
    }

    /// Changes the actor's own account.
    ///
    /// A name that is taken is refused even if it is the actor's own, as dj-rest-auth does: to keep it, leave it out.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Invalid`] with every field's errors.
    pub async fn edit_own_account(&self, actor: Actor, edit: AccountEdit) -> Result<Account> {
        let id = actor.account().ok_or(Denied::Unauthenticated)?;
        self.authorise(actor, Action::Update, Object::Account { owner: id })?;
        let change = self.accept_edit(edit).await?;
        let read = || self.find_account(id);
        let renamed = change.username.is_some();
        let write = |account: Account| {
            // Given and family names are nobody's proof of anything; a username is.
            let audit = renamed.then(|| self.done(AuditEvent::AccountChange, actor, id));
            let stamp = Stamp { at: self.clock.now(), audit };
            self.store.update_account(id, account.revision, change.clone(), stamp)
        };
        write_fresh(Kind::Account, read().await?, read, write).await
    }

    pub(super) async fn find_account(&self, id: AccountId) -> Result<Account> {
        self.store.account(id).await?.ok_or(Error::Missing(Kind::Account))
    }

    async fn accept_edit(&self, edit: AccountEdit) -> Result<AccountChange> {
        let mut errors = FieldErrors::new();
        let username = errors.check(name::USERNAME, edit.username).flatten();
        if let Some(username) = &username
            && self.store.account_by_username(&username.key()).await?.is_some()
        {
            errors.add(name::USERNAME, FieldError::UsernameTaken);
        }
        let first_name = errors.check(name::FIRST_NAME, edit.first_name).flatten();
        let last_name = errors.check(name::LAST_NAME, edit.last_name).flatten();
        errors.into_result()?;
        Ok(AccountChange { username, first_name, last_name, ..AccountChange::default() })
    }
}
