//! Accounts.

use std::ops::Bound;

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{ProfileRow, State, check_revision, next_id},
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Bio, ChangeKind, City, Email, KeptRequest, KeyPurpose, PasswordHash, PersonName,
        Profile, ProfileId, Revision, Stamp, StatusId, Timestamp, UsernameKey,
    },
    store::{
        AccountChange, Accounts, EraseAccount, Erasure, Register, Registered, Result, Revoke, SetPassword, StoreError,
        Unique,
    },
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

    async fn accounts_by_email(&self, email: &Email, limit: usize) -> Result<Vec<Account>> {
        let state = self.state()?;
        let accounts = state.accounts.values().filter(|account| account.email.as_ref() == Some(email));
        Ok(accounts.take(limit).cloned().collect())
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
        stamp: Stamp,
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
        state.note(stamp.at, stamp.audit);
        state.events.publish(stamp.at, EventKind::AccountChanged { account: id });
        Ok(account)
    }

    async fn set_password(&self, command: SetPassword) -> Result<Account> {
        let mut state = self.state()?;
        let account = state.accounts.get(&command.account).ok_or(StoreError::Missing)?;
        check_revision(account.revision, command.expected)?;
        if let Some(renew) = &command.renew {
            state.check_tokens_are_new(std::slice::from_ref(&renew.session))?;
        }
        let renewed = command.renew.filter(|renew| state.has_session(&renew.former, command.account, command.at));
        state.replace_password(command.account, command.password, command.revoke, command.at)?;
        if let Some(renew) = renewed {
            state.tokens.remove(&renew.former);
            state.keep_tokens(command.account, vec![renew.session], command.at);
        }
        state.put_mails(command.account, command.outbox, command.at);
        state.forgive(&command.forgive);
        state.note(command.at, command.audit);
        state.accounts.get(&command.account).cloned().ok_or(StoreError::Missing)
    }

    /// All at once: nobody sees it half done, so it never is unfinished.
    async fn erase_account(&self, command: EraseAccount) -> Result<Erasure> {
        self.state()?.erase(command)
    }
}

impl State {
    fn check_registration(&self, command: &Register) -> Result<()> {
        if command.request.is_some_and(|request| self.request(&request.key, command.at).is_some()) {
            return Err(StoreError::Taken(Unique::Request));
        }
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
            avatar: None,
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
        let Profile { revision, avatar, bio, city, .. } = profile.clone();
        self.profiles.insert(profile.id, ProfileRow { account: id, revision, avatar, bio, city });
        self.end_former(command.former, id, command.at);
        self.keep_tokens(id, command.tokens, command.at);
        if let Some(key) = command.mail_key {
            self.keep_key(id, key);
        }
        if let Some(request) = command.request {
            self.keep_request(request, KeptRequest { account: id, fingerprint: request.fingerprint, status: None });
        }
        self.is_new_place(id, command.place, command.at);
        self.note(command.at, command.audit.map(|note| AuditNote { account: Some(id), ..note }));
        self.events.publish(command.at, EventKind::AccountRegistered { account: id, profile: profile.id });
        self.put_mails(id, command.outbox, command.at);
        Registered { account, profile }
    }
}

impl State {
    /// Erases an account with all that is its own.
    pub(super) fn erase(&mut self, command: EraseAccount) -> Result<Erasure> {
        let id = command.account;
        let account = self.accounts.remove(&id).ok_or(StoreError::Missing)?;
        let profile = self.profile_id_of(id)?;
        self.profiles.remove(&profile);
        let statuses = self.statuses.extract_if(.., |_, status| status.account == id);
        let statuses: Vec<StatusId> = statuses.map(|(status, _)| status).collect();
        for status in statuses {
            self.log(command.at, ChangeKind::Deleted, status, id);
        }
        self.tokens.retain(|_, token| token.account != id);
        self.mail_keys.retain(|_, key| key.account != id);
        self.outbox.retain(|_, waiting| waiting.account != id);
        self.requests.retain(|_, row| row.kept.account != id);
        self.places.remove(&id);
        self.note(command.at, command.audit);
        self.events.publish(command.at, EventKind::AccountErased { account: account.id, profile });
        Ok(Erasure::Done)
    }

    /// Replaces a password and ends what goes with the old one.
    pub(super) fn replace_password(
        &mut self,
        id: AccountId,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<()> {
        let account = self.accounts.get_mut(&id).ok_or(StoreError::Missing)?;
        account.password = password;
        account.revision = account.revision.next();
        self.tokens.retain(|_, token| token.account != id || !revoke.ends(token.id, token.row.kind));
        self.end_keys(id, KeyPurpose::ends_with_password);
        self.events.publish(at, EventKind::PasswordChanged { account: id });
        Ok(())
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
