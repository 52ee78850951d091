//! Writing all rows.

use crate::{
    model::{Account, AccountId},
    store::{
        AccountRow, ErasureRow, MailKeyRow, Numbers, ProfileRow, Record, RequestRow, Result, StatusRow, StoreError,
        TallyRow, TokenRow,
        sled::{
            audit::listed_for,
            engine::View as _,
            keys::{self, Expiring, Meta, Space},
            place::Place,
            record::{
                AuditRecord, ChangeRecord, MailKeyRecord, OutboxRecord, PlacesRecord, ProfileRecord, RequestRecord,
                StatusRecord, ThrottleRecord, TokenRecord,
            },
            rows::Rows as _,
            transaction::Transaction,
        },
        transfer::{no_account, unfit},
    },
};

impl Transaction<'_> {
    /// # Errors
    /// `NotEmpty` if anything was ever written to the database.
    pub(super) fn check_is_empty(&self) -> Result<()> {
        let untouched = self.keys_but_of_the_store(1)?.is_empty() && !self.has(&Meta::Importing.key())?;
        if untouched { Ok(()) } else { Err(StoreError::NotEmpty) }
    }

    /// Removes up to `limit` keys of what was taken; answers whether there may be more.
    pub(super) fn clear_some(&mut self, limit: usize) -> Result<bool> {
        let keys = self.keys_but_of_the_store(limit)?;
        let more = keys.len() == limit;
        for key in keys {
            self.remove(key);
        }
        Ok(more)
    }

    /// The first keys that say anything but what an empty database says.
    fn keys_but_of_the_store(&self, limit: usize) -> Result<Vec<Vec<u8>>> {
        let own = [Meta::Format.key(), Meta::Commits.key(), Meta::Importing.key()];
        let keys = self.scan(keys::everything()).map(|pair| pair.map(|(key, _)| key.to_vec()));
        keys.filter(|key| key.as_ref().map_or(true, |key| !own.contains(key))).take(limit).collect()
    }

    /// Writes a record that comes in its order, with its index entries, but for those that are made when all is there:
    /// the counted indexes and the search.
    pub(super) fn take(&mut self, record: Record) -> Result<()> {
        match record {
            Record::Account(row) => self.take_account(row),
            Record::Profile(row) => self.take_profile(&row),
            Record::Status(row) => self.take_status(&row),
            Record::Token(row) => self.take_token(&row),
            Record::MailKey(row) => self.take_mail_key(&row),
            Record::Request(row) => self.take_request(&row),
            Record::Mail(entry) => {
                let (id, account) = (entry.id, entry.account);
                self.owner_of(&Place::describe(&keys::outbox(id)), account)?;
                self.mark(keys::outbox_of(account, id))?;
                self.put_mail(id, &OutboxRecord::of(entry))
            }
            Record::Tally(row) => self.take_tally(&row),
            Record::Audit(entry) => {
                for account in listed_for(&entry.note) {
                    self.mark(keys::audit_of(account, entry.id))?;
                }
                self.put(keys::audit(entry.id), &AuditRecord::new(entry.at, &entry.note))
            }
            Record::Change(change) => {
                if self.count(&Meta::ForgottenChanges.key())? == 0 && change.number.get() > 1 {
                    let first = self.scan(Space::Change.range()).next().is_none();
                    if first {
                        self.put(Meta::ForgottenChanges.key(), &(change.number.get() - 1))?;
                    }
                }
                let record = ChangeRecord::new(change.at, change.kind, change.status, change.account);
                self.put(keys::change(change.number), &record)
            }
            Record::Erasure(ErasureRow { account, begun_at }) => {
                self.owner_of(&format!("the erasure of account {account}"), account)?;
                self.put(keys::erasing(account), &begun_at.as_micros())
            }
            Record::Numbers(numbers) => self.take_numbers(&numbers),
        }
    }

    /// The account of a row.
    fn owner_of(&self, what: &str, id: AccountId) -> Result<Account> {
        self.account(id)?.ok_or_else(|| no_account(&what, id))
    }

    fn take_account(&mut self, row: AccountRow) -> Result<()> {
        let AccountRow { account, places } = row;
        let id = account.id;
        let name = keys::username(&account.username.key());
        if self.has(&name)? {
            return Err(unfit(format!("account {id} has the name of another")));
        }
        self.put(name, &id.get())?;
        if let Some(email) = &account.email {
            self.mark(keys::email(email, id))?;
            if account.email_verified {
                let verified = keys::verified_email(email);
                if self.has(&verified)? {
                    return Err(unfit(format!("account {id} has the verified address of another")));
                }
                self.put(verified, &id.get())?;
            }
        }
        if !places.is_empty() {
            self.put(keys::places(id), &PlacesRecord::of(places))?;
        }
        self.put_account(&account)
    }

    fn take_profile(&mut self, row: &ProfileRow) -> Result<()> {
        let ProfileRow { id, account, .. } = *row;
        self.owner_of(&format!("profile {id}"), account)?;
        if self.has(&keys::profile_of(account))? {
            return Err(unfit(format!("account {account} has another profile than {id}")));
        }
        self.put(keys::profile_of(account), &id.get())?;
        self.move_avatar(id, None, row.avatar)?;
        self.add(Meta::Profiles.key(), 1)?;
        self.put(keys::profile(id), &ProfileRecord::from_row(row))
    }

    fn take_status(&mut self, row: &StatusRow) -> Result<()> {
        let StatusRow { id, account, .. } = *row;
        let profile = self.profile_id(account)?.ok_or_else(|| no_account(&format!("status {id}"), account))?;
        self.mark(keys::status_of(account, id))?;
        self.add(keys::status_count(account), 1)?;
        self.add(Meta::Statuses.key(), 1)?;
        self.put(keys::status(id), &StatusRecord::from_row(row, profile))
    }

    fn take_token(&mut self, row: &TokenRow) -> Result<()> {
        self.owner_of(&format!("token {}", row.id), row.account)?;
        let record = TokenRecord::from_row(row);
        self.mark(keys::token_of(row.account, &row.digest))?;
        if let Some(at) = record.expires_at() {
            self.mark(keys::expiry(at, row.kind.into(), &row.digest))?;
        }
        self.put(keys::token(&row.digest), &record)
    }

    fn take_mail_key(&mut self, row: &MailKeyRow) -> Result<()> {
        let MailKeyRow { digest, account, expires_at, .. } = *row;
        self.owner_of("a mail key", account)?;
        self.mark(keys::mail_key_of(account, &digest))?;
        self.mark(keys::expiry(expires_at, Expiring::MailKey, &digest))?;
        self.put(keys::mail_key(&digest), &MailKeyRecord::new(account, row.to_new()))
    }

    fn take_request(&mut self, row: &RequestRow) -> Result<()> {
        let RequestRow { key, account, status, expires_at, .. } = *row;
        self.owner_of("a request", account)?;
        self.mark(keys::request_of(account, expires_at, &key))?;
        self.mark(keys::expiry(expires_at, Expiring::Request, &key))?;
        self.put(keys::request(&key), &RequestRecord::new(account, status, row.to_new()))
    }

    fn take_tally(&mut self, row: &TallyRow) -> Result<()> {
        self.mark(keys::expiry(row.forgotten_at, Expiring::Throttle, row.key.digest()))?;
        let mut record = ThrottleRecord::new(row.tally(), row.forgotten_at);
        record.told = row.told;
        self.put(keys::throttle(&row.key), &record)
    }

    fn take_numbers(&mut self, numbers: &Numbers) -> Result<()> {
        let Numbers { account, profile, status, status_at, token, mail, audit, change } = *numbers;
        for (meta, number) in [
            (Meta::LastAccount, account),
            (Meta::LastProfile, profile),
            (Meta::LastStatus, status),
            (Meta::LastToken, token),
            (Meta::LastOutbox, mail),
            (Meta::LastAudit, audit),
            (Meta::LastChange, change),
        ] {
            // As if it was never moved.
            if number > 0 {
                self.put(meta.key(), &number)?;
            }
        }
        if change > 0 && self.scan(Space::Change.range()).next().is_none() {
            self.put(Meta::ForgottenChanges.key(), &change)?;
        }
        status_at.map_or(Ok(()), |at| self.put(Meta::LastStatusAt.key(), &keys::moment_number(at)))
    }
}
