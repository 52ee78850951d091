//! Keys that are mailed.

use std::collections::BTreeSet;

use async_trait::async_trait;
use profiles_core::{
    event::EventKind,
    model::{Account, AccountId, Digest, Email, KeyPurpose, PendingKey, Timestamp},
    store::{
        ConfirmEmail, EmailConfirmation, KeyToSend, MailKeys, NewMailKey, ResetPassword, Result, SendKeys, StoreError,
        Unique,
    },
};
use sqlx::{postgres::PgRow, query};

use crate::{
    PostgresStore,
    error::{Failure, corrupt},
    row::{get, get_digest, get_moment, get_number, get_text, number},
    write::{Command, Work},
};

const PENDING: &str = "select * from mail_keys where digest = $1 and expires_at > $2";

#[async_trait]
impl MailKeys for PostgresStore {
    async fn mail_key(&self, digest: &Digest, now: Timestamp) -> Result<Option<PendingKey>> {
        let statement = || query(PENDING).bind(digest.as_bytes().as_slice()).bind(now.as_micros());
        self.inner.row(statement).await?.as_ref().map(pending).transpose()
    }

    async fn send_keys(&self, command: SendKeys) -> Result<()> {
        self.write(command).await
    }

    async fn confirm_email(&self, command: ConfirmEmail) -> Result<EmailConfirmation> {
        self.write(command).await
    }

    async fn reset_password(&self, command: ResetPassword) -> Result<Account> {
        self.write(command).await
    }
}

pub(crate) fn pending(row: &PgRow) -> Result<PendingKey> {
    Ok(PendingKey {
        account: AccountId::new(get_number(row, "account")?),
        purpose: purpose_of(get(row, "purpose")?)?,
        email: get_text(row, "email", Email::parse)?,
        expires_at: get_moment(row, "expires_at")?,
    })
}

pub(crate) fn purpose_number(purpose: KeyPurpose) -> i16 {
    match purpose {
        KeyPurpose::ConfirmEmail => 0,
        KeyPurpose::ResetPassword => 1,
        KeyPurpose::ChangeEmail => 2,
    }
}

fn purpose_of(number: i16) -> Result<KeyPurpose> {
    let found = KeyPurpose::ALL.into_iter().find(|purpose| purpose_number(*purpose) == number);
    found.ok_or_else(|| corrupt(format!("{number} is no purpose of a mailed key")))
}

#[async_trait]
impl Command for SendKeys {
    type Answer = ();

    async fn run(&self, work: &mut Work) -> Result<(), Failure> {
        let digests: BTreeSet<&[u8]> = self.keys.iter().map(|send| send.key.digest.as_bytes().as_slice()).collect();
        let twice = digests.len() < self.keys.len();
        let digests: Vec<&[u8]> = digests.into_iter().collect();
        let row = query("select exists (select from mail_keys where digest = any($1)) as known")
            .bind(&digests)
            .fetch_one(work.sql())
            .await?;
        if twice || get(&row, "known")? {
            return Err(StoreError::Taken(Unique::Secret).into());
        }
        work.hold_accounts(self.keys.iter().map(|send| send.account)).await?;
        for KeyToSend { account, key, mail } in &self.keys {
            let owner = match work.account(*account).await {
                Ok(owner) => owner,
                Err(Failure::Refused(StoreError::Missing)) => continue,
                Err(failure) => return Err(failure),
            };
            let concerns = key.purpose == KeyPurpose::ChangeEmail || owner.email.as_ref() == Some(&key.email);
            if owner.is_active && concerns {
                work.keep_key(*account, key).await?;
                work.put_mails(*account, std::slice::from_ref(mail), self.at).await?;
            }
        }
        work.forgive(&self.forgive).await?;
        for note in &self.audit {
            work.note(self.at, Some(note)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Command for ConfirmEmail {
    type Answer = EmailConfirmation;

    async fn run(&self, work: &mut Work) -> Result<EmailConfirmation, Failure> {
        let (key, mut account) = work.take_key(&self.digest, self.at).await?;
        match key.purpose {
            KeyPurpose::ConfirmEmail if account.email.as_ref() == Some(&key.email) => {}
            KeyPurpose::ChangeEmail => {}
            KeyPurpose::ConfirmEmail | KeyPurpose::ResetPassword => return Err(StoreError::Missing.into()),
        }
        let owner = query("select id from accounts where email = $1 and email_verified and id <> $2")
            .bind(key.email.as_str())
            .bind(number(account.id.get()))
            .fetch_optional(work.sql())
            .await?;
        if owner.is_some() {
            let used = query("delete from mail_keys where digest = $1").bind(self.digest.as_bytes().as_slice());
            used.execute(work.sql()).await?;
            return Ok(EmailConfirmation::TakenByAnother);
        }
        account.email = Some(key.email);
        account.email_verified = true;
        match work.put_account(&mut account).await {
            // Another confirmed it since it was looked for: the same again finds that.
            Err(Failure::Database(error)) if crate::error::is_violation(&error, "accounts_verified_email") => {
                return Err(Failure::Overtaken);
            }
            written => written?,
        }
        let all = key.purpose == KeyPurpose::ChangeEmail;
        work.end_keys(account.id, |purpose| all || purpose == key.purpose).await?;
        work.note(self.at, self.audit.as_ref()).await?;
        work.tell(self.at, EventKind::AccountChanged { account: account.id });
        work.put_mails(account.id, &self.outbox, self.at).await?;
        Ok(EmailConfirmation::Confirmed(account))
    }
}

#[async_trait]
impl Command for ResetPassword {
    type Answer = Account;

    async fn run(&self, work: &mut Work) -> Result<Account, Failure> {
        let (key, account) = work.take_key(&self.digest, self.at).await?;
        let fits = key.account == self.account && key.purpose == KeyPurpose::ResetPassword && account.is_active;
        if !fits {
            return Err(StoreError::Missing.into());
        }
        let account = work.replace_password(account, &self.password, self.revoke, self.at).await?;
        work.put_mails(account.id, &self.outbox, self.at).await?;
        work.note(self.at, self.audit.as_ref()).await?;
        Ok(account)
    }
}

impl Work {
    /// A key that has not expired, and its account. Who holds the account has the key for himself: it is looked at again
    /// after waiting for whoever held the account before.
    async fn take_key(&mut self, digest: &Digest, at: Timestamp) -> Result<(PendingKey, Account), Failure> {
        let found = self.pending_key(digest, at).await?;
        let account = self.account(found.account).await?;
        Ok((self.pending_key(digest, at).await?, account))
    }

    async fn pending_key(&mut self, digest: &Digest, at: Timestamp) -> Result<PendingKey, Failure> {
        let row =
            query(PENDING).bind(digest.as_bytes().as_slice()).bind(at.as_micros()).fetch_optional(self.sql()).await?;
        Ok(row.as_ref().map(pending).transpose()?.ok_or(StoreError::Missing)?)
    }

    /// Holds several accounts, in the order in which everybody does.
    async fn hold_accounts(&mut self, ids: impl Iterator<Item = AccountId> + Send) -> Result<(), Failure> {
        let ids: Vec<i64> = ids.map(|id| number(id.get())).collect();
        query("select id from accounts where id = any($1) order by id for no key update")
            .bind(&ids)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// Keeps a key, and as many of those that end last for the same purpose as may be.
    pub(crate) async fn keep_key(&mut self, account: AccountId, key: &NewMailKey) -> Result<(), Failure> {
        let kept = i64::try_from(key.purpose.most().saturating_sub(1)).unwrap_or(i64::MAX);
        let beyond = query(
            "select digest from mail_keys where account = $1 and purpose = $2 \
             order by expires_at desc, digest desc offset $3",
        )
        .bind(number(account.get()))
        .bind(purpose_number(key.purpose))
        .bind(kept)
        .fetch_all(self.sql())
        .await?;
        let beyond = beyond.iter().map(|row| get_digest(row, "digest")).collect::<Result<Vec<_>>>()?;
        let beyond: Vec<&[u8]> = beyond.iter().map(|digest| digest.as_bytes().as_slice()).collect();
        query("delete from mail_keys where digest = any($1)").bind(&beyond).execute(self.sql()).await?;
        query("insert into mail_keys (digest, account, purpose, email, expires_at) values ($1, $2, $3, $4, $5)")
            .bind(key.digest.as_bytes().as_slice())
            .bind(number(account.get()))
            .bind(purpose_number(key.purpose))
            .bind(key.email.as_str())
            .bind(key.expires_at.as_micros())
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// Ends keys of an account.
    pub(crate) async fn end_keys(
        &mut self,
        account: AccountId,
        ends: impl Fn(KeyPurpose) -> bool + Send,
    ) -> Result<(), Failure> {
        let purposes = KeyPurpose::ALL.into_iter().filter(|purpose| ends(*purpose));
        let purposes: Vec<i16> = purposes.map(purpose_number).collect();
        query("delete from mail_keys where account = $1 and purpose = any($2)")
            .bind(number(account.get()))
            .bind(&purposes)
            .execute(self.sql())
            .await?;
        Ok(())
    }
}
