//! What is played.

use std::time::Duration;

use super::{Expected, Key, Login, MailAttempt, Outcome, Registration, Renewal, Token};
use crate::{
    model::{
        AccountId, AuditId, AuditNote, AvatarId, ChangeId, Email, OutboxId, ProfileId, StatusId, StatusText,
        UsernameKey,
    },
    store::{
        AccountChange, AuditFilter, Forgive, ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Revoke,
        Slice, StatusFilter, StatusOrder, Wanted, Which,
    },
};

/// One call of a store. Secrets and passwords are named, so that a list of commands can be read; the moment of a
/// command is that of all the [`Command::Wait`]s before it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the arguments of the store's methods, by the same names")]
pub enum Command {
    /// Lets time pass.
    Wait { by: Duration },
    /// `register`.
    Register(Registration),
    /// `update_account`.
    UpdateAccount { id: AccountId, expected: Expected, change: AccountChange },
    /// `set_password`.
    SetPassword { id: AccountId, expected: Expected, password: String, revoke: Revoke, renew: Option<Renewal> },
    /// `log_in`.
    LogIn(Login),
    /// `erase_account`, until it is done: in how many steps is for each store to say.
    EraseAccount { id: AccountId, limit: usize },
    /// `revoke`.
    Revoke { secrets: Vec<String> },
    /// `issue_token`.
    IssueToken { account: AccountId, token: Token, most: usize },
    /// `end_tokens`.
    EndTokens { account: AccountId, which: Which },
    /// `touch`: so long ago.
    Touch { used: Vec<(String, Duration)> },
    /// `send_keys`.
    SendKeys { keys: Vec<Key>, forgive: Vec<Forgive> },
    /// `confirm_email`.
    ConfirmEmail { secret: String },
    /// `reset_password`; `None` for the account that the key is for.
    ResetPassword { account: Option<AccountId>, secret: String, password: String, revoke: Revoke },
    /// `attempt`, by the names of what counts it.
    Attempt { names: Vec<&'static str> },
    /// `forgive`.
    Forgive { tries: Vec<Forgive> },
    /// `note`.
    Note { note: AuditNote },
    /// `forget_audit`: what is so old.
    ForgetAudit { age: Duration, limit: usize },
    /// `update_profile`.
    UpdateProfile { id: ProfileId, expected: Expected, change: ProfileChange },
    /// `post_status`.
    PostStatus { account: AccountId, text: StatusText },
    /// `update_status`.
    UpdateStatus { id: StatusId, expected: Expected, text: Option<StatusText> },
    /// `delete_status`.
    DeleteStatus { id: StatusId },
    /// `delete_unchanged_status`.
    DeleteUnchangedStatus { id: StatusId, expected: Expected },
    /// `lease`.
    Lease { hold: Duration, limit: usize },
    /// `finish`.
    Finish { id: OutboxId, attempt: MailAttempt, outcome: Outcome },
    /// `next_mail`.
    NextMail,
    /// `mails`.
    Mails { after: Option<OutboxId>, limit: usize },
    /// `retry_mail`.
    RetryMail { id: OutboxId },
    /// `drop_mail`.
    DropMail { id: OutboxId },
    /// `sweep`, and a second one without a limit: which of the expired go first is for each store to say, so only how
    /// many can be compared, and after that all must be gone.
    Sweep { limit: usize },
    /// `account`.
    Account { id: AccountId },
    /// `account_by_username`.
    AccountByUsername { key: UsernameKey },
    /// `account_by_verified_email`.
    AccountByVerifiedEmail { email: Email },
    /// `accounts_by_email`.
    AccountsByEmail { email: Email, limit: usize },
    /// `accounts`.
    Accounts { after: Option<AccountId>, limit: usize },
    /// `principal`.
    Principal { secret: String },
    /// `principal_and`.
    PrincipalAnd { secret: String, wanted: Wanted },
    /// `tokens_of`.
    TokensOf { account: AccountId },
    /// `mail_key`.
    MailKey { secret: String },
    /// `audit`.
    Audit { filter: AuditFilter, after: Option<AuditId>, limit: usize },
    /// `profile`.
    Profile { id: ProfileId },
    /// `profile_of`.
    ProfileOf { account: AccountId },
    /// `profiles`.
    Profiles { filter: ProfileFilter, order: ProfileOrder, slice: Slice<ProfilePosition> },
    /// `count_profiles`.
    CountProfiles { filter: ProfileFilter },
    /// `avatar_in_use`.
    AvatarInUse { avatar: AvatarId },
    /// `status`.
    Status { id: StatusId },
    /// `statuses`.
    Statuses { filter: StatusFilter, order: StatusOrder, slice: Slice<StatusId> },
    /// `count_statuses`.
    CountStatuses { filter: StatusFilter },
    /// `post_status_once`.
    PostOnce { account: AccountId, key: String, asked: String, lasts: Duration },
    /// `request`.
    Request { key: String },
    /// `changes`.
    Changes { after: ChangeId, limit: usize },
    /// `last_change`.
    LastChange,
}
