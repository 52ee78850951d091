//! Keys that are mailed.

use async_trait::async_trait;

use super::{
    MemoryStore,
    state::{Owned, State},
};
use crate::{
    event::EventKind,
    model::{Account, AccountId, Digest, KeyPurpose, PendingKey, Timestamp},
    store::{
        ConfirmEmail, EmailConfirmation, MailKeys, NewMailKey, ResetPassword, Result, SendKeys, StoreError, Unique,
    },
};

#[async_trait]
impl MailKeys for MemoryStore {
    async fn mail_key(&self, digest: &Digest, now: Timestamp) -> Result<Option<PendingKey>> {
        Ok(self.state()?.pending_key(digest, now))
    }

    async fn send_keys(&self, command: SendKeys) -> Result<()> {
        let mut state = self.state()?;
        let digests: Vec<Digest> = command.keys.iter().map(|to_send| to_send.key.digest).collect();
        let twice = |(at, digest)| digests.iter().take(at).any(|earlier| earlier == digest);
        if digests.iter().enumerate().any(twice) || digests.iter().any(|digest| state.mail_keys.contains_key(digest)) {
            return Err(StoreError::Taken(Unique::Secret));
        }
        for to_send in command.keys {
            let account = state.accounts.get(&to_send.account).filter(|account| account.is_active);
            let changes = to_send.key.purpose == KeyPurpose::ChangeEmail;
            if account.is_some_and(|account| changes || account.email.as_ref() == Some(&to_send.key.email)) {
                state.keep_key(to_send.account, to_send.key);
                state.put_mails(to_send.account, vec![to_send.mail], command.at);
            }
        }
        state.forgive(&command.forgive);
        for note in command.audit {
            state.note(command.at, Some(note));
        }
        Ok(())
    }

    async fn confirm_email(&self, command: ConfirmEmail) -> Result<EmailConfirmation> {
        let mut state = self.state()?;
        let key = state.pending_key(&command.digest, command.at).ok_or(StoreError::Missing)?;
        let account = state.accounts.get(&key.account).ok_or(StoreError::Missing)?;
        let is_present = account.email.as_ref() == Some(&key.email);
        match key.purpose {
            KeyPurpose::ConfirmEmail if is_present => {}
            KeyPurpose::ChangeEmail => {}
            KeyPurpose::ConfirmEmail | KeyPurpose::ResetPassword => return Err(StoreError::Missing),
        }
        let owner = state.account_by_verified_email(&key.email).map(|owner| owner.id);
        if owner.is_some_and(|owner| owner != key.account) {
            state.mail_keys.remove(&command.digest);
            return Ok(EmailConfirmation::TakenByAnother);
        }
        let account = state.accounts.get_mut(&key.account).ok_or(StoreError::Missing)?;
        account.email = Some(key.email);
        account.email_verified = true;
        account.revision = account.revision.next();
        let account = account.clone();
        let all = key.purpose == KeyPurpose::ChangeEmail;
        state.end_keys(account.id, |purpose| all || purpose == key.purpose);
        state.note(command.at, command.audit);
        state.events.publish(command.at, EventKind::AccountChanged { account: account.id });
        state.put_mails(account.id, command.outbox, command.at);
        Ok(EmailConfirmation::Confirmed(account))
    }

    async fn reset_password(&self, command: ResetPassword) -> Result<Account> {
        let mut state = self.state()?;
        let key = state.pending_key(&command.digest, command.at).ok_or(StoreError::Missing)?;
        if key.account != command.account || key.purpose != KeyPurpose::ResetPassword {
            return Err(StoreError::Missing);
        }
        let account = state.accounts.get(&key.account).filter(|account| account.is_active);
        let account = account.ok_or(StoreError::Missing)?.id;
        state.replace_password(account, command.password, command.revoke, command.at)?;
        state.put_mails(account, command.outbox, command.at);
        state.note(command.at, command.audit);
        state.accounts.get(&account).cloned().ok_or(StoreError::Missing)
    }
}

impl State {
    fn pending_key(&self, digest: &Digest, now: Timestamp) -> Option<PendingKey> {
        let key = self.mail_keys.get(digest).filter(|key| key.row.expires_at > now)?;
        let NewMailKey { purpose, email, expires_at, .. } = key.row.clone();
        Some(PendingKey { account: key.account, purpose, email, expires_at })
    }

    /// Keeps a key, and as many of those that end last for the same purpose as may be.
    pub(super) fn keep_key(&mut self, account: AccountId, row: NewMailKey) {
        let purpose = row.purpose;
        let (digest, kept) = (row.digest, purpose.most() - 1);
        let alike = self.mail_keys.iter().filter(|(_, key)| key.account == account && key.row.purpose == purpose);
        let mut alike: Vec<(Timestamp, Digest)> = alike.map(|(digest, key)| (key.row.expires_at, *digest)).collect();
        alike.sort_unstable();
        let beyond = alike.len().saturating_sub(kept);
        for (_, digest) in alike.into_iter().take(beyond) {
            self.mail_keys.remove(&digest);
        }
        self.mail_keys.insert(digest, Owned { account, row });
    }

    /// Ends keys of an account.
    pub(super) fn end_keys(&mut self, account: AccountId, ends: impl Fn(KeyPurpose) -> bool) {
        self.mail_keys.retain(|_, key| key.account != account || !ends(key.row.purpose));
    }
}
