//! Finding what does not fit.
//!
//! Every pair is looked at once, in the order of keys, and everything it says is compared with what else there is: a
//! record with its index entries, an index entry with its record. Both ways, so that neither can be missing unseen.

use super::{
    audit::{entry, listed_for},
    codec,
    engine::{Pair, View},
    keys::{self, Expiring, Meta, Space},
    marker::FORMAT,
    place::Place,
    rank::Recount,
    record::{
        AccountRecord, AuditRecord, ChangeRecord, MailKeyRecord, OutboxRecord, PlacesRecord, ProfileRecord, RankRecord,
        RequestRecord, StatusRecord, ThrottleRecord, TokenRecord,
    },
    rows::{Rows as _, corrupt},
    search::{TextsRecord, check_chunk, check_postings, check_profile, check_texts, chunk_of},
};
use crate::{
    model::{
        Account, AccountId, AuditEntry, AuditId, ChangeId, Digest, OutboxId, ProfileId, StatusId, ThrottleKey,
        Timestamp,
    },
    store::{Inconsistency, Result, StoreError},
};

/// Everything that does not fit, in no order that matters; what can't be read is among it.
pub(super) fn inconsistencies(view: &dyn View) -> Vec<Inconsistency> {
    let mut check = Check { view, found: Vec::new(), tally: Tally::default() };
    // Beyond every space: a key of 64 times 255 is nobody's.
    for pair in view.scan(Vec::new()..vec![u8::MAX; 64]) {
        let outcome = match pair {
            Ok(pair) => check.pair(&pair),
            Err(error) => {
                check.note(error);
                break;
            }
        };
        if let Err(error) = outcome {
            check.note(error);
        }
    }
    if let Err(error) = check.counters() {
        check.note(error);
    }
    check.found.sort();
    check.found.dedup();
    check.found
}

struct Check<'a> {
    view: &'a dyn View,
    found: Vec<Inconsistency>,
    tally: Tally,
}

/// What was seen, to be compared with the counters.
#[derive(Default)]
struct Tally {
    profiles: u64,
    statuses: u64,
    highest_account: u64,
    highest_profile: u64,
    highest_status: u64,
    highest_outbox: u64,
    highest_token: u64,
    highest_audit: u64,
    /// When the last status was posted, as a number.
    last_status_at: u64,
    status_ranks: Recount,
    profile_ranks: Recount,
    /// The chunk of the search index that was looked at last.
    last_chunk: Option<u64>,
    changes: u64,
    highest_change: u64,
}

impl Check<'_> {
    fn note(&mut self, error: StoreError) {
        self.found.push(match error {
            StoreError::Corrupt(what) => what,
            other => Inconsistency(other.to_string()),
        });
    }

    fn expect(&mut self, fits: bool, otherwise: impl FnOnce() -> String) {
        if !fits {
            self.found.push(Inconsistency(otherwise()));
        }
    }

    fn tell(&mut self, found: impl IntoIterator<Item = String>) {
        self.found.extend(found.into_iter().map(Inconsistency));
    }

    fn pair(&mut self, (key, value): &Pair) -> Result<()> {
        let what = Place::describe(key);
        let Some(parsed) = Place::parse(key) else { return Err(corrupt(format!("{what} is not known"))) };
        match parsed {
            Place::Meta(Meta::Format) => {
                let format: u64 = codec::decode(key, value)?;
                self.expect(format == FORMAT, || format!("{what} is {format} and not {FORMAT}"));
            }
            Place::Meta(_) => drop(codec::decode::<u64>(key, value)?),
            Place::Account(id) => {
                let record: AccountRecord = codec::decode(key, value)?;
                self.account(&record.into_account(id))?;
            }
            Place::Username(name) => {
                let account = self.named_by(key, value)?;
                self.expect(account.username.key().as_str() == name, || {
                    format!("{what} names account {}, which has another", account.id)
                });
            }
            Place::VerifiedEmail(address) => {
                let account = self.named_by(key, value)?;
                let fits = account.email_verified && account.email.is_some_and(|email| email.as_str() == address);
                self.expect(fits, || format!("{what} names account {}, which has not verified it", account.id));
            }
            Place::Email(address, id) => {
                codec::decode::<()>(key, value)?;
                let account = self.owner(&what, id)?;
                let fits = account.email.is_some_and(|email| email.as_str() == address);
                self.expect(fits, || format!("{what} has another address than the account"));
            }
            Place::Profile(id) => self.profile(id, codec::decode(key, value)?)?,
            Place::ProfileOfAccount(account) => self.own_profile(&what, account, codec::decode(key, value)?)?,
            Place::Status(id) => self.status(id, &codec::decode(key, value)?)?,
            Place::StatusOfAccount(account, id) => {
                codec::decode::<()>(key, value)?;
                self.listed_status(&what, account, id)?;
            }
            Place::StatusCount(account) => self.status_count(&what, account, codec::decode(key, value)?)?,
            Place::Token(digest) => self.token(&what, &digest, &codec::decode(key, value)?)?,
            Place::TokenOfAccount(account, digest) => {
                codec::decode::<()>(key, value)?;
                let record: Option<TokenRecord> = self.view.read(&keys::token(&digest))?;
                let fits = record.is_some_and(|record| record.account() == account);
                self.expect(fits, || format!("{what} names a token that is not theirs"));
            }
            Place::MailKey(digest) => self.mail_key(&what, &digest, &codec::decode(key, value)?)?,
            Place::Outbox(id) => self.mail(id, &codec::decode(key, value)?)?,
            Place::OutboxDue(at, id) => self.due_mail(&what, at, id, codec::decode(key, value)?)?,
            Place::OutboxOfAccount(account, id) => {
                codec::decode::<()>(key, value)?;
                self.mail_of_account(&what, account, id)?;
            }
            Place::Expiry(at, expiring, digest) => {
                codec::decode::<()>(key, value)?;
                let fits = self.expires(at, expiring, &digest)?;
                self.expect(fits, || format!("{what} names nothing that expires then"));
            }
            Place::MailKeyOfAccount(account, digest) => {
                codec::decode::<()>(key, value)?;
                let record: Option<MailKeyRecord> = self.view.read(&keys::mail_key(&digest))?;
                let fits = record.is_some_and(|record| record.account() == account);
                self.expect(fits, || format!("{what} names a mail key that is not theirs"));
            }
            Place::Throttle(throttle) => self.throttle(&what, &throttle, &codec::decode(key, value)?)?,
            Place::Places(account) => {
                codec::decode::<PlacesRecord>(key, value)?;
                self.owner(&what, account)?;
            }
            Place::Audit(id) => self.line(&what, &entry(id, codec::decode(key, value)?)?)?,
            Place::AuditOfAccount(account, id) => {
                codec::decode::<()>(key, value)?;
                let fits = self.concerns(id, account)?;
                self.expect(fits, || format!("{what} names a line that is not about them"));
            }
            Place::AvatarUse(digest, id) => {
                codec::decode::<()>(key, value)?;
                self.avatar_use(&what, digest, id)?;
            }
            Place::Erasing(id) => {
                codec::decode::<i64>(key, value)?;
                self.erasing(&what, id)?;
            }
            node @ (Place::StatusRank(..) | Place::ProfileRank(..)) => {
                self.node(&what, &node, &codec::decode(key, value)?);
            }
            Place::SearchTexts(at) => self.searched(&what, at, &codec::decode(key, value)?)?,
            Place::Postings(gram, chunk) => {
                self.tell(check_postings(self.view, gram, chunk, &codec::decode(key, value)?)?);
            }
            Place::Request(request) => self.request(&what, &request, &codec::decode(key, value)?)?,
            Place::RequestOfAccount(account, at, request) => {
                codec::decode::<()>(key, value)?;
                let fits = self.is_request_of(account, at, &request)?;
                self.expect(fits, || format!("{what} names a request that is not theirs"));
            }
            Place::Change(number) => self.change(number, &codec::decode(key, value)?),
        }
        Ok(())
    }

    fn throttle(&mut self, what: &str, throttle: &ThrottleKey, record: &ThrottleRecord) -> Result<()> {
        let expiry = keys::expiry(record.forgotten_at(), Expiring::Throttle, throttle.digest());
        let swept = self.view.has(&expiry)?;
        self.expect(swept, || format!("{what} will never be swept"));
        Ok(())
    }

    fn erasing(&mut self, what: &str, id: AccountId) -> Result<()> {
        let account = self.owner(what, id)?;
        self.expect(!account.is_active, || format!("account {id} is being erased, and is active"));
        Ok(())
    }

    /// A node of a counted index; all rows come before it.
    fn node(&mut self, what: &str, place: &Place, node: &RankRecord) {
        let counted = match place {
            Place::StatusRank(level, block) => self.tally.status_ranks.take(*level, *block),
            Place::ProfileRank(level, block) => self.tally.profile_ranks.take(*level, *block),
            _ => None,
        };
        self.expect(counted.as_ref() == Some(node), || format!("{what} is off"));
    }

    fn account(&mut self, account: &Account) -> Result<()> {
        let id = account.id;
        self.tally.highest_account = self.tally.highest_account.max(id.get());
        let named = self.points_to(&keys::username(&account.username.key()), id.get())?;
        self.expect(named, || format!("account {id} can't be found by its username"));
        if let Some(email) = &account.email {
            let listed = self.view.has(&keys::email(email, id))?;
            self.expect(listed, || format!("account {id} can't be found by its address"));
            let verified = !account.email_verified || self.points_to(&keys::verified_email(email), id.get())?;
            self.expect(verified, || format!("account {id} can't be found by its verified address"));
        }
        let profile = self.view.has(&keys::profile_of(id))?;
        self.expect(profile, || format!("account {id} has no profile"));
        Ok(())
    }

    fn profile(&mut self, id: ProfileId, record: ProfileRecord) -> Result<()> {
        self.tally.profiles += 1;
        self.tally.highest_profile = self.tally.highest_profile.max(id.get());
        self.tally.profile_ranks.count(id.get());
        let account = record.account();
        let listed = self.points_to(&keys::profile_of(account), id.get())?;
        self.expect(listed, || format!("profile {id} can't be found by its account {account}"));
        if let Some(avatar) = record.avatar() {
            let used = self.view.has(&keys::avatar_use(avatar, id))?;
            self.expect(used, || format!("the picture of profile {id} counts as nobody's"));
        }
        let owner = self.owner(&format!("profile {id}"), account)?;
        self.tell(check_profile(self.view, &record.into_profile(id, owner.username))?);
        Ok(())
    }

    fn searched(&mut self, what: &str, at: ProfileId, texts: &TextsRecord<'_>) -> Result<()> {
        self.tell(check_texts(self.view, what, at, texts)?);
        // The postings are of all sheets of a chunk.
        let chunk = chunk_of(at);
        if self.tally.last_chunk.replace(chunk) != Some(chunk) {
            self.tell(check_chunk(self.view, chunk)?);
        }
        Ok(())
    }

    /// What the index says is the profile of this account.
    fn own_profile(&mut self, what: &str, account: AccountId, id: u64) -> Result<()> {
        self.owner(what, account)?;
        let record: Option<ProfileRecord> = self.view.read(&keys::profile(ProfileId::new(id)))?;
        let fits = record.is_some_and(|record| record.account() == account);
        self.expect(fits, || format!("{what} names profile {id}, which is not its own"));
        Ok(())
    }

    fn avatar_use(&mut self, what: &str, digest: [u8; 32], id: ProfileId) -> Result<()> {
        let record: Option<ProfileRecord> = self.view.read(&keys::profile(id))?;
        let shown = record.and_then(|record| record.avatar());
        let fits = shown.is_some_and(|avatar| avatar.digest == digest);
        self.expect(fits, || format!("{what} names a picture that it does not show"));
        Ok(())
    }

    fn status(&mut self, id: StatusId, record: &StatusRecord) -> Result<()> {
        self.tally.statuses += 1;
        self.tally.highest_status = self.tally.highest_status.max(id.get());
        self.tally.status_ranks.count(id.get());
        let posted_at = keys::moment_number(record.created_at());
        let late = posted_at >= self.tally.last_status_at;
        self.expect(late, || format!("status {id} was posted before the one before it"));
        self.tally.last_status_at = self.tally.last_status_at.max(posted_at);
        let account = record.account();
        let listed = self.view.has(&keys::status_of(account, id))?;
        self.expect(listed, || format!("status {id} is not in the list of its account {account}"));
        let profile = self.points_to(&keys::profile_of(account), record.profile().get())?;
        self.expect(profile, || format!("status {id} stands under another profile than its account's"));
        self.owner(&format!("status {id}"), account).map(drop)
    }

    fn listed_status(&mut self, what: &str, account: AccountId, id: StatusId) -> Result<()> {
        let record: Option<StatusRecord> = self.view.read(&keys::status(id))?;
        let fits = record.is_some_and(|record| record.account() == account);
        self.expect(fits, || format!("{what} names a status that is not theirs"));
        let counted = self.view.has(&keys::status_count(account))?;
        self.expect(counted, || format!("account {account} has statuses that are not counted"));
        Ok(())
    }

    fn status_count(&mut self, what: &str, account: AccountId, count: u64) -> Result<()> {
        let mut listed = 0_u64;
        for pair in self.view.scan(keys::statuses_of(account, 0..u64::MAX)) {
            pair?;
            listed += 1;
        }
        self.expect(listed == count, || format!("{what} is {count}, and there are {listed}"));
        self.owner(what, account).map(drop)
    }

    fn token(&mut self, what: &str, digest: &Digest, record: &TokenRecord) -> Result<()> {
        let account = record.account();
        self.tally.highest_token = self.tally.highest_token.max(record.id().get());
        let listed = self.view.has(&keys::token_of(account, digest))?;
        self.expect(listed, || format!("{what} is not in the list of its account {account}"));
        if let Some(at) = record.expires_at() {
            let swept = self.view.has(&keys::expiry(at, record.kind().into(), digest))?;
            self.expect(swept, || format!("{what} of account {account} will never be swept"));
        }
        self.owner(what, account).map(drop)
    }

    fn mail_key(&mut self, what: &str, digest: &Digest, record: &MailKeyRecord) -> Result<()> {
        let account = record.account();
        let listed = self.view.has(&keys::mail_key_of(account, digest))?;
        self.expect(listed, || format!("{what} is not in the list of its account {account}"));
        let swept = self.view.has(&keys::expiry(record.expires_at(), Expiring::MailKey, digest))?;
        self.expect(swept, || format!("{what} of account {account} will never be swept"));
        self.owner(what, account).map(drop)
    }

    /// That it can be read is all that a line of the log says by itself; its account may be gone.
    fn change(&mut self, number: ChangeId, _: &ChangeRecord) {
        self.tally.changes += 1;
        self.tally.highest_change = self.tally.highest_change.max(number.get());
    }

    fn request(&mut self, what: &str, key: &Digest, record: &RequestRecord) -> Result<()> {
        let (account, at) = (record.account(), record.expires_at());
        let listed = self.view.has(&keys::request_of(account, at, key))?;
        self.expect(listed, || format!("{what} is not in the list of its account {account}"));
        let swept = self.view.has(&keys::expiry(at, Expiring::Request, key))?;
        self.expect(swept, || format!("{what} of account {account} will never be swept"));
        self.owner(what, account).map(drop)
    }

    fn is_request_of(&self, account: AccountId, at: Timestamp, key: &Digest) -> Result<bool> {
        let record: Option<RequestRecord> = self.view.read(&keys::request(key))?;
        Ok(record.is_some_and(|record| record.account() == account && record.expires_at() == at))
    }

    fn line(&mut self, what: &str, entry: &AuditEntry) -> Result<()> {
        self.tally.highest_audit = self.tally.highest_audit.max(entry.id.get());
        for account in listed_for(&entry.note) {
            let listed = self.view.has(&keys::audit_of(account, entry.id))?;
            self.expect(listed, || format!("{what} is not in the list of account {account}"));
        }
        Ok(())
    }

    /// Whether there is such a line and it belongs in this account's list. The account may be gone: lines outlive it.
    fn concerns(&self, id: AuditId, account: AccountId) -> Result<bool> {
        let record: Option<AuditRecord> = self.view.read(&keys::audit(id))?;
        let Some(record) = record else { return Ok(false) };
        Ok(entry(id, record)?.note.concerns(account))
    }

    fn due_mail(&mut self, what: &str, at: Timestamp, id: OutboxId, held: bool) -> Result<()> {
        let record: Option<OutboxRecord> = self.view.read(&keys::outbox(id))?;
        let fits = record.is_some_and(|record| record.due() == Some(at) && record.is_held() == held);
        self.expect(fits, || format!("{what} names a mail that is not due then"));
        Ok(())
    }

    fn mail_of_account(&mut self, what: &str, account: AccountId, id: OutboxId) -> Result<()> {
        let record: Option<OutboxRecord> = self.view.read(&keys::outbox(id))?;
        let fits = record.is_some_and(|record| record.account() == account);
        self.expect(fits, || format!("{what} names a mail that is not theirs"));
        Ok(())
    }

    fn mail(&mut self, id: OutboxId, record: &OutboxRecord) -> Result<()> {
        self.tally.highest_outbox = self.tally.highest_outbox.max(id.get());
        let account = record.account();
        let listed = self.view.has(&keys::outbox_of(account, id))?;
        self.expect(listed, || format!("mail {id} is not in the list of its account {account}"));
        if let Some(due) = record.due() {
            let leased = self.view.has(&keys::outbox_due(due, id))?;
            self.expect(leased, || format!("mail {id} will never be sent"));
        }
        self.owner(&format!("mail {id}"), account).map(drop)
    }

    fn expires(&self, at: Timestamp, what: Expiring, digest: &Digest) -> Result<bool> {
        Ok(match what {
            Expiring::MailKey => {
                let record: Option<MailKeyRecord> = self.view.read(&keys::mail_key(digest))?;
                record.is_some_and(|record| record.expires_at() == at)
            }
            Expiring::Throttle => {
                let key = keys::throttle(&ThrottleKey::from_digest(*digest));
                let record: Option<ThrottleRecord> = self.view.read(&key)?;
                record.is_some_and(|record| record.forgotten_at() == at)
            }
            Expiring::Request => {
                let record: Option<RequestRecord> = self.view.read(&keys::request(digest))?;
                record.is_some_and(|record| record.expires_at() == at)
            }
            Expiring::ApiToken | Expiring::Session | Expiring::PersonalToken => {
                let record: Option<TokenRecord> = self.view.read(&keys::token(digest))?;
                record.is_some_and(|record| record.expires_at() == Some(at) && Expiring::from(record.kind()) == what)
            }
        })
    }

    /// Totals that are off, and ids that would be given out again.
    fn counters(&mut self) -> Result<()> {
        let (profiles, statuses) = (self.tally.profiles, self.tally.statuses);
        for (meta, there) in [(Meta::Profiles, profiles), (Meta::Statuses, statuses)] {
            let count = self.view.count(&meta.key())?;
            self.expect(count == there, || format!("the count of {} is {count}, and there are {there}", meta.name()));
        }
        for (meta, highest) in [
            (Meta::LastAccount, self.tally.highest_account),
            (Meta::LastProfile, self.tally.highest_profile),
            (Meta::LastStatus, self.tally.highest_status),
            (Meta::LastOutbox, self.tally.highest_outbox),
            (Meta::LastToken, self.tally.highest_token),
            (Meta::LastAudit, self.tally.highest_audit),
            (Meta::LastStatusAt, self.tally.last_status_at),
            (Meta::LastChange, self.tally.highest_change),
        ] {
            let last = self.view.count(&meta.key())?;
            self.expect(last >= highest, || format!("{} is {last}, and there is a {highest}", meta.name()));
        }
        let missing = |space, (level, block)| Place::describe(&keys::rank(space, level, block)) + " is missing";
        let statuses = self.tally.status_ranks.left().map(|node| missing(Space::StatusRank, node));
        let profiles = self.tally.profile_ranks.left().map(|node| missing(Space::ProfileRank, node));
        self.found.extend(statuses.chain(profiles).map(Inconsistency));
        let (last, forgotten) =
            (self.view.count(&Meta::LastChange.key())?, self.view.count(&Meta::ForgottenChanges.key())?);
        let (lines, expected) = (self.tally.changes, last.saturating_sub(forgotten));
        self.expect(lines == expected, || format!("the log of changes has {lines} lines instead of {expected}"));
        let format = self.view.has(&Meta::Format.key())?;
        self.expect(format, || "the format is not noted".to_owned());
        Ok(())
    }

    fn points_to(&self, key: &[u8], number: u64) -> Result<bool> {
        let found: Option<u64> = self.view.read(key)?;
        Ok(found == Some(number))
    }

    /// The account that an index entry names.
    fn named_by(&self, key: &[u8], value: &[u8]) -> Result<Account> {
        self.owner(&Place::describe(key), AccountId::new(codec::decode(key, value)?))
    }

    fn owner(&self, what: &str, account: AccountId) -> Result<Account> {
        let found = self.view.account(account)?;
        found.ok_or_else(|| corrupt(format!("{what} names account {account}, which does not exist")))
    }
}
