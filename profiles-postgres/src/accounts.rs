//! Accounts.

use std::collections::BTreeSet;

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{
        Account, AccountId, AuditNote, Bio, City, Digest, Email, KeptRequest, PasswordHash, PersonName, Profile,
        ProfileId, Revision, Stamp, Timestamp, UsernameKey,
    },
    store::{
        AccountChange, Accounts, EraseAccount, Erasure, Register, Registered, Result, Revoke, SetPassword, StoreError,
        Unique,
    },
};
use sqlx::{Row as _, query};

use crate::{
    PostgresStore,
    error::Failure,
    read::Statement,
    row::{account as to_account, get_number, limit, number},
    write::{Command, Work},
};

#[async_trait]
impl Accounts for PostgresStore {
    async fn register(&self, command: Register) -> Result<Registered> {
        self.write(command).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        let row = self.inner.row(|| query("select * from accounts where id = $1").bind(number(id.get()))).await?;
        row.as_ref().map(to_account).transpose()
    }

    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>> {
        if key.as_str().contains('\0') {
            return Ok(None);
        }
        let row = self.inner.row(|| query("select * from accounts where username_key = $1").bind(key.as_str())).await?;
        row.as_ref().map(to_account).transpose()
    }

    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>> {
        let statement = || query("select * from accounts where email = $1 and email_verified").bind(email.as_str());
        self.inner.row(statement).await?.as_ref().map(to_account).transpose()
    }

    async fn accounts_by_email(&self, email: &Email, most: usize) -> Result<Vec<Account>> {
        let statement = || {
            query("select * from accounts where email = $1 order by id limit $2").bind(email.as_str()).bind(limit(most))
        };
        self.inner.rows(statement).await?.iter().map(to_account).collect()
    }

    async fn accounts(&self, after: Option<AccountId>, most: usize) -> Result<Vec<Account>> {
        let after = after.map_or(-1, |after| number(after.get()));
        let statement =
            || query("select * from accounts where id > $1 order by id limit $2").bind(after).bind(limit(most));
        self.inner.rows(statement).await?.iter().map(to_account).collect()
    }

    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        stamp: Stamp,
    ) -> Result<Account> {
        self.write(UpdateAccount { id, expected, change, stamp }).await
    }

    async fn set_password(&self, command: SetPassword) -> Result<Account> {
        self.write(command).await
    }

    async fn erase_account(&self, command: EraseAccount) -> Result<Erasure> {
        self.write(command).await
    }
}

#[async_trait]
impl Command for Register {
    type Answer = Registered;

    async fn run(&self, work: &mut Work) -> Result<Registered, Failure> {
        // Before the book, which is the last to be held: a new account has no session, so this is another's.
        let ended = match &self.former {
            Some(former) => work.end_token(former, self.at).await?.then_some(former),
            None => None,
        };
        let (id, profile) = work.number_account().await?;
        // Under the book, since nobody else registers now.
        check_registration(self, ended, work).await?;
        let account = Account {
            id,
            revision: Revision::FIRST,
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            first_name: PersonName::default(),
            last_name: PersonName::default(),
            password: self.password.clone(),
            is_staff: self.is_staff,
            is_active: true,
            joined_at: self.at,
            last_login_at: None,
        };
        work.make_account(&account, profile).await?;
        work.keep_tokens(id, &self.tokens, self.at).await?;
        if let Some(key) = &self.mail_key {
            work.keep_key(id, key).await?;
        }
        if let Some(request) = self.request {
            let kept = KeptRequest { account: id, fingerprint: request.fingerprint, status: None };
            if !work.keep_request(request, kept, self.at).await? {
                return Err(StoreError::Taken(Unique::Request).into());
            }
        }
        work.is_new_place(id, self.place, self.at).await?;
        let note = self.audit.clone().map(|note| AuditNote { account: Some(id), ..note });
        work.note(self.at, note.as_ref()).await?;
        work.tell(self.at, EventKind::AccountRegistered { account: id, profile });
        work.put_mails(id, &self.outbox, self.at).await?;
        let username = account.username.clone();
        let profile = Profile {
            id: profile,
            account: id,
            username,
            revision: Revision::FIRST,
            avatar: None,
            bio: Bio::default(),
            city: City::default(),
        };
        Ok(Registered { account, profile })
    }
}

/// Refuses what is taken, in the order that every store has. Of two at once the constraints of the tables refuse one.
/// A secret that this command `ended` was in use as well.
async fn check_registration(command: &Register, ended: Option<&Digest>, work: &mut Work) -> Result<(), Failure> {
    let request = command.request.map(|request| request.key);
    let digests: Vec<&[u8]> = command.tokens.iter().map(|token| token.digest.as_bytes().as_slice()).collect();
    let mut seen: BTreeSet<_> = ended.map(|digest| digest.as_bytes().as_slice()).into_iter().collect();
    let in_use = digests.iter().any(|digest| !seen.insert(digest));
    let row = query(
        "select exists (select from requests where key = $1 and expires_at > $2) as request, \
                exists (select from accounts where username_key = $3) as username, \
                exists (select from accounts where email = $4 and email_verified) as email, \
                exists (select from tokens where digest = any($5)) \
                or exists (select from mail_keys where digest = $6) as secret",
    )
    .bind(request.as_ref().map(|key| key.as_bytes().as_slice()))
    .bind(command.at.as_micros())
    .bind(command.username.key().as_str())
    .bind(command.email.as_ref().map(Email::as_str))
    .bind(&digests)
    .bind(command.mail_key.as_ref().map(|key| key.digest.as_bytes().as_slice()))
    .fetch_one(work.sql())
    .await?;
    let taken = [
        (row.try_get("request")?, Unique::Request),
        (row.try_get("username")?, Unique::Username),
        (row.try_get("email")?, Unique::VerifiedEmail),
        (row.try_get::<bool, _>("secret")? || in_use, Unique::Secret),
    ];
    match taken.into_iter().find(|(taken, _)| *taken) {
        Some((_, what)) => Err(StoreError::Taken(what).into()),
        None => Ok(()),
    }
}

struct UpdateAccount {
    id: AccountId,
    expected: Revision,
    change: AccountChange,
    stamp: Stamp,
}

#[async_trait]
impl Command for UpdateAccount {
    type Answer = Account;

    async fn run(&self, work: &mut Work) -> Result<Account, Failure> {
        let mut account = work.account(self.id).await?;
        check_revision(account.revision, self.expected)?;
        let AccountChange { username, first_name, last_name, is_staff, is_active } = self.change.clone();
        let renamed = username.as_ref().is_some_and(|username| *username != account.username);
        account.username = username.unwrap_or(account.username);
        account.first_name = first_name.unwrap_or(account.first_name);
        account.last_name = last_name.unwrap_or(account.last_name);
        account.is_staff = is_staff.unwrap_or(account.is_staff);
        account.is_active = is_active.unwrap_or(account.is_active);
        work.put_account(&mut account).await?;
        if renamed {
            query("update profiles set username_key = $2 where account = $1")
                .bind(number(self.id.get()))
                .bind(account.username.key().as_str())
                .execute(work.sql())
                .await?;
        }
        work.note(self.stamp.at, self.stamp.audit.as_ref()).await?;
        work.tell(self.stamp.at, EventKind::AccountChanged { account: self.id });
        Ok(account)
    }
}

#[async_trait]
impl Command for SetPassword {
    type Answer = Account;

    async fn run(&self, work: &mut Work) -> Result<Account, Failure> {
        let account = work.account(self.account).await?;
        check_revision(account.revision, self.expected)?;
        if let Some(renew) = &self.renew {
            work.check_tokens_are_new(std::slice::from_ref(&renew.session)).await?;
        }
        let renewed = match &self.renew {
            Some(renew) if work.take_session(&renew.former, account.id, self.at).await? => Some(&renew.session),
            _ => None,
        };
        let account = work.replace_password(account, &self.password, self.revoke, self.at).await?;
        if let Some(session) = renewed {
            work.keep_tokens(account.id, std::slice::from_ref(session), self.at).await?;
        }
        work.put_mails(account.id, &self.outbox, self.at).await?;
        work.forgive(&self.forgive).await?;
        work.note(self.at, self.audit.as_ref()).await?;
        Ok(account)
    }
}

/// Refuses a write that was meant for another revision of the row.
pub(crate) fn check_revision(found: Revision, expected: Revision) -> Result<()> {
    if found == expected { Ok(()) } else { Err(StoreError::Stale) }
}

impl Work {
    /// An account that is not being erased, which is this transaction's until it ends.
    pub(crate) async fn account(&mut self, id: AccountId) -> Result<Account, Failure> {
        let row = query("select * from accounts where id = $1 and erasing_since is null for no key update")
            .bind(number(id.get()))
            .fetch_optional(self.sql())
            .await?;
        Ok(row.as_ref().map(to_account).transpose()?.ok_or(StoreError::Missing)?)
    }

    /// The next numbers of an account and its profile.
    async fn number_account(&mut self) -> Result<(AccountId, ProfileId), Failure> {
        let row = query(
            "update profile_book set last_account = last_account + 1, last_profile = last_profile + 1, \
             count = count + 1 returning last_account, last_profile",
        )
        .fetch_one(self.sql())
        .await?;
        let profile = ProfileId::new(get_number(&row, "last_profile")?);
        self.rank_profile(profile, 1).await?;
        Ok((AccountId::new(get_number(&row, "last_account")?), profile))
    }

    /// Makes an account, its empty profile, and the count of its statuses.
    async fn make_account(&mut self, account: &Account, profile: ProfileId) -> Result<(), Failure> {
        let statement = query(
            "insert into accounts (id, revision, username, username_key, email, email_verified, first_name, last_name, \
             password, is_staff, is_active, last_login_at, joined_at, profile) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        );
        bind_account(statement, account)
            .bind(account.joined_at.as_micros())
            .bind(number(profile.get()))
            .execute(self.sql())
            .await?;
        query(
            "with counted as (insert into status_counts (account, count) values ($2, 0)) \
             insert into profiles (id, account, revision, bio, city, username_key, city_key) \
             values ($1, $2, 1, '', '', $3, '')",
        )
        .bind(number(profile.get()))
        .bind(number(account.id.get()))
        .bind(account.username.key().as_str())
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Writes an account that was changed, with its next revision.
    pub(crate) async fn put_account(&mut self, account: &mut Account) -> Result<(), Failure> {
        account.revision = account.revision.next();
        let statement = query(
            "update accounts set revision = $2, username = $3, username_key = $4, email = $5, email_verified = $6, \
             first_name = $7, last_name = $8, password = $9, is_staff = $10, is_active = $11, last_login_at = $12 \
             where id = $1",
        );
        bind_account(statement, account).execute(self.sql()).await?;
        Ok(())
    }

    /// Replaces a password and ends what goes with the old one.
    pub(crate) async fn replace_password(
        &mut self,
        mut account: Account,
        password: &PasswordHash,
        revoke: Revoke,
        at: Timestamp,
    ) -> Result<Account, Failure> {
        account.password = password.clone();
        self.put_account(&mut account).await?;
        self.drop_tokens(account.id, |id, kind| revoke.ends(id, kind)).await?;
        self.end_keys(account.id, profiles_core::model::KeyPurpose::ends_with_password).await?;
        self.tell(at, EventKind::PasswordChanged { account: account.id });
        Ok(account)
    }

    /// The profile of an account that is there.
    pub(crate) async fn profile_of(&mut self, account: AccountId) -> Result<ProfileId, Failure> {
        let row = query("select profile from accounts where id = $1")
            .bind(number(account.get()))
            .fetch_optional(self.sql())
            .await?;
        let row = row.ok_or_else(|| row_is_gone(account))?;
        Ok(ProfileId::new(get_number(&row, "profile")?))
    }
}

/// What may change of an account, as the values 1 to 12.
fn bind_account<'q>(statement: Statement<'q>, account: &'q Account) -> Statement<'q> {
    statement
        .bind(number(account.id.get()))
        .bind(number(account.revision.get()))
        .bind(account.username.as_str())
        .bind(account.username.key().as_str().to_owned())
        .bind(account.email.as_ref().map(Email::as_str))
        .bind(account.email_verified)
        .bind(account.first_name.as_str())
        .bind(account.last_name.as_str())
        .bind(account.password.as_encoded())
        .bind(account.is_staff)
        .bind(account.is_active)
        .bind(account.last_login_at.map(Timestamp::as_micros))
}

fn row_is_gone(account: AccountId) -> StoreError {
    crate::error::corrupt(format!("account {account} is referred to and does not exist"))
}
