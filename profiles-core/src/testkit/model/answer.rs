//! What a store answers to a command.

use std::time::Duration;

use super::{Command, MailAttempt, material::line};
use crate::{
    model::{
        Account, AccountId, AuditEntry, AuditEvent, ChangeId, Digest, KeptRequest, Limit, NewRequest, OutboxId,
        PendingKey, Principal, Profile, Stamp, Status, Timestamp, Token,
    },
    store::{
        Admission, Attempt, Changes, ConfirmEmail, EmailConfirmation, EndTokens, EraseAccount, Erasure, Found,
        IssueToken, OutboxEntry, OutboxItem, Posted, Registered, ResetPassword, Result, Rows, SendKeys, SetPassword,
        Store,
    },
    testkit::{Refusal, fixture},
};

/// An answer of any method.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Registered(Registered),
    Account(Option<Account>),
    Accounts(Vec<Account>),
    Principal(Option<Principal>),
    Recognition(Option<(Principal, Found)>),
    Token(Token),
    Tokens(Vec<Token>),
    MailKey(Option<PendingKey>),
    Confirmation(EmailConfirmation),
    Admission(Admission),
    Trail(Vec<AuditEntry>),
    Profile(Option<Profile>),
    Profiles(Rows<Profile>),
    Status(Option<Status>),
    Statuses(Rows<Status>),
    Count(u64),
    Changes(Changes),
    Posted(Posted),
    Request(Option<KeptRequest>),
    Change(ChangeId),
    Rows(usize),
    Mails(Vec<OutboxItem>),
    Outbox(Vec<OutboxEntry>),
    Moment(Option<Timestamp>),
    /// Whether there was such a row.
    Was(bool),
    /// By the sweep itself, and by the one after it.
    Swept(usize, usize),
}

/// Does what `command` says at `now`.
pub(super) async fn answer(store: &dyn Store, command: &Command, now: Timestamp) -> Result<Answer, Refusal> {
    call(store, command, now).await.map_err(|error| Refusal::from(&error))
}

/// Two tries are free; waits are as long as what [`Command::Wait`]s pass over.
fn limit() -> Limit {
    let minutes = Duration::from_mins;
    Limit::new(2, minutes(2), minutes(5), minutes(9))
}

fn stamp(event: AuditEvent, account: AccountId, now: Timestamp) -> Stamp {
    Stamp { at: now, audit: Some(line(event, account)) }
}

fn ago(now: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).expect("a time within a life");
    Timestamp::from_micros(now.as_micros() - micros)
}

async fn call(store: &dyn Store, command: &Command, now: Timestamp) -> Result<Answer> {
    Ok(match command {
        Command::Wait { .. } => Answer::Done,
        Command::Register(registration) => Answer::Registered(store.register(registration.at(now)).await?),
        Command::UpdateAccount { id, expected, change } => {
            let expected = expected.or(store.account(*id).await?.map(|row| row.revision));
            let stamp = stamp(AuditEvent::AccountChange, *id, now);
            Answer::Account(Some(store.update_account(*id, expected, change.clone(), stamp).await?))
        }
        Command::SetPassword { id, expected, password, revoke, renew } => {
            let expected = expected.or(store.account(*id).await?.map(|row| row.revision));
            let audit = Some(line(AuditEvent::PasswordChange, *id));
            let command = fixture::set_password(*id, expected, password, *revoke);
            let renew = renew.as_ref().map(|renew| renew.at(now));
            Answer::Account(Some(store.set_password(SetPassword { renew, audit, at: now, ..command }).await?))
        }
        Command::EraseAccount { id, limit } => {
            let audit = Some(line(AuditEvent::Erasure, *id));
            let command = EraseAccount { account: *id, limit: *limit, audit, at: now };
            while store.erase_account(command.clone()).await? == Erasure::Unfinished {}
            Answer::Done
        }
        Command::LogIn(login) => Answer::Account(Some(store.log_in(login.at(now, store).await?).await?)),
        Command::UpdateProfile { id, expected, change } => {
            let expected = expected.or(store.profile(*id).await?.map(|row| row.revision));
            let stamp = stamp(AuditEvent::ProfileEdit, AccountId::new(id.get()), now);
            Answer::Profile(Some(store.update_profile(*id, expected, change.clone(), stamp).await?))
        }
        Command::PostStatus { account, text } => {
            Answer::Status(Some(store.post_status(*account, text.clone(), now).await?))
        }
        Command::PostOnce { account, key, asked, lasts } => {
            let request = NewRequest { expires_at: now.plus(*lasts), ..fixture::request(key, asked, 0) };
            Answer::Posted(store.post_status_once(*account, fixture::text(asked), request, now).await?)
        }
        Command::UpdateStatus { id, expected, text } => {
            let expected = expected.or(store.status(*id).await?.map(|row| row.revision));
            Answer::Status(Some(store.update_status(*id, expected, text.clone(), now.into()).await?))
        }
        Command::DeleteStatus { id } => {
            let stamp = stamp(AuditEvent::StatusDeletion, AccountId::new(1), now);
            store.delete_status(*id, stamp).await?;
            Answer::Done
        }
        Command::DeleteUnchangedStatus { id, expected } => {
            let expected = expected.or(store.status(*id).await?.map(|row| row.revision));
            store.delete_unchanged_status(*id, expected, now.into()).await?;
            Answer::Done
        }
        Command::Lease { hold, limit } => Answer::Mails(store.lease(now, *hold, *limit).await?),
        Command::Finish { id, attempt, outcome } => {
            let attempt = match attempt {
                MailAttempt::Current => attempts(store, *id).await?,
                MailAttempt::Exactly(number) => *number,
            };
            store.finish(*id, attempt, outcome.at(now)).await?;
            Answer::Done
        }
        Command::RetryMail { id } => Answer::Was(store.retry_mail(*id, now).await?),
        Command::DropMail { id } => Answer::Was(store.drop_mail(*id).await?),
        Command::Sweep { limit } => Answer::Swept(store.sweep(now, *limit).await?, store.sweep(now, usize::MAX).await?),
        other => credentials(store, other, now).await?,
    })
}

/// Writes about tokens, keys, tries and the trail.
async fn credentials(store: &dyn Store, command: &Command, now: Timestamp) -> Result<Answer> {
    Ok(match command {
        Command::Revoke { secrets } => {
            let digests: Vec<Digest> = secrets.iter().map(|secret| fixture::digest(secret)).collect();
            store.revoke(&digests, stamp(AuditEvent::Logout, AccountId::new(1), now)).await?;
            Answer::Done
        }
        Command::IssueToken { account, token, most } => {
            let audit = Some(line(AuditEvent::TokenCreation, *account));
            let command = IssueToken { account: *account, token: token.at(now), most: *most, audit, at: now };
            Answer::Token(store.issue_token(command).await?)
        }
        Command::EndTokens { account, which } => {
            let audit = Some(line(AuditEvent::TokenRevocation, *account));
            let command = EndTokens { account: *account, which: *which, audit, at: now };
            Answer::Rows(store.end_tokens(command).await?)
        }
        Command::Touch { used } => {
            let used: Vec<_> = used.iter().map(|(secret, time)| (fixture::digest(secret), ago(now, *time))).collect();
            store.touch(&used).await?;
            Answer::Done
        }
        Command::SendKeys { keys, forgive } => {
            let audit = keys.iter().map(|key| line(AuditEvent::PasswordResetRequest, key.account)).collect();
            let mut to_send = Vec::new();
            for key in keys {
                to_send.push(key.at(now, store).await?);
            }
            store.send_keys(SendKeys { keys: to_send, audit, forgive: forgive.clone(), at: now }).await?;
            Answer::Done
        }
        Command::ConfirmEmail { secret } => {
            let (outbox, audit) = (vec![fixture::mail("reader", 7)], fixture::note(AuditEvent::EmailConfirmation));
            let command = ConfirmEmail { outbox, audit: Some(audit), at: now, ..fixture::confirm(secret) };
            Answer::Confirmation(store.confirm_email(command).await?)
        }
        Command::ResetPassword { account, secret, password, revoke } => {
            let owner = store.mail_key(&fixture::digest(secret), now).await?.map(|key| key.account);
            let account = account.or(owner).unwrap_or(AccountId::new(1));
            let (outbox, audit) = (vec![fixture::mail("reader", 8)], line(AuditEvent::PasswordReset, account));
            let command = fixture::reset(account, secret, password);
            let command = ResetPassword { revoke: *revoke, outbox, audit: Some(audit), at: now, ..command };
            Answer::Account(Some(store.reset_password(command).await?))
        }
        Command::Attempt { names } => {
            let limits = names.iter().map(|name| (fixture::throttle(name), limit())).collect();
            let audit = Some(fixture::note(AuditEvent::Login));
            Answer::Admission(store.attempt(Attempt { limits, audit, at: now }).await?)
        }
        Command::Forgive { tries } => {
            store.forgive(tries).await?;
            Answer::Done
        }
        Command::Note { note } => {
            store.note(note.clone(), now).await?;
            Answer::Done
        }
        Command::ForgetAudit { age, limit } => Answer::Rows(store.forget_audit(ago(now, *age), *limit).await?),
        read => self::read(store, read, now).await?,
    })
}

/// How many leases a mail has had; 0 if there is none.
async fn attempts(store: &dyn Store, id: OutboxId) -> Result<u32> {
    let before = id.get().checked_sub(2).map(|number| OutboxId::new(number + 1));
    let entries = store.mails(before, 1).await?;
    Ok(entries.into_iter().find(|entry| entry.id == id).map_or(0, |entry| entry.attempts))
}

async fn read(store: &dyn Store, command: &Command, now: Timestamp) -> Result<Answer> {
    Ok(match command {
        Command::Account { id } => Answer::Account(store.account(*id).await?),
        Command::AccountByUsername { key } => Answer::Account(store.account_by_username(key).await?),
        Command::AccountByVerifiedEmail { email } => Answer::Account(store.account_by_verified_email(email).await?),
        Command::AccountsByEmail { email, limit } => Answer::Accounts(store.accounts_by_email(email, *limit).await?),
        Command::Accounts { after, limit } => Answer::Accounts(store.accounts(*after, *limit).await?),
        Command::Principal { secret } => Answer::Principal(store.principal(&fixture::digest(secret), now).await?),
        Command::PrincipalAnd { secret, wanted } => {
            Answer::Recognition(store.principal_and(&fixture::digest(secret), now, wanted).await?)
        }
        Command::TokensOf { account } => Answer::Tokens(store.tokens_of(*account, now).await?),
        Command::MailKey { secret } => Answer::MailKey(store.mail_key(&fixture::digest(secret), now).await?),
        Command::Audit { filter, after, limit } => Answer::Trail(store.audit(filter, *after, *limit).await?),
        Command::Profile { id } => Answer::Profile(store.profile(*id).await?),
        Command::ProfileOf { account } => Answer::Profile(store.profile_of(*account).await?),
        Command::Profiles { filter, order, slice } => {
            Answer::Profiles(store.profiles(filter, *order, slice.clone()).await?)
        }
        Command::CountProfiles { filter } => Answer::Count(store.count_profiles(filter).await?),
        Command::AvatarInUse { avatar } => Answer::Was(store.avatar_in_use(*avatar).await?),
        Command::Status { id } => Answer::Status(store.status(*id).await?),
        Command::Statuses { filter, order, slice } => Answer::Statuses(store.statuses(filter, *order, *slice).await?),
        Command::CountStatuses { filter } => Answer::Count(store.count_statuses(filter).await?),
        Command::Changes { after, limit } => Answer::Changes(store.changes(*after, *limit).await?),
        Command::Request { key } => Answer::Request(store.request(&fixture::digest(key), now).await?),
        Command::LastChange => Answer::Change(store.last_change().await?),
        Command::NextMail => Answer::Moment(store.next_mail().await?),
        Command::Mails { after, limit } => Answer::Outbox(store.mails(*after, *limit).await?),
        write => panic!("{write:?} is no read"),
    })
}
