//! Accounts.

use std::ops::Bound;

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{Owned, ProfileRow, State, check_revision, next_id},
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, Bio, City, Email, PasswordHash, PersonName, Profile, ProfileId, Revision, Timestamp,
        TokenKind, UsernameKey,
    },
    store::{AccountChange, Accounts, Register, Registered, Result, Revoke, StoreError, Unique},
};

#[async_trait]
impl Accounts for MemoryStore {
    async fn register(&self, command: Register) -> Result<Registered> {
        let mut state = self.state()?;
        state.check_registration(&command)?;
        Ok(state.register(command))
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        Ok(self.state()?.accounts.get(&id).cloned())
    }

    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>> {
        Ok(self.state()?.account_by_username(key).cloned())
    }

    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>> {
        Ok(self.state()?.account_by_verified_email(email).cloned())
    }

    async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.state()?.accounts.range((start, Bound::Unbounded)).map(|(_, row)| row.clone()).take(limit).collect())
    }

    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        at: Timestamp,
    ) -> Result<Account> {
        let mut state = self.state()?;
        check_revision(state.accounts.get(&id).ok_or(StoreError::Missing)?.revision, expected)?;
        let namesake = change.username.as_ref().and_then(|name| state.account_by_username(&name.key()));
        if namesake.is_some_and(|other| other.id != id) {
            return Err(StoreError::Taken(Unique::Username));
        }
        let account = state.accounts.get_mut(&id).ok_or(StoreError::Missing)?;
        apply(account, change);
        let account = account.clone();
        state.events.publish(at, EventKind::AccountChanged { account: id });
        Ok(account)
    }

    async fn set_password(
        &self,
        id: AccountId,
        expected: Revision,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account> {
        let mut state = self.state()?;
        let account = state.accounts.get_mut(&id).ok_or(StoreError::Missing)?;
        check_revision(account.revision, expected)?;
        account.password = password;
        account.revision = account.revision.next();
        let account = account.clone();
        state.tokens.retain(|_, token| {
            let ends = match revoke {
                Revoke::Everything => true,
                Revoke::Sessions => token.row.kind == TokenKind::Session,
            };
            token.account != id || !ends
        });
        state.events.publish(at, EventKind::PasswordChanged { account: id });
        Ok(account)
    }
}

impl State {
    fn check_registration(&self, command: &Register) -> Result<()> {
        if self.account_by_username(&command.username.key()).is_some() {
            return Err(StoreError::Taken(Unique::Username));
        }
        if command.email.as_ref().is_some_and(|email| self.account_by_verified_email(email).is_some()) {
            return Err(StoreError::Taken(Unique::VerifiedEmail));
        }
        self.check_tokens_are_new(&command.tokens)?;
        if command.mail_key.as_ref().is_some_and(|key| self.mail_keys.contains_key(&key.digest)) {
            return Err(StoreError::Taken(Unique::Secret));
        }
        Ok(())
    }

    /// Makes everything of an account that was checked.
    fn register(&mut self, command: Register) -> Registered {
        let id = AccountId::new(next_id(&mut self.last_ids.account));
        let profile = Profile {
            id: ProfileId::new(next_id(&mut self.last_ids.profile)),
            account: id,
            username: command.username.clone(),
            revision: Revision::FIRST,
            bio: Bio::default(),
            city: City::default(),
        };
        let account = Account {
            id,
            revision: Revision::FIRST,
            username: command.username,
            email: command.email,
            email_verified: command.email_verified,
            first_name: PersonName::default(),
            last_name: PersonName::default(),
            password: command.password,
            is_staff: command.is_staff,
            is_active: true,
            joined_at: command.at,
            last_login_at: None,
        };
        self.accounts.insert(id, account.clone());
        let Profile { revision, bio, city, .. } = profile.clone();
        self.profiles.insert(profile.id, ProfileRow { account: id, revision, bio, city });
        self.keep_tokens(id, command.tokens);
        self.mail_keys.extend(command.mail_key.map(|row| (row.digest, Owned { account: id, row })));
        self.events.publish(command.at, EventKind::AccountRegistered { account: id, profile: profile.id });
        self.put_mails(id, command.outbox, command.at);
        Registered { account, profile }
    }
}

fn apply(account: &mut Account, change: AccountChange) {
    let AccountChange { username, first_name, last_name, is_staff, is_active } = change;
    account.username = username.unwrap_or_else(|| account.username.clone());
    account.first_name = first_name.unwrap_or_else(|| account.first_name.clone());
    account.last_name = last_name.unwrap_or_else(|| account.last_name.clone());
    account.is_staff = is_staff.unwrap_or(account.is_staff);
    account.is_active = is_active.unwrap_or(account.is_active);
    account.revision = account.revision.next();
}
