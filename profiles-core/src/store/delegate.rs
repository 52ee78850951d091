//! Stores that hand calls on to another.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender};

use super::{
    AccountChange, Accounts, Admission, Attempt, Audit, AuditFilter, Changes, ConfirmEmail, EmailConfirmation,
    EndTokens, EraseAccount, Erasure, Feed, Forgive, Found, Inconsistency, IssueToken, Jobs, LogIn, MailKeys,
    MailOutcome, Maintenance, OutboxEntry, OutboxItem, Posted, ProfileChange, ProfileFilter, ProfileOrder,
    ProfilePosition, Profiles, Recognition, Record, Register, Registered, Requests, ResetPassword, Result, Rows,
    SendKeys, SetPassword, Slice, StatusFilter, StatusOrder, Statuses, Store, Throttles, Tokens, Transfer, Wanted,
};
use crate::{
    event::EventStream,
    model::{
        Account, AccountId, AuditEntry, AuditId, AuditNote, AvatarId, ChangeId, Digest, Email, KeptRequest, Network,
        NewRequest, OutboxId, PendingKey, Principal, Profile, ProfileId, Revision, Stamp, Status, StatusId, StatusText,
        Timestamp, Token, UsernameKey,
    },
};

/// A store that hands every call on to another, and does something of its own before or after: counts them, measures
/// them, has them fail. Whoever has these methods is a [`Store`].
///
/// Writes are what changes data, [`Jobs::lease`] and [`Maintenance::sweep`] among them; all else is a read, except
/// [`Maintenance::events`] and [`Maintenance::close`], which are handed on as they are.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
///
/// use profiles_core::store::{Delegate, MemoryStore, Result, Store};
///
/// struct Counting {
///     inner: MemoryStore,
///     writes: AtomicU64,
/// }
///
/// impl Delegate for Counting {
///     fn inner(&self) -> &dyn Store {
///         &self.inner
///     }
///
///     async fn write<T: Send>(&self, _: &'static str, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
///         self.writes.fetch_add(1, Ordering::Relaxed);
///         write.await
///     }
/// }
///
/// let store: Arc<dyn Store> = Arc::new(Counting { inner: MemoryStore::new(), writes: AtomicU64::new(0) });
/// # let _ = store;
/// ```
pub trait Delegate: Send + Sync {
    /// The other store.
    fn inner(&self) -> &dyn Store;

    /// Does a read: waits for `read`, which is the other store's answer to the method of this name.
    fn read<T: Send>(
        &self,
        method: &'static str,
        read: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        let _ = method;
        read
    }

    /// Does a write: waits for `write`, which is the other store's answer to the method of this name. A write that is
    /// not waited for is not done.
    fn write<T: Send>(
        &self,
        method: &'static str,
        write: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send {
        let _ = method;
        write
    }
}

/// Hands the methods of a trait on, each as a read or as a write.
macro_rules! hand_on {
    ($trait:ident {
        $( $kind:ident $method:ident($($argument:ident: $type:ty),*) -> $answer:ty; )*
    } $({ $($as_it_is:item)* })?) => {
        #[async_trait]
        impl<D: Delegate> $trait for D {
            $(
                async fn $method(&self, $($argument: $type),*) -> Result<$answer> {
                    self.$kind(stringify!($method), self.inner().$method($($argument),*)).await
                }
            )*
            $( $($as_it_is)* )?
        }
    };
}

hand_on! {
    Accounts {
        write register(command: Register) -> Registered;
        read account(id: AccountId) -> Option<Account>;
        read account_by_username(key: &UsernameKey) -> Option<Account>;
        read account_by_verified_email(email: &Email) -> Option<Account>;
        read accounts_by_email(email: &Email, limit: usize) -> Vec<Account>;
        read accounts(after: Option<AccountId>, limit: usize) -> Vec<Account>;
        write update_account(id: AccountId, expected: Revision, change: AccountChange, stamp: Stamp) -> Account;
        write set_password(command: SetPassword) -> Account;
        write erase_account(command: EraseAccount) -> Erasure;
    }
}

hand_on! {
    Tokens {
        write log_in(command: LogIn) -> Account;
        read principal(digest: &Digest, now: Timestamp) -> Option<Principal>;
        read tokens_of(account: AccountId, now: Timestamp) -> Vec<Token>;
        read places_of(account: AccountId) -> Vec<(Network, Timestamp)>;
        write issue_token(command: IssueToken) -> Token;
        write revoke(digests: &[Digest], stamp: Stamp) -> ();
        write end_tokens(command: EndTokens) -> usize;
        write touch(used: &[(Digest, Timestamp)]) -> ();
    }
}

hand_on! {
    MailKeys {
        read mail_key(digest: &Digest, now: Timestamp) -> Option<PendingKey>;
        write send_keys(command: SendKeys) -> ();
        write confirm_email(command: ConfirmEmail) -> EmailConfirmation;
        write reset_password(command: ResetPassword) -> Account;
    }
}

hand_on! {
    Throttles {
        write attempt(command: Attempt) -> Admission;
        write forgive(tries: &[Forgive]) -> ();
    }
}

hand_on! {
    Audit {
        write note(note: AuditNote, at: Timestamp) -> ();
        read audit(filter: &AuditFilter, after: Option<AuditId>, limit: usize) -> Vec<AuditEntry>;
        write forget_audit(before: Timestamp, limit: usize) -> usize;
    }
}

hand_on! {
    Profiles {
        read profile(id: ProfileId) -> Option<Profile>;
        read profile_of(account: AccountId) -> Option<Profile>;
        write update_profile(id: ProfileId, expected: Revision, change: ProfileChange, stamp: Stamp) -> Profile;
        read profiles(filter: &ProfileFilter, order: ProfileOrder, slice: Slice<ProfilePosition>) -> Rows<Profile>;
        read count_profiles(filter: &ProfileFilter) -> u64;
        read avatar_in_use(avatar: AvatarId) -> bool;
    }
}

hand_on! {
    Statuses {
        write post_status(account: AccountId, text: StatusText, at: Timestamp) -> Status;
        read status(id: StatusId) -> Option<Status>;
        write update_status(id: StatusId, expected: Revision, text: Option<StatusText>, stamp: Stamp) -> Status;
        write delete_status(id: StatusId, stamp: Stamp) -> ();
        write delete_unchanged_status(id: StatusId, expected: Revision, stamp: Stamp) -> ();
        read statuses(filter: &StatusFilter, order: StatusOrder, slice: Slice<StatusId>) -> Rows<Status>;
        read count_statuses(filter: &StatusFilter) -> u64;
    }
}

hand_on! {
    Recognition {
        read principal_and(digest: &Digest, now: Timestamp, wanted: &Wanted) -> Option<(Principal, Found)>;
    }
}

hand_on! {
    Feed {
        read changes(after: ChangeId, limit: usize) -> Changes;
        read last_change() -> ChangeId;
    }
}

hand_on! {
    Requests {
        read request(key: &Digest, now: Timestamp) -> Option<KeptRequest>;
        write post_status_once(account: AccountId, text: StatusText, request: NewRequest, at: Timestamp) -> Posted;
    }
}

hand_on! {
    Jobs {
        write lease(now: Timestamp, hold: Duration, limit: usize) -> Vec<OutboxItem>;
        write finish(id: OutboxId, attempt: u32, outcome: MailOutcome) -> ();
        read next_mail() -> Option<Timestamp>;
        read mails(after: Option<OutboxId>, limit: usize) -> Vec<OutboxEntry>;
        read mails_of(account: AccountId, limit: usize) -> Vec<OutboxEntry>;
        write retry_mail(id: OutboxId, now: Timestamp) -> bool;
        write drop_mail(id: OutboxId) -> bool;
    }
}

hand_on! {
    Maintenance {
        read ready() -> ();
        read verify() -> Vec<Inconsistency>;
        write sweep(now: Timestamp, limit: usize) -> usize;
    } {
        fn events(&self) -> EventStream {
            self.inner().events()
        }

        async fn close(&self) -> Result<()> {
            self.inner().close().await
        }
    }
}

hand_on! {
    Transfer {
        read export(to: Sender<Vec<Record>>) -> ();
        write import(from: Receiver<Vec<Record>>) -> ();
    }
}
