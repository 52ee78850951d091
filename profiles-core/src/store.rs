//! The boundary to whatever keeps the data.
//!
//! One method is one atomic step, durable when it returns `Ok`. Writes are commands: plain values that say all that is
//! to happen, so that a key-value store can make them one batch and a database one transaction. A store keeps unique
//! things unique and pairs of things together; it never hashes, sends, decides a permission or reads a clock.
//!
//! The same query has the same answer, in the same order, on every store: `profiles_core::testkit` is the suite that
//! holds them to it, and the place to start when writing one.

mod command;
mod delegate;
mod memory;
mod places;
mod query;
mod recognition;
#[cfg(feature = "sled")]
pub mod sled;
mod transfer;

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;

pub use self::{
    command::{
        AccountChange, Admission, Attempt, ConfirmEmail, EmailConfirmation, EndTokens, EraseAccount, Erasure, Forgive,
        IssueToken, KeyToSend, LogIn, NewMailKey, NewToken, Posted, ProfileChange, Register, Registered, RenewSession,
        ResetPassword, Revoke, SendKeys, SetPassword, Which,
    },
    delegate::Delegate,
    memory::MemoryStore,
    places::remember as remember_place,
    query::{
        AuditFilter, Changes, ProfileFilter, ProfileOrder, ProfilePosition, Rows, Slice, Start, StatusFilter,
        StatusOrder, folded,
    },
    recognition::{Found, Recognition, Wanted},
    transfer::{
        AccountRow, ErasureRow, MailKeyRow, Numbers, Order, ProfileRow, Record, RequestRow, StatusRow, TallyRow,
        TokenRow, Transfer,
    },
};
use crate::{
    event::EventStream,
    mail::{Mail, MailProblem},
    model::{
        Account, AccountId, AuditEntry, AuditId, AuditNote, AvatarId, ChangeId, Digest, Email, KeptRequest, Network,
        NewRequest, OutboxId, PendingKey, Principal, Profile, ProfileId, Revision, Stamp, Status, StatusId, StatusText,
        Timestamp, Token, UsernameKey,
    },
};

/// What must be unique, and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The canonical username.
    Username,
    /// A verified e-mail address.
    VerifiedEmail,
    /// The key of a request that is remembered.
    Request,
    /// A token, session id or mail key. 128 random bits do not collide: this is a broken source of randomness.
    Secret,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another row has it already.
    #[error("{0:?} is taken")]
    Taken(Unique),
    /// There is no such row.
    #[error("no such row")]
    Missing,
    /// There are as many as there may be.
    #[error("there are as many as there may be")]
    Full,
    /// The row changed since it was read: read it again.
    #[error("the row changed since it was read")]
    Stale,
    /// There is something in it already, and there must not be.
    #[error("the store is not empty")]
    NotEmpty,
    /// These rows do not fit each other, or come in another order than rows do. Nothing was kept of them.
    #[error("these rows do not fit: {0}")]
    Unfit(Inconsistency),
    /// Too many writes wait; try again in a moment. Nothing was written.
    #[error("too many writes wait")]
    Busy,
    /// The store can't work now. A write may or may not have been done.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// What is stored contradicts itself or can't be read.
    #[error("stored data is damaged: {0}")]
    Corrupt(Inconsistency),
}

impl StoreError {
    /// An [`StoreError::Unavailable`] with this cause.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// Two things in a store, or on their way into one, that do not fit, told so that an operator can find them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inconsistency(pub String);

impl std::fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A mail that was leased: its holder sends it, then calls [`Jobs::finish`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its number.
    pub id: OutboxId,
    /// What to send.
    pub mail: Mail,
    /// How many leases it has had, this one included.
    pub attempt: u32,
    /// How many attempts ended so that nobody knows whether it arrived.
    pub unsure: u32,
    /// When it was put into the outbox.
    pub queued_at: Timestamp,
}

/// What came of an attempt to send a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// Somebody else answers for it now: it is forgotten.
    Sent,
    /// It comes back.
    Later {
        /// When.
        at: Timestamp,
        /// Why it did not go out.
        why: MailProblem,
        /// Whether it may have arrived all the same: the connection broke after the text was handed over.
        unsure: bool,
    },
    /// It is a dead letter: kept for an operator to see, and never leased.
    Dead {
        /// Why it can't go out.
        why: MailProblem,
    },
}

/// How it stands with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It is leased when it is due.
    Waiting,
    /// It is leased; if nobody finishes it, it is due again when the lease ends.
    Held,
    /// It is a dead letter.
    Dead,
}

/// A mail in the outbox, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its number.
    pub id: OutboxId,
    /// Whose it is. The mail goes when the account does.
    pub account: AccountId,
    /// What it says.
    pub mail: Mail,
    /// How it stands with it.
    pub state: MailState,
    /// How many leases it has had.
    pub attempts: u32,
    /// How many attempts ended so that nobody knows whether it arrived.
    pub unsure: u32,
    /// When it is due, or its lease ends; of a dead letter, the end of its last lease.
    pub due: Timestamp,
    /// What became of its last attempt.
    pub problem: Option<MailProblem>,
    /// When it was put into the outbox.
    pub queued_at: Timestamp,
}

/// Accounts: who exists.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Makes an account, its profile, first tokens and mails.
    ///
    /// # Atomicity
    /// All or nothing. Of many at once for one name, one wins.
    /// # Errors
    /// [`StoreError::Taken`]: the key of the request, before all else; the name; or the address, if another account has
    /// verified it.
    async fn register(&self, command: Register) -> Result<Registered>;

    /// The account with this id.
    async fn account(&self, id: AccountId) -> Result<Option<Account>>;

    /// The account with this name, case ignored.
    async fn account_by_username(&self, key: &UsernameKey) -> Result<Option<Account>>;

    /// The account that has verified this address.
    async fn account_by_verified_email(&self, email: &Email) -> Result<Option<Account>>;

    /// Accounts with this address, verified or not, at most `limit`.
    ///
    /// # Order
    /// By id, ascending.
    async fn accounts_by_email(&self, email: &Email, limit: usize) -> Result<Vec<Account>>;

    /// Accounts after `after`, at most `limit`.
    ///
    /// # Order
    /// By id, ascending.
    async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>>;

    /// Changes an account. Deactivating it leaves its tokens in place: they are refused, and work again if it is
    /// activated again, as in Django.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if its revision is not `expected`; [`StoreError::Taken`].
    async fn update_account(
        &self,
        id: AccountId,
        expected: Revision,
        change: AccountChange,
        stamp: Stamp,
    ) -> Result<Account>;

    /// Replaces a password, and ends what the command says and every mailed key that could reset it or change the address,
    /// in the same step. A session that the command renews goes on.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if its revision is not the expected one; [`StoreError::Taken`] if
    /// the secret of the renewed session is there already.
    async fn set_password(&self, command: SetPassword) -> Result<Account>;

    /// Erases an account, or a part of it: call it until it is [`Erasure::Done`]. The first step ends its tokens and
    /// keys and deactivates it for good; [`Maintenance::sweep`] goes on with what was begun and not finished.
    ///
    /// # Atomicity
    /// Each step is whole. An account of no more statuses than `limit` is erased in one.
    /// # Errors
    /// [`StoreError::Missing`].
    async fn erase_account(&self, command: EraseAccount) -> Result<Erasure>;
}

/// Tokens and sessions: who is logged in. One that has expired at the moment of a call is as if it were not there, whether
/// it was swept or not: it is not counted, and ending it is not told.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps the tokens of a login, notes when it was, and ends every mailed key that could reset the password.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if the password is no longer the one that was checked, or the
    /// account was deactivated meanwhile.
    async fn log_in(&self, command: LogIn) -> Result<Account>;

    /// Who this token speaks for; `None` if there is no such token or it has expired at `now`. The hot path of every
    /// request: one look-up, nothing written.
    async fn principal(&self, digest: &Digest, now: Timestamp) -> Result<Option<Principal>>;

    /// The tokens of an account that have not expired at `now`.
    ///
    /// # Order
    /// By id, ascending.
    async fn tokens_of(&self, account: AccountId, now: Timestamp) -> Result<Vec<Token>>;

    /// The parts of the internet that an account logged in from, each with when it last did.
    ///
    /// # Order
    /// The one that was not seen for longest comes first.
    async fn places_of(&self, account: AccountId) -> Result<Vec<(Network, Timestamp)>>;

    /// Keeps a personal token.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such account; [`StoreError::Full`].
    async fn issue_token(&self, command: IssueToken) -> Result<Token>;

    /// Ends these tokens, in one step. Digests that are not there are passed over.
    async fn revoke(&self, digests: &[Digest], stamp: Stamp) -> Result<()>;

    /// Ends tokens of an account, in one step; answers how many.
    async fn end_tokens(&self, command: EndTokens) -> Result<usize>;

    /// Notes when tokens were last used; those with a limit on idleness live on from then. Tokens that are not there, and
    /// moments before the last one noted, are passed over. It need not be durable when it returns.
    async fn touch(&self, used: &[(Digest, Timestamp)]) -> Result<()>;
}

/// Keys that are mailed.
#[async_trait]
pub trait MailKeys: Send + Sync {
    /// What this key is good for; `None` if there is no such key or it has expired at `now`. It is not used up.
    async fn mail_key(&self, digest: &Digest, now: Timestamp) -> Result<Option<PendingKey>>;

    /// Keeps keys and puts their mails into the outbox. An account has no more than [`KeyPurpose::most`] keys for a
    /// purpose: those that end first go.
    ///
    /// [`KeyPurpose::most`]: crate::model::KeyPurpose::most
    ///
    /// # Errors
    /// [`StoreError::Taken`]: a secret is there already.
    async fn send_keys(&self, command: SendKeys) -> Result<()>;

    /// Uses a key that confirms an address. If that is the account's, it is verified now; if it is the one that they want
    /// to change to, it is theirs from now on, verified, and every other key of the account ends. All keys for the same
    /// purpose end with it.
    ///
    /// # Atomicity
    /// Of many at once with one key, one is served.
    /// # Errors
    /// [`StoreError::Missing`]: no such key, or it has expired, or is for something else.
    async fn confirm_email(&self, command: ConfirmEmail) -> Result<EmailConfirmation>;

    /// Uses a key that resets a password. Every other such key of the account ends with it.
    ///
    /// # Atomicity
    /// Of many at once with one key, one is served.
    /// # Errors
    /// [`StoreError::Missing`]: no such key for this account, or it has expired, or is for something else, or the account
    /// is not active.
    async fn reset_password(&self, command: ResetPassword) -> Result<Account>;
}

/// Counting what may not be tried too often.
#[async_trait]
pub trait Throttles: Send + Sync {
    /// Asks and counts in one step, so that of many tries at once no more are granted than are allowed.
    async fn attempt(&self, command: Attempt) -> Result<Admission>;

    /// Forgives tries that turned out right. What is not there is passed over.
    async fn forgive(&self, tries: &[Forgive]) -> Result<()>;
}

/// The audit trail. It only grows, until its oldest lines are forgotten.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds a line about something that wrote nothing else.
    async fn note(&self, note: AuditNote, at: Timestamp) -> Result<()>;

    /// Lines after `after` that the filter shows, at most `limit`.
    ///
    /// # Order
    /// By id, ascending, which is the order in which they were kept.
    async fn audit(&self, filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Result<Vec<AuditEntry>>;

    /// Removes up to `limit` of the oldest lines if they are from before `before`; answers how many.
    async fn forget_audit(&self, before: Timestamp, limit: usize) -> Result<usize>;
}

/// Profiles.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// The profile with this id.
    async fn profile(&self, id: ProfileId) -> Result<Option<Profile>>;

    /// The profile of this account.
    async fn profile_of(&self, account: AccountId) -> Result<Option<Profile>>;

    /// Changes a profile.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if its revision is not `expected`.
    async fn update_profile(
        &self,
        id: ProfileId,
        expected: Revision,
        change: ProfileChange,
        stamp: Stamp,
    ) -> Result<Profile>;

    /// A part of the list. Without terms, to skip rows in an order by id costs the same however many they are; with
    /// terms, or by name, the cost grows with their number.
    ///
    /// # Order
    /// As asked. Rows made, removed or, by name, renamed meanwhile may or may not be in it; all others are, once.
    async fn profiles(
        &self,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>>;

    /// How many the whole list has; without terms it costs one look-up.
    async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64>;

    /// Whether any profile shows this picture: its files may go if none does.
    async fn avatar_in_use(&self, avatar: AvatarId) -> Result<bool>;
}

/// Statuses.
#[async_trait]
pub trait Statuses: Send + Sync {
    /// Posts a status. Its `created_at` is `at`, or that of the status posted before it if that is later: it never
    /// decreases with the ids, even if the clock was put back, and even if the later one is deleted by now.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such account.
    async fn post_status(&self, account: AccountId, text: StatusText, at: Timestamp) -> Result<Status>;

    /// The status with this id.
    async fn status(&self, id: StatusId) -> Result<Option<Status>>;

    /// Writes a status: a new text, or `None` to touch `updated_at` alone.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if its revision is not `expected`.
    async fn update_status(
        &self,
        id: StatusId,
        expected: Revision,
        text: Option<StatusText>,
        stamp: Stamp,
    ) -> Result<Status>;

    /// Removes a status, whatever its revision.
    ///
    /// # Errors
    /// [`StoreError::Missing`].
    async fn delete_status(&self, id: StatusId, stamp: Stamp) -> Result<()>;

    /// Removes a status of this revision.
    ///
    /// # Errors
    /// [`StoreError::Missing`]; [`StoreError::Stale`] if its revision is not `expected`.
    async fn delete_unchanged_status(&self, id: StatusId, expected: Revision, stamp: Stamp) -> Result<()>;

    /// A part of the list. To skip rows costs the same however many they are, unless the filter is by name or profile:
    /// then the cost grows with their number.
    ///
    /// # Order
    /// As asked. Rows made or removed meanwhile may or may not be in it; all others are, once.
    async fn statuses(&self, filter: &StatusFilter, order: StatusOrder, slice: Slice<StatusId>)
    -> Result<Rows<Status>>;

    /// How many the whole list has. It costs the same however many they are, unless the filter is by name or profile and
    /// by time at once: then the cost grows with their number.
    async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64>;
}

/// What happened to statuses, for those who follow it. Every write of a status leaves a line in the same step, the
/// erasure of its account too; a rename leaves none. The log has so many lines, and forgets its oldest.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Changes after this number, at most `limit`; those alone that are durable.
    ///
    /// # Order
    /// By number, without gaps, which is the order of committing.
    async fn changes(&self, after: ChangeId, limit: usize) -> Result<Changes>;

    /// The number of the newest change that is durable; 0 before the first.
    async fn last_change(&self) -> Result<ChangeId>;
}

/// Requests that were given a key, remembered in the step in which they are done, so that the same again does nothing
/// twice. One that has expired at the moment of a call is as if it were not there. Registrations are remembered by
/// [`Accounts::register`].
#[async_trait]
pub trait Requests: Send + Sync {
    /// What came of the request with this key; `None` if there was none, or it has expired at `now`.
    async fn request(&self, key: &Digest, now: Timestamp) -> Result<Option<KeptRequest>>;

    /// Posts a status, unless a request with this key has been done: then says which.
    ///
    /// # Atomicity
    /// Of many at once with one key, one posts.
    /// # Errors
    /// [`StoreError::Missing`] if there is no such account.
    async fn post_status_once(
        &self,
        account: AccountId,
        text: StatusText,
        request: NewRequest,
        at: Timestamp,
    ) -> Result<Posted>;
}

/// Work that is done after the answer: mails.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Takes up to `limit` mails that are due and that nobody holds, until `now + hold`: who fails to finish one by then
    /// loses it to the next. So a mail goes out at least once, whatever crashes; and an attempt that ends so, without an
    /// outcome, counts as one of which nobody knows whether the mail arrived. A store that one process uses at a time
    /// ends the leases of an earlier process when it is opened: their mails are due as they were before.
    ///
    /// # Atomicity
    /// All of them are held, or none; no mail is held twice.
    /// # Order
    /// By the moment at which they became due, then by number: a new mail is due from the moment of its command, one
    /// whose lease has ended from the moment at which it did.
    async fn lease(&self, now: Timestamp, hold: Duration, limit: usize) -> Result<Vec<OutboxItem>>;

    /// Says what came of an attempt: the one that [`Jobs::lease`] gave this number to. [`MailOutcome::Sent`] is taken
    /// from anybody, the other outcomes only for the attempt that is under way: from others they change nothing, since
    /// somebody has leased the mail again, or an operator has spoken. No error if the mail is gone.
    async fn finish(&self, id: OutboxId, attempt: u32, outcome: MailOutcome) -> Result<()>;

    /// When to lease next: the earliest moment at which a mail is due or a lease ends. `None` if there are none but dead
    /// letters.
    async fn next_mail(&self) -> Result<Option<Timestamp>>;

    /// Mails after `after`, at most `limit`, dead letters too.
    ///
    /// # Order
    /// By number, ascending.
    async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>>;

    /// The first mails of an account, at most `limit`, dead letters too.
    ///
    /// # Order
    /// By number, ascending.
    async fn mails_of(&self, account: AccountId, limit: usize) -> Result<Vec<OutboxEntry>>;

    /// Makes a mail due at `now`, if it waits or is dead, and begins to count its attempts anew. One that is held is left
    /// as it is. Answers whether there is such a mail.
    async fn retry_mail(&self, id: OutboxId, now: Timestamp) -> Result<bool>;

    /// Removes a mail, in whatever state. Answers whether there was one.
    async fn drop_mail(&self, id: OutboxId) -> Result<bool>;
}

/// Looking after the store itself.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// `Ok` if reads and writes would be served now.
    async fn ready(&self) -> Result<()>;

    /// Everything that does not fit: index without row, row without index, a count that is off. Empty if all is well.
    /// Reads the whole store.
    async fn verify(&self) -> Result<Vec<Inconsistency>>;

    /// Removes up to `limit` tokens, mail keys, counts of tries and remembered requests that expired before `now`, and
    /// goes on with erasures that were begun; answers how many rows it removed. Reads never see expired ones, swept or not.
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize>;

    /// Every event committed from now on, in the order of committing.
    fn events(&self) -> EventStream;

    /// Ends cleanly: what was acknowledged is on disk, what was not is refused. Later calls are `Unavailable`.
    async fn close(&self) -> Result<()>;
}

/// All that the services need; any type with the parts is one.
pub trait Store:
    Accounts
    + Tokens
    + MailKeys
    + Throttles
    + Profiles
    + Statuses
    + Recognition
    + Feed
    + Requests
    + Jobs
    + Audit
    + Maintenance
    + Transfer
{
}

impl<T> Store for T where
    T: Accounts
        + Tokens
        + MailKeys
        + Throttles
        + Profiles
        + Statuses
        + Recognition
        + Feed
        + Requests
        + Jobs
        + Audit
        + Maintenance
        + Transfer
{
}
