//! The data, and what every part of the store asks of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    event::{EventKind, EventPublisher},
    mail::{Mail, MailProblem},
    model::{
        Account, AccountId, AuditEntry, AuditId, AuditNote, AvatarId, Bio, Change, ChangeId, City, Digest, Email,
        KeptRequest, Network, OutboxId, ProfileId, Revision, StatusId, StatusText, Tally, ThrottleKey, Timestamp,
        TokenId, Username, UsernameKey,
    },
    store::{
        Forgive, Inconsistency, MailState, NewMailKey, NewToken, Result, Rows, Slice, Start, StoreError, Unique,
        places::{self, Places},
        query::Way,
    },
};

/// Everything that is stored. Rows that show a username look it up in `accounts`, so a rename shows at once.
#[derive(Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) profiles: BTreeMap<ProfileId, ProfileRow>,
    pub(super) statuses: BTreeMap<StatusId, StatusRow>,
    pub(super) tokens: BTreeMap<Digest, TokenRow>,
    pub(super) mail_keys: BTreeMap<Digest, Owned<NewMailKey>>,
    pub(super) outbox: BTreeMap<OutboxId, MailRow>,
    pub(super) places: BTreeMap<AccountId, Places>,
    pub(super) tallies: BTreeMap<ThrottleKey, TallyRow>,
    pub(super) audit: BTreeMap<AuditId, AuditEntry>,
    pub(super) requests: BTreeMap<Digest, RequestRow>,
    pub(super) changes: BTreeMap<ChangeId, Change>,
    /// Lines of the log of changes, if it is not the usual number.
    pub(super) changes_kept: Option<u64>,
    pub(super) last_ids: LastIds,
    pub(super) events: EventPublisher,
    pub(super) closed: bool,
}

/// The numbers that were given out last; 0 before the first. A number is never given twice, even if its row is gone.
#[derive(Default)]
pub(super) struct LastIds {
    pub(super) account: u64,
    pub(super) profile: u64,
    pub(super) status: u64,
    /// When the status of that number was posted.
    pub(super) status_at: Option<Timestamp>,
    pub(super) outbox: u64,
    pub(super) token: u64,
    pub(super) audit: u64,
    pub(super) change: u64,
}

pub(super) struct ProfileRow {
    pub(super) account: AccountId,
    pub(super) revision: Revision,
    pub(super) avatar: Option<AvatarId>,
    pub(super) bio: Bio,
    pub(super) city: City,
}

pub(super) struct StatusRow {
    pub(super) account: AccountId,
    pub(super) revision: Revision,
    pub(super) text: StatusText,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

pub(super) struct TokenRow {
    pub(super) id: TokenId,
    pub(super) account: AccountId,
    pub(super) row: NewToken,
    pub(super) created_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
}

impl TokenRow {
    pub(super) fn seen_at(&self) -> Timestamp {
        self.last_used_at.unwrap_or(self.created_at)
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.row.lifetime.expires_at(self.seen_at())
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}

/// How often something was tried, and whether the trail has told of the present wait.
pub(super) struct TallyRow {
    pub(super) tally: Tally,
    pub(super) told: bool,
    pub(super) forgotten_at: Timestamp,
}

/// A request that is remembered.
pub(super) struct RequestRow {
    pub(super) kept: KeptRequest,
    pub(super) expires_at: Timestamp,
}

/// A mail key, and whose it is.
pub(super) struct Owned<T> {
    pub(super) account: AccountId,
    pub(super) row: T,
}

pub(super) struct MailRow {
    pub(super) account: AccountId,
    pub(super) mail: Mail,
    pub(super) queued_at: Timestamp,
    /// How often it was leased.
    pub(super) attempts: u32,
    pub(super) unsure: u32,
    pub(super) state: MailState,
    /// When it is due, or its lease ends.
    pub(super) due: Timestamp,
    pub(super) problem: Option<MailProblem>,
}

/// The number after `last`, given out.
pub(super) fn next_id(last: &mut u64) -> u64 {
    *last += 1;
    *last
}

/// Refuses a write that was meant for another revision of the row.
pub(super) fn check_revision(found: Revision, expected: Revision) -> Result<()> {
    if found == expected { Ok(()) } else { Err(StoreError::Stale) }
}

/// The part of `rows` that `slice` asks for; they come in the order of the list, in which keys go `way`.
pub(super) fn cut<Key: Ord, T>(mut rows: Vec<(Key, T)>, way: Way, slice: Slice<Key>) -> Rows<T> {
    let behind = |key: &Key, other: &Key| match way {
        Way::Up => key > other,
        Way::Down => key < other,
    };
    let Slice { start, limit } = slice;
    match &start {
        Start::Skip(count) => drop(rows.drain(..usize::try_from(*count).unwrap_or(usize::MAX).min(rows.len()))),
        Start::After(last) => rows.retain(|(key, _)| behind(key, last)),
        Start::Before(first) => rows.retain(|(key, _)| behind(first, key)),
    }
    let surplus = rows.len().saturating_sub(limit);
    if matches!(start, Start::Before(_)) {
        rows.drain(..surplus);
    } else {
        rows.truncate(limit);
    }
    Rows { rows: rows.into_iter().map(|(_, row)| row).collect(), more: surplus > 0 }
}

impl State {
    pub(super) fn account_by_username(&self, key: &UsernameKey) -> Option<&Account> {
        self.accounts.values().find(|account| account.username.key() == *key)
    }

    pub(super) fn account_by_verified_email(&self, email: &Email) -> Option<&Account> {
        self.accounts.values().find(|account| account.email_verified && account.email.as_ref() == Some(email))
    }

    pub(super) fn username_of(&self, account: AccountId) -> Result<Username> {
        let row = self.accounts.get(&account).ok_or_else(|| {
            StoreError::Corrupt(Inconsistency(format!("account {account} is referred to and does not exist")))
        })?;
        Ok(row.username.clone())
    }

    pub(super) fn profile_id_of(&self, account: AccountId) -> Result<ProfileId> {
        let found = self.profiles.iter().find(|(_, row)| row.account == account);
        let (id, _) = found
            .ok_or_else(|| StoreError::Corrupt(Inconsistency(format!("account {account} does not have a profile"))))?;
        Ok(*id)
    }

    /// Refuses secrets that are there already, or that stand in the list twice.
    pub(super) fn check_tokens_are_new(&self, tokens: &[NewToken]) -> Result<()> {
        let mut seen = BTreeSet::new();
        let new = tokens.iter().all(|token| !self.tokens.contains_key(&token.digest) && seen.insert(token.digest));
        if new { Ok(()) } else { Err(StoreError::Taken(Unique::Secret)) }
    }

    /// Keeps tokens that were checked to be new.
    pub(super) fn keep_tokens(&mut self, account: AccountId, tokens: Vec<NewToken>, at: Timestamp) {
        for row in tokens {
            let id = TokenId::new(next_id(&mut self.last_ids.token));
            self.tokens.insert(row.digest, TokenRow { id, account, row, created_at: at, last_used_at: None });
        }
    }

    /// Adds a line to the trail, if there is one.
    pub(super) fn note(&mut self, at: Timestamp, note: Option<AuditNote>) {
        if let Some(note) = note {
            let id = AuditId::new(next_id(&mut self.last_ids.audit));
            self.audit.insert(id, AuditEntry { id, at, note });
        }
    }

    /// Forgets tries that turned out right.
    pub(super) fn forgive(&mut self, tries: &[Forgive]) {
        for forgiven in tries {
            match forgiven {
                Forgive::All(key) => drop(self.tallies.remove(key)),
                Forgive::One(key) => {
                    if let Some(row) = self.tallies.get_mut(key) {
                        row.tally.count = row.tally.count.saturating_sub(1);
                    }
                }
            }
        }
    }

    /// Ends this session if it is another account's.
    pub(super) fn end_former(&mut self, former: Option<Digest>, account: AccountId, at: Timestamp) {
        let Some(former) = former else { return };
        if self.tokens.get(&former).is_some_and(|token| token.account != account) {
            self.end_token(&former, at);
        }
    }

    /// Ends a token, if it is there and is not over anyway.
    pub(super) fn end_token(&mut self, digest: &Digest, at: Timestamp) -> Option<TokenRow> {
        self.tokens.get(digest).filter(|token| !token.is_over(at))?;
        let token = self.tokens.remove(digest)?;
        self.events.publish(at, EventKind::LoggedOut { account: token.account, kind: token.row.kind });
        Some(token)
    }

    /// Notes a place; answers whether it is new, while others were known.
    pub(super) fn is_new_place(&mut self, account: AccountId, place: Option<Network>, at: Timestamp) -> bool {
        let Some(place) = place else { return false };
        places::remember(self.places.entry(account).or_default(), place, at)
    }
}
