//! Erasing an account, step by step.
//!
//! The first step marks it, takes away all by which somebody could use it, and deactivates it; nothing that would bring
//! it back is done to a marked account. Then its statuses go, so many in a step, and with the last step all else.

use super::{
    engine::View as _,
    keys::{self, Meta},
    place::Place,
    rank::Ranked,
    record::ProfileRecord,
    rows::{Rows as _, corrupt},
    transaction::Transaction,
};
use crate::{
    event::EventKind,
    model::{Account, AccountId, AuditNote, ProfileId, StatusId, Timestamp},
    store::{EraseAccount, Erasure, Result, StoreError},
};

impl Transaction<'_> {
    /// An account that is not being erased.
    ///
    /// # Errors
    /// `Missing` if it is, or if there is none.
    pub(super) fn living(&self, id: AccountId) -> Result<Account> {
        let account = self.account(id)?.ok_or(StoreError::Missing)?;
        if self.has(&keys::erasing(id))? { Err(StoreError::Missing) } else { Ok(account) }
    }

    pub(super) fn erase(&mut self, command: EraseAccount) -> Result<Erasure> {
        let EraseAccount { account: id, limit, audit, at } = command;
        let account = self.account(id)?.ok_or(StoreError::Missing)?;
        if !self.has(&keys::erasing(id))? {
            self.begin_erasing(account, audit, at)?;
        }
        self.erase_statuses(id, limit, at)?;
        if self.statuses_of(id, 1)?.is_empty() {
            self.finish_erasing(id, at)?;
            Ok(Erasure::Done)
        } else {
            Ok(Erasure::Unfinished)
        }
    }

    /// Goes on with an erasure that was begun, by up to `limit` rows; answers how many it removed, and whether the
    /// account is gone.
    pub(super) fn go_on_erasing(&mut self, id: AccountId, limit: usize, at: Timestamp) -> Result<(usize, Erasure)> {
        if !self.has(&keys::erasing(id))? {
            return Ok((0, Erasure::Done));
        }
        let removed = self.erase_statuses(id, limit, at)?;
        if removed == limit {
            return Ok((removed, Erasure::Unfinished));
        }
        self.finish_erasing(id, at)?;
        Ok((removed + 1, Erasure::Done))
    }

    fn begin_erasing(&mut self, mut account: Account, audit: Option<AuditNote>, at: Timestamp) -> Result<()> {
        let id = account.id;
        self.put(keys::erasing(id), &at.as_micros())?;
        account.is_active = false;
        self.put_next(&mut account)?;
        for (digest, token) in self.tokens_of(id)? {
            self.remove_token(&digest, &token);
        }
        for request in self.requests_of(id)? {
            self.remove_request(&request)?;
        }
        self.end_keys(id, |_| true)?;
        self.remove_mails_of(id)?;
        self.note(at, audit)
    }

    /// Removes some statuses of an account; answers how many. No event tells of each, but the log of changes does.
    fn erase_statuses(&mut self, account: AccountId, limit: usize, at: Timestamp) -> Result<usize> {
        let statuses = self.statuses_of(account, limit)?;
        for id in &statuses {
            self.remove_status(account, *id, at)?;
        }
        Ok(statuses.len())
    }

    /// The first statuses of an account.
    fn statuses_of(&self, account: AccountId, limit: usize) -> Result<Vec<StatusId>> {
        let entries = self.scan(keys::statuses_of(account, 0..u64::MAX)).take(limit);
        let ids = entries.map(|pair| match Place::parse(&pair?.0) {
            Some(Place::StatusOfAccount(_, id)) => Ok(id),
            _ => Err(corrupt(format!("the list of statuses of account {account} has an unknown entry"))),
        });
        ids.collect()
    }

    fn finish_erasing(&mut self, id: AccountId, at: Timestamp) -> Result<()> {
        let account = self.account(id)?.ok_or(StoreError::Missing)?;
        let profile: ProfileId = self.profile_id(id)?.ok_or(StoreError::Missing)?;
        self.remove(keys::username(&account.username.key()));
        self.remove_email(&account);
        let record: Option<ProfileRecord> = self.read(&keys::profile(profile))?;
        self.move_avatar(profile, record.and_then(|record| record.avatar()), None)?;
        self.remove(keys::profile(profile));
        self.forget_profile(profile)?;
        self.remove(keys::profile_of(id));
        self.add(Meta::Profiles.key(), -1)?;
        self.rank(Ranked::Profiles, profile.get(), -1)?;
        self.remove(keys::status_count(id));
        self.remove(keys::places(id));
        self.remove(keys::account(id));
        self.remove(keys::erasing(id));
        self.tell(at, EventKind::AccountErased { account: id, profile });
        Ok(())
    }
}
