//! Accounts.

use async_trait::async_trait;

use super::{
    SledStore,
    keys::{self, Meta},
    place::Place,
    rank::Ranked,
    record::{AccountRecord, ProfileRecord},
    requests,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Bio, City, Email, KeyPurpose, PasswordHash, PersonName, Profile, ProfileId,
        Revision, Stamp, Timestamp, UsernameKey,
    },
    store::{
        AccountChange, Accounts, EraseAccount, Erasure, Register, Registered, Result, Revoke, SetPassword, StoreError,
        Unique,
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

    async fn accounts_by_email(&self, email: &Email, limit: usize) -> Result<Vec<Account>> {
        let email = email.clone();
        self.scan(move |view| {
            let mut accounts = Vec::new();
            for pair in view.scan(keys::accounts_with_email(&email)).take(limit) {
                let (key, _) = pair?;
                let Some(Place::Email(_, id)) = Place::parse(&key) else { return Err(corrupt(Place::describe(&key))) };
                // One that is gone by now, or has another address, no longer is one of them.
                let account = view.owner(&key, id)?;
                accounts.extend(account.filter(|account| account.email.as_ref() == Some(&email)));
            }
            Ok(accounts)
        })
        .await
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
        stamp: Stamp,
    ) -> Result<Account> {
        self.write(move |transaction| {
            let mut account = transaction.account_to_change(id, expected)?;
            let renamed = change.username.is_some();
            if let Some(username) = change.username {
                transaction.rename(&account, &username.key())?;
                account.username = username;
            }
            account.first_name = change.first_name.unwrap_or(account.first_name);
            account.last_name = change.last_name.unwrap_or(account.last_name);
            account.is_staff = change.is_staff.unwrap_or(account.is_staff);
            account.is_active = change.is_active.unwrap_or(account.is_active);
            transaction.put_next(&mut account)?;
            if renamed {
                transaction.index_renamed(&account)?;
            }
            transaction.note(stamp.at, stamp.audit)?;
            transaction.tell(stamp.at, EventKind::AccountChanged { account: id });
            Ok(account)
        })
        .await
    }

    async fn set_password(&self, command: SetPassword) -> Result<Account> {
        self.write(move |transaction| {
            let account = transaction.account_to_change(command.account, command.expected)?;
            if let Some(renew) = &command.renew {
                transaction.check_token_is_new(&renew.session.digest)?;
            }
            let renewed = match command.renew {
                Some(renew) if transaction.take_session(&renew.former, account.id, command.at)? => Some(renew.session),
                _ => None,
            };
            let account = transaction.replace_password(account, command.password, command.revoke, command.at)?;
            transaction.put_tokens(account.id, renewed.as_slice(), command.at)?;
            transaction.put_mails(account.id, command.outbox, command.at)?;
            transaction.forgive(&command.forgive)?;
            transaction.note(command.at, command.audit)?;
            Ok(account)
        })
        .await
    }

    async fn erase_account(&self, command: EraseAccount) -> Result<Erasure> {
        self.write(move |transaction| transaction.erase(command)).await
    }
}

/// An account from its pair.
pub(super) fn account_row(key: &[u8], value: &[u8]) -> Result<Account> {
    let Some(Place::Account(id)) = Place::parse(key) else { return Err(corrupt(Place::describe(key))) };
    Ok(super::codec::decode::<AccountRecord>(key, value)?.into_account(id))
}

impl Transaction<'_> {
    pub(super) fn register(&mut self, command: Register) -> Result<Registered> {
        if let Some(request) = command.request
            && requests::request(self, &request.key, command.at)?.is_some()
        {
            return Err(StoreError::Taken(Unique::Request));
        }
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
        self.put_tokens(account.id, &command.tokens, command.at)?;
        if let Some(key) = command.mail_key {
            self.put_mail_key(account.id, key)?;
        }
        if let Some(request) = command.request {
            self.keep_request(account.id, None, request)?;
        }
        self.end_former(command.former, account.id, command.at)?;
        self.is_new_place(account.id, command.place, command.at)?;
        self.note(command.at, command.audit.map(|note| AuditNote { account: Some(account.id), ..note }))?;
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
            avatar: None,
            bio: Bio::default(),
            city: City::default(),
        };
        self.put(keys::profile(profile.id), &ProfileRecord::of(&profile))?;
        self.put(keys::profile_of(account.id), &profile.id.get())?;
        self.index_profile(&profile)?;
        self.add(Meta::Profiles.key(), 1)?;
        self.rank(Ranked::Profiles, profile.id.get(), 1)?;
        Ok(profile)
    }

    /// Replaces a password and ends what goes with the old one.
    pub(super) fn replace_password(
        &mut self,
        mut account: Account,
        password: PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account> {
        account.password = password;
        self.put_next(&mut account)?;
        for (digest, token) in self.tokens_of(account.id)? {
            if revoke.ends(token.id(), token.kind()) {
                self.remove_token(&digest, &token);
            }
        }
        self.end_keys(account.id, KeyPurpose::ends_with_password)?;
        self.tell(at, EventKind::PasswordChanged { account: account.id });
        Ok(account)
    }

    /// Gives an account an address that was shown to be theirs and that nobody else has verified.
    pub(super) fn give_email(&mut self, account: &mut Account, email: Email) -> Result<()> {
        self.remove_email(account);
        account.email = Some(email);
        account.email_verified = true;
        self.index_email(account)?;
        self.put_next(account)
    }

    /// Removes the index entries of an account's address.
    pub(super) fn remove_email(&mut self, account: &Account) {
        let Some(email) = &account.email else { return };
        self.remove(keys::email(email, account.id));
        if account.email_verified {
            self.remove(keys::verified_email(email));
        }
    }

    /// The account, if it is as the caller last saw it.
    fn account_to_change(&self, id: AccountId, expected: Revision) -> Result<Account> {
        let account = self.living(id)?;
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

    pub(super) fn put_account(&mut self, account: &Account) -> Result<()> {
        self.put(keys::account(account.id), &AccountRecord::of(account))
    }
}
