//! Accounts.

use async_trait::async_trait;

use super::{
    SledStore,
    keys::{self, Meta},
    place::Place,
    record::{AccountRecord, MailKeyRecord, ProfileRecord, TokenRecord},
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, Bio, City, Digest, Email, PasswordHash, PersonName, Profile, ProfileId, Revision,
        Timestamp, TokenKind, UsernameKey,
    },
    store::{
        AccountChange, Accounts, NewMailKey, NewToken, Register, Registered, Result, Revoke, StoreError, Unique,
        sled::engine::View as _,
    },
};

#[async_trait]
impl Accounts for SledStore {
    async fn register(&self, command: Register) -> Result<Registered> {
        self.write(move |transaction| transaction.register(command)).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        self.read(move |view| view.account(id)).await
    }

    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>> {
        let key = key.clone();
        self.read(move |view| view.account_named(&key)).await
    }

    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>> {
        let key = keys::verified_email(email);
        self.read(move |view| view.indexed_account(&key)).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>> {
        self.scan(move |view| {
            let rows = view.scan(keys::accounts_after(after)).take(limit);
            rows.map(|row| row.and_then(|(key, value)| account_row(&key, &value))).collect()
        })
        .await
    }

    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        at: Timestamp,
    ) -> Result<Account> {
        self.write(move |transaction| {
            let mut account = transaction.account_to_change(id, expected)?;
            if let Some(username) = change.username {
                transaction.rename(&account, &username.key())?;
                account.username = username;
            }
            account.first_name = change.first_name.unwrap_or(account.first_name);
            account.last_name = change.last_name.unwrap_or(account.last_name);
            account.is_staff = change.is_staff.unwrap_or(account.is_staff);
            account.is_active = change.is_active.unwrap_or(account.is_active);
            transaction.put_next(&mut account)?;
            transaction.tell(at, EventKind::AccountChanged { account: id });
            Ok(account)
        })
        .await
    }

    async fn set_password(
        &self,
        id: AccountId,
        expected: Revision,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account> {
        self.write(move |transaction| {
            let mut account = transaction.account_to_change(id, expected)?;
            account.password = password;
            transaction.put_next(&mut account)?;
            for (digest, token) in transaction.tokens_of(id)? {
                if revoke == Revoke::Everything || token.kind() == TokenKind::Session {
                    transaction.remove_token(&digest, token);
                }
            }
            transaction.tell(at, EventKind::PasswordChanged { account: id });
            Ok(account)
        })
        .await
    }
}

/// An account from its pair.
pub(super) fn account_row(key: &[u8], value: &[u8]) -> Result<Account> {
    let Some(Place::Account(id)) = Place::parse(key) else { return Err(corrupt(Place::describe(key))) };
    Ok(super::codec::decode::<AccountRecord>(key, value)?.into_account(id))
}

impl Transaction<'_> {
    fn register(&mut self, command: Register) -> Result<Registered> {
        let name = keys::username(&command.username.key());
        if self.has(&name)? {
            return Err(StoreError::Taken(Unique::Username));
        }
        let account = Account {
            id: AccountId::new(self.next(Meta::LastAccount)?),
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
        self.put(name, &account.id.get())?;
        self.index_email(&account)?;
        self.put_account(&account)?;
        let profile = self.make_profile(&account)?;
        self.put_tokens(account.id, &command.tokens)?;
        self.put_mail_key(account.id, command.mail_key)?;
        self.tell(command.at, EventKind::AccountRegistered { account: account.id, profile: profile.id });
        self.put_mails(account.id, command.outbox, command.at)?;
        Ok(Registered { account, profile })
    }

    fn index_email(&mut self, account: &Account) -> Result<()> {
        let Some(email) = &account.email else { return Ok(()) };
        let verified = keys::verified_email(email);
        if self.has(&verified)? {
            return Err(StoreError::Taken(Unique::VerifiedEmail));
        }
        if account.email_verified {
            self.put(verified, &account.id.get())?;
        }
        self.mark(keys::email(email, account.id))
    }

    fn make_profile(&mut self, account: &Account) -> Result<Profile> {
        let profile = Profile {
            id: ProfileId::new(self.next(Meta::LastProfile)?),
            account: account.id,
            username: account.username.clone(),
            revision: Revision::FIRST,
            bio: Bio::default(),
            city: City::default(),
        };
        self.put(keys::profile(profile.id), &ProfileRecord::of(&profile))?;
        self.put(keys::profile_of(account.id), &profile.id.get())?;
        self.add(Meta::Profiles.key(), 1)?;
        Ok(profile)
    }

    fn put_mail_key(&mut self, account: AccountId, new: Option<NewMailKey>) -> Result<()> {
        let Some(NewMailKey { digest, email, expires_at }) = new else { return Ok(()) };
        let key = keys::mail_key(&digest);
        if self.has(&key)? {
            return Err(StoreError::Taken(Unique::Secret));
        }
        self.mark(keys::expiry(expires_at, keys::Expiring::MailKey, &digest))?;
        self.put(key, &MailKeyRecord::new(account, email, expires_at))
    }

    /// Keeps new tokens of an account.
    pub(super) fn put_tokens(&mut self, account: AccountId, tokens: &[NewToken]) -> Result<()> {
        for NewToken { digest, kind, expires_at } in tokens {
            let key = keys::token(digest);
            if self.has(&key)? {
                return Err(StoreError::Taken(Unique::Secret));
            }
            self.put(key, &TokenRecord::new(account, *kind, *expires_at))?;
            self.mark(keys::token_of(account, digest))?;
            if let Some(at) = expires_at {
                self.mark(keys::expiry(*at, (*kind).into(), digest))?;
            }
        }
        Ok(())
    }

    /// Removes a token with its index entries.
    pub(super) fn remove_token(&mut self, digest: &Digest, token: TokenRecord) {
        self.remove(keys::token(digest));
        self.remove(keys::token_of(token.account(), digest));
        if let Some(at) = token.expires_at() {
            self.remove(keys::expiry(at, token.kind().into(), digest));
        }
    }

    fn tokens_of(&self, account: AccountId) -> Result<Vec<(Digest, TokenRecord)>> {
        let mut tokens = Vec::new();
        for pair in self.scan(keys::tokens_of(account)) {
            let (key, _) = pair?;
            let Some(Place::TokenOfAccount(_, digest)) = Place::parse(&key) else {
                return Err(corrupt(Place::describe(&key)));
            };
            let token = self.read(&keys::token(&digest))?;
            tokens.push((digest, token.ok_or_else(|| corrupt(format!("{} names none", Place::describe(&key))))?));
        }
        Ok(tokens)
    }

    /// The account, if it is as the caller last saw it.
    fn account_to_change(&self, id: AccountId, expected: Revision) -> Result<Account> {
        let account = self.account(id)?.ok_or(StoreError::Missing)?;
        if account.revision == expected { Ok(account) } else { Err(StoreError::Stale) }
    }

    fn rename(&mut self, account: &Account, to: &UsernameKey) -> Result<()> {
        let from = account.username.key();
        if from == *to {
            return Ok(());
        }
        if self.has(&keys::username(to))? {
            return Err(StoreError::Taken(Unique::Username));
        }
        self.remove(keys::username(&from));
        self.put(keys::username(to), &account.id.get())
    }

    /// Writes an account that was changed, as its next revision.
    pub(super) fn put_next(&mut self, account: &mut Account) -> Result<()> {
        account.revision = account.revision.next();
        self.put_account(account)
    }

    fn put_account(&mut self, account: &Account) -> Result<()> {
        self.put(keys::account(account.id), &AccountRecord::of(account))
    }
}
