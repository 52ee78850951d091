//! Looking after the store.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{MemoryStore, state::State};
use crate::{
    event::EventStream,
    model::{AccountId, Digest, Timestamp},
    store::{Inconsistency, Maintenance, Result},
};

#[async_trait]
impl Maintenance for MemoryStore {
    async fn ready(&self) -> Result<()> {
        self.state().map(drop)
    }

    async fn verify(&self) -> Result<Vec<Inconsistency>> {
        Ok(self.state()?.inconsistencies().into_iter().map(Inconsistency).collect())
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize> {
        let mut state = self.state()?;
        let tokens = state.tokens.iter().filter(|(_, token)| token.row.expires_at.is_some_and(|end| end <= now));
        let tokens: Vec<Digest> = tokens.map(|(digest, _)| *digest).take(limit).collect();
        let mail_keys = state.mail_keys.iter().filter(|(_, key)| key.row.expires_at <= now);
        let mail_keys: Vec<Digest> = mail_keys.map(|(digest, _)| *digest).take(limit - tokens.len()).collect();
        state.tokens.retain(|digest, _| !tokens.contains(digest));
        state.mail_keys.retain(|digest, _| !mail_keys.contains(digest));
        Ok(tokens.len() + mail_keys.len())
    }

    fn events(&self) -> EventStream {
        self.state_even_if_closed().events.source().subscribe()
    }

    async fn close(&self) -> Result<()> {
        self.state()?.closed = true;
        Ok(())
    }
}

impl State {
    fn inconsistencies(&self) -> Vec<String> {
        let mut found = self.badly_keyed_rows();
        found.extend(self.accounts_that_do_not_fit());
        found.extend(self.rows_without_an_account());
        found.extend(self.numbers_not_given_out());
        found
    }

    /// Rows that stand under another key than their own.
    fn badly_keyed_rows(&self) -> Vec<String> {
        let accounts = self.accounts.iter().filter(|(id, row)| **id != row.id);
        let tokens = self.tokens.iter().filter(|(digest, token)| **digest != token.row.digest);
        let mail_keys = self.mail_keys.iter().filter(|(digest, key)| **digest != key.row.digest);
        accounts
            .map(|(id, row)| format!("account {} stands under number {id}", row.id))
            .chain(tokens.map(|(_, token)| format!("a token of account {} stands under another digest", token.account)))
            .chain(mail_keys.map(|(_, key)| format!("a mail key of account {} has another digest", key.account)))
            .collect()
    }

    /// Accounts that share what must be unique, or have not exactly one profile.
    fn accounts_that_do_not_fit(&self) -> Vec<String> {
        let mut found = Vec::new();
        let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
        for account in self.accounts.values() {
            if !names.insert(account.username.key()) {
                found.push(format!("account {} has the name of another", account.id));
            }
            if account.email_verified && account.email.as_ref().is_some_and(|email| !addresses.insert(email)) {
                found.push(format!("account {} has the verified address of another", account.id));
            }
            let profiles = self.profiles.values().filter(|row| row.account == account.id).count();
            if profiles != 1 {
                found.push(format!("account {} has {profiles} profiles", account.id));
            }
        }
        found
    }

    fn rows_without_an_account(&self) -> Vec<String> {
        let lost = |account: AccountId| !self.accounts.contains_key(&account);
        let profiles = self.profiles.iter().filter(|(_, row)| lost(row.account));
        let statuses = self.statuses.iter().filter(|(_, row)| lost(row.account));
        let tokens = self.tokens.values().filter(|token| lost(token.account));
        let mail_keys = self.mail_keys.values().filter(|key| lost(key.account));
        profiles
            .map(|(id, row)| format!("profile {id} belongs to account {}, which is not there", row.account))
            .chain(statuses.map(|(id, row)| format!("status {id} is by account {}, which is not there", row.account)))
            .chain(tokens.map(|token| format!("a token is of account {}, which is not there", token.account)))
            .chain(mail_keys.map(|key| format!("a mail key is of account {}, which is not there", key.account)))
            .collect()
    }

    /// Rows with a number that would be given out again.
    fn numbers_not_given_out(&self) -> Vec<String> {
        let numbers = [
            ("account", self.accounts.last_key_value().map(|(id, _)| id.get()), self.last_ids.account),
            ("profile", self.profiles.last_key_value().map(|(id, _)| id.get()), self.last_ids.profile),
            ("status", self.statuses.last_key_value().map(|(id, _)| id.get()), self.last_ids.status),
            ("mail", self.outbox.last_key_value().map(|(id, _)| id.get()), self.last_ids.outbox),
        ];
        let beyond = numbers.into_iter().filter(|(_, highest, given)| highest.is_some_and(|highest| highest > *given));
        beyond.map(|(kind, _, given)| format!("a {kind} has a number beyond {given}, the last one given out")).collect()
    }
}
