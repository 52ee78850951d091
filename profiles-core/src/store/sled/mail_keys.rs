//! Keys that are mailed.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{
    SledStore,
    engine::View as _,
    keys::{self, Expiring},
    place::Place,
    record::MailKeyRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{Account, AccountId, Digest, KeyPurpose, PendingKey, Timestamp},
    store::{
        ConfirmEmail, EmailConfirmation, KeyToSend, MailKeys, NewMailKey, ResetPassword, Result, SendKeys, StoreError,
        Unique,
    },
};

#[async_trait]
impl MailKeys for SledStore {
    async fn mail_key(&self, digest: &Digest, now: Timestamp) -> Result<Option<PendingKey>> {
        let key = keys::mail_key(digest);
        self.read(move |view| {
            let record: Option<MailKeyRecord> = view.read(&key)?;
            Ok(record.filter(|record| record.expires_at() > now).map(MailKeyRecord::into_pending))
        })
        .await
    }

    async fn send_keys(&self, command: SendKeys) -> Result<()> {
        self.write(move |transaction| transaction.send_keys(command)).await
    }

    async fn confirm_email(&self, command: ConfirmEmail) -> Result<EmailConfirmation> {
        self.write(move |transaction| transaction.confirm_email(command)).await
    }

    async fn reset_password(&self, command: ResetPassword) -> Result<Account> {
        self.write(move |transaction| {
            let key = transaction.pending_key(&command.digest, command.at)?;
            if key.account() != command.account || key.purpose() != KeyPurpose::ResetPassword {
                return Err(StoreError::Missing);
            }
            let account = transaction.living(command.account)?;
            if !account.is_active {
                return Err(StoreError::Missing);
            }
            let account = transaction.replace_password(account, command.password, command.revoke, command.at)?;
            transaction.put_mails(account.id, command.outbox, command.at)?;
            transaction.note(command.at, command.audit)?;
            Ok(account)
        })
        .await
    }
}

impl Transaction<'_> {
    fn send_keys(&mut self, command: SendKeys) -> Result<()> {
        let mut seen = BTreeSet::new();
        for KeyToSend { key, .. } in &command.keys {
            if !seen.insert(key.digest) || self.has(&keys::mail_key(&key.digest))? {
                return Err(StoreError::Taken(Unique::Secret));
            }
        }
        for KeyToSend { account, key, mail } in command.keys {
            let owner = self.account(account)?.filter(|owner| owner.is_active);
            let changes = key.purpose == KeyPurpose::ChangeEmail;
            if owner.is_some_and(|owner| changes || owner.email.as_ref() == Some(&key.email)) {
                self.put_mail_key(account, key)?;
                self.put_mails(account, vec![mail], command.at)?;
            }
        }
        self.forgive(&command.forgive)?;
        command.audit.into_iter().try_for_each(|note| self.note(command.at, Some(note)))
    }

    fn confirm_email(&mut self, command: ConfirmEmail) -> Result<EmailConfirmation> {
        let record = self.pending_key(&command.digest, command.at)?;
        let purpose = record.purpose();
        let mut account = self.living(record.account())?;
        let key = record.into_pending();
        match purpose {
            KeyPurpose::ConfirmEmail if account.email.as_ref() == Some(&key.email) => {}
            KeyPurpose::ChangeEmail => {}
            KeyPurpose::ConfirmEmail | KeyPurpose::ResetPassword => return Err(StoreError::Missing),
        }
        let owner: Option<u64> = self.read(&keys::verified_email(&key.email))?;
        if owner.is_some_and(|owner| owner != account.id.get()) {
            self.remove_mail_key(&command.digest, account.id, key.expires_at);
            return Ok(EmailConfirmation::TakenByAnother);
        }
        self.give_email(&mut account, key.email)?;
        let all = purpose == KeyPurpose::ChangeEmail;
        self.end_keys(account.id, |other| all || other == purpose)?;
        self.note(command.at, command.audit)?;
        self.tell(command.at, EventKind::AccountChanged { account: account.id });
        self.put_mails(account.id, command.outbox, command.at)?;
        Ok(EmailConfirmation::Confirmed(account))
    }

    /// A key that has not expired.
    fn pending_key(&self, digest: &Digest, now: Timestamp) -> Result<MailKeyRecord> {
        let record: Option<MailKeyRecord> = self.read(&keys::mail_key(digest))?;
        record.filter(|record| record.expires_at() > now).ok_or(StoreError::Missing)
    }

    /// Keeps a key, and as many of those that end last for the same purpose as may be.
    pub(super) fn put_mail_key(&mut self, account: AccountId, new: NewMailKey) -> Result<()> {
        let (digest, purpose, expires_at) = (new.digest, new.purpose, new.expires_at);
        let key = keys::mail_key(&digest);
        if self.has(&key)? {
            return Err(StoreError::Taken(Unique::Secret));
        }
        let mut alike = self.mail_keys_of(account)?;
        alike.retain(|(_, other)| other.purpose() == purpose);
        alike.sort_unstable_by_key(|(digest, other)| (other.expires_at(), *digest));
        let beyond = alike.len().saturating_sub(purpose.most() - 1);
        for (digest, other) in alike.iter().take(beyond) {
            self.remove_mail_key(digest, account, other.expires_at());
        }
        self.mark(keys::mail_key_of(account, &digest))?;
        self.mark(keys::expiry(expires_at, Expiring::MailKey, &digest))?;
        self.put(key, &MailKeyRecord::new(account, new))
    }

    /// Removes a key with its index entries.
    pub(super) fn remove_mail_key(&mut self, digest: &Digest, account: AccountId, expires_at: Timestamp) {
        self.remove(keys::mail_key(digest));
        self.remove(keys::mail_key_of(account, digest));
        self.remove(keys::expiry(expires_at, Expiring::MailKey, digest));
    }

    /// Ends keys of an account.
    pub(super) fn end_keys(&mut self, account: AccountId, ends: impl Fn(KeyPurpose) -> bool) -> Result<()> {
        for (digest, key) in self.mail_keys_of(account)? {
            if ends(key.purpose()) {
                self.remove_mail_key(&digest, account, key.expires_at());
            }
        }
        Ok(())
    }

    fn mail_keys_of(&self, account: AccountId) -> Result<Vec<(Digest, MailKeyRecord)>> {
        let mut own = Vec::new();
        for pair in self.scan(keys::mail_keys_of(account)) {
            let (entry, _) = pair?;
            let Some(Place::MailKeyOfAccount(_, digest)) = Place::parse(&entry) else {
                return Err(corrupt(Place::describe(&entry)));
            };
            let key = self.read(&keys::mail_key(&digest))?;
            own.push((digest, key.ok_or_else(|| corrupt(format!("{} names none", Place::describe(&entry))))?));
        }
        Ok(own)
    }
}
