//! Looking after the store.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{MemoryStore, state::State};
use crate::{
    event::EventStream,
    model::{AccountId, Digest, ThrottleKey, Timestamp},
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
        let tokens = state.tokens.iter().filter(|(_, token)| token.is_over(now));
        let tokens: Vec<Digest> = tokens.map(|(digest, _)| *digest).take(limit).collect();
        let mail_keys = state.mail_keys.iter().filter(|(_, key)| key.row.expires_at <= now);
        let mail_keys: Vec<Digest> = mail_keys.map(|(digest, _)| *digest).take(limit - tokens.len()).collect();
        let left = limit - tokens.len() - mail_keys.len();
        let tallies = state.tallies.iter().filter(|(_, row)| row.forgotten_at <= now);
        let tallies: Vec<ThrottleKey> = tallies.map(|(key, _)| *key).take(left).collect();
        let left = left - tallies.len();
        let requests = state.requests.iter().filter(|(_, row)| row.expires_at <= now);
        let requests: Vec<Digest> = requests.map(|(key, _)| *key).take(left).collect();
        state.requests.retain(|key, _| !requests.contains(key));
        state.tokens.retain(|digest, _| !tokens.contains(digest));
        state.mail_keys.retain(|digest, _| !mail_keys.contains(digest));
        state.tallies.retain(|key, _| !tallies.contains(key));
        Ok(tokens.len() + mail_keys.len() + tallies.len() + requests.len())
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
    pub(super) fn inconsistencies(&self) -> Vec<String> {
        let mut found = self.badly_keyed_rows();
        found.extend(self.accounts_that_do_not_fit());
        found.extend(self.rows_without_an_account());
        found.extend(self.numbers_not_given_out());
        found.extend(self.statuses_out_of_time());
        found.extend(self.gaps_in_the_log());
        found
    }

    /// Statuses that were posted before the one before them.
    fn statuses_out_of_time(&self) -> Vec<String> {
        let rows: Vec<_> = self.statuses.iter().collect();
        let ends = rows.windows(2).filter_map(|pair| match pair {
            [(_, before), (id, row)] if row.created_at < before.created_at => Some(*id),
            _ => None,
        });
        let early = ends.map(|id| format!("status {id} was posted before the one before it")).collect::<Vec<_>>();
        let last = self.statuses.last_key_value().map(|(_, row)| row.created_at);
        let ahead = (last > self.last_ids.status_at).then(|| "a status was posted after the last one".to_owned());
        early.into_iter().chain(ahead).collect()
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
        let mails = self.outbox.iter().filter(|(_, row)| lost(row.account));
        let requests = self.requests.values().filter(|row| lost(row.kept.account));
        profiles
            .map(|(id, row)| format!("profile {id} belongs to account {}, which is not there", row.account))
            .chain(statuses.map(|(id, row)| format!("status {id} is by account {}, which is not there", row.account)))
            .chain(tokens.map(|token| format!("a token is of account {}, which is not there", token.account)))
            .chain(mail_keys.map(|key| format!("a mail key is of account {}, which is not there", key.account)))
            .chain(requests.map(|row| format!("a request is of account {}, which is not there", row.kept.account)))
            .chain(mails.map(|(id, row)| format!("mail {id} is of account {}, which is not there", row.account)))
            .collect()
    }

    /// Lines that are missing from the log of changes, or stand under another number than their own.
    fn gaps_in_the_log(&self) -> Vec<String> {
        let oldest = self.changes.first_key_value().map_or(0, |(number, _)| number.get());
        let expected = (oldest..).zip(&self.changes);
        let wrong = expected.filter(|(expected, (key, line))| key.get() != *expected || line.number != **key);
        wrong.map(|(expected, _)| format!("change {expected} is not in its place in the log")).take(1).collect()
    }

    /// Rows with a number that would be given out again.
    fn numbers_not_given_out(&self) -> Vec<String> {
        let numbers = [
            ("account", self.accounts.last_key_value().map(|(id, _)| id.get()), self.last_ids.account),
            ("profile", self.profiles.last_key_value().map(|(id, _)| id.get()), self.last_ids.profile),
            ("status", self.statuses.last_key_value().map(|(id, _)| id.get()), self.last_ids.status),
            ("mail", self.outbox.last_key_value().map(|(id, _)| id.get()), self.last_ids.outbox),
            ("token", self.tokens.values().map(|token| token.id.get()).max(), self.last_ids.token),
            ("change", self.changes.last_key_value().map(|(id, _)| id.get()), self.last_ids.change),
            ("line of the audit trail", self.audit.last_key_value().map(|(id, _)| id.get()), self.last_ids.audit),
        ];
        let beyond = numbers.into_iter().filter(|(_, highest, given)| highest.is_some_and(|highest| highest > *given));
        beyond.map(|(kind, _, given)| format!("a {kind} has a number beyond {given}, the last one given out")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ChangeId, OutboxId, ProfileId, StatusId},
        store::{Accounts, Register, Statuses},
        testkit::{Refusal, fixture, refusal},
    };

    /// A store with two accounts that have something of everything.
    async fn filled() -> MemoryStore {
        let store = MemoryStore::new();
        for name in ["ada", "bob"] {
            let command = Register {
                email_verified: true,
                tokens: vec![fixture::token(name)],
                mail_key: Some(fixture::mail_key(name, "ada@example.org", 60)),
                outbox: vec![fixture::mail(name, 1)],
                ..fixture::register(name)
            };
            let made = store.register(command).await.unwrap();
            store.post_status(made.account.id, fixture::text("hello"), fixture::NOW).await.unwrap();
        }
        store
    }

    const ONE: AccountId = AccountId::new(1);
    const TWO: AccountId = AccountId::new(2);

    type Damage = fn(&mut State);

    #[tokio::test]
    async fn every_damage_is_found() {
        let damages: [(&str, Damage); 17] = [
            ("account 1 stands under number 3", |state| {
                let row = state.accounts.remove(&ONE).unwrap();
                state.accounts.insert(AccountId::new(3), row);
            }),
            ("a token of account 1 stands", |state| {
                state.tokens.get_mut(&fixture::digest("ada")).unwrap().row.digest = fixture::digest("x");
            }),
            ("a mail key of account 1 has", |state| {
                state.mail_keys.get_mut(&fixture::digest("ada")).unwrap().row.digest = fixture::digest("x");
            }),
            ("account 2 has the name", |state| {
                state.accounts.get_mut(&TWO).unwrap().username = fixture::username("ADA");
            }),
            ("account 2 has the verified address", |state| {
                state.accounts.get_mut(&TWO).unwrap().email = Some(fixture::email("ada@example.org"));
            }),
            ("account 2 has 0 profiles", |state| {
                state.profiles.remove(&ProfileId::new(2));
            }),
            ("account 1 has 2 profiles", |state| {
                state.profiles.get_mut(&ProfileId::new(2)).unwrap().account = ONE;
            }),
            ("profile 2 belongs to account 9", |state| {
                state.profiles.get_mut(&ProfileId::new(2)).unwrap().account = AccountId::new(9);
            }),
            ("status 2 is by account 9", |state| {
                state.statuses.get_mut(&StatusId::new(2)).unwrap().account = AccountId::new(9);
            }),
            ("a token is of account 9", |state| {
                state.tokens.get_mut(&fixture::digest("ada")).unwrap().account = AccountId::new(9);
            }),
            ("a mail key is of account 9", |state| {
                state.mail_keys.get_mut(&fixture::digest("ada")).unwrap().account = AccountId::new(9);
            }),
            ("mail 2 is of account 9", |state| {
                state.outbox.get_mut(&OutboxId::new(2)).unwrap().account = AccountId::new(9);
            }),
            ("a mail has a number beyond 1", |state| state.last_ids.outbox = 1),
            ("status 2 was posted before", |state| {
                state.statuses.get_mut(&StatusId::new(2)).unwrap().created_at = Timestamp::from_micros(0);
            }),
            ("a status was posted after the last one", |state| state.last_ids.status_at = None),
            ("a change has a number beyond 1", |state| state.last_ids.change = 1),
            ("change 1 is not in its place", |state| {
                let line = state.changes.remove(&ChangeId::new(2)).unwrap();
                state.changes.insert(ChangeId::new(1), line);
            }),
        ];
        for (told, damage) in damages {
            let store = filled().await;
            assert_eq!(store.verify().await.unwrap(), []);
            damage(&mut store.state().unwrap());
            let found = store.verify().await.unwrap();
            assert!(found.iter().any(|found| found.0.starts_with(told)), "{told}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_in_the_middle_of_a_step_ends_the_service() {
        let store = filled().await;
        let step = std::panic::AssertUnwindSafe(|| {
            let _state = store.state().unwrap();
            panic!("in the middle");
        });
        std::panic::catch_unwind(step).unwrap_err();
        assert_eq!(refusal(store.ready().await), Refusal::Unavailable);
        assert_eq!(refusal(store.account(AccountId::new(1)).await), Refusal::Unavailable);
    }
}
