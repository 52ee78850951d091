//! What a store answers to a command.

use super::{Attempt, Command};
use crate::{
    model::{Account, Digest, OutboxId, Principal, Profile, Status, Timestamp},
    store::{OutboxEntry, OutboxItem, Registered, Result, Rows, SetPassword, Store},
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
    Profile(Option<Profile>),
    Profiles(Rows<Profile>),
    Status(Option<Status>),
    Statuses(Rows<Status>),
    Count(u64),
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

async fn call(store: &dyn Store, command: &Command, now: Timestamp) -> Result<Answer> {
    Ok(match command {
        Command::Wait { .. } => Answer::Done,
        Command::Register(registration) => Answer::Registered(store.register(registration.at(now)).await?),
        Command::UpdateAccount { id, expected, change } => {
            let expected = expected.or(store.account(*id).await?.map(|row| row.revision));
            Answer::Account(Some(store.update_account(*id, expected, change.clone(), now.into()).await?))
        }
        Command::SetPassword { id, expected, password, revoke } => {
            let expected = expected.or(store.account(*id).await?.map(|row| row.revision));
            let command = SetPassword { at: now, ..fixture::set_password(*id, expected, password, *revoke) };
            Answer::Account(Some(store.set_password(command).await?))
        }
        Command::LogIn(login) => Answer::Account(Some(store.log_in(login.at(now, store).await?).await?)),
        Command::Revoke { secrets } => {
            let digests: Vec<Digest> = secrets.iter().map(|secret| fixture::digest(secret)).collect();
            store.revoke(&digests, now.into()).await?;
            Answer::Done
        }
        Command::UpdateProfile { id, expected, change } => {
            let expected = expected.or(store.profile(*id).await?.map(|row| row.revision));
            Answer::Profile(Some(store.update_profile(*id, expected, change.clone(), now.into()).await?))
        }
        Command::PostStatus { account, text } => {
            Answer::Status(Some(store.post_status(*account, text.clone(), now).await?))
        }
        Command::UpdateStatus { id, expected, text } => {
            let expected = expected.or(store.status(*id).await?.map(|row| row.revision));
            Answer::Status(Some(store.update_status(*id, expected, text.clone(), now.into()).await?))
        }
        Command::DeleteStatus { id } => {
            store.delete_status(*id, now.into()).await?;
            Answer::Done
        }
        Command::Lease { hold, limit } => Answer::Mails(store.lease(now, *hold, *limit).await?),
        Command::Finish { id, attempt, outcome } => {
            let attempt = match attempt {
                Attempt::Current => attempts(store, *id).await?,
                Attempt::Exactly(number) => *number,
            };
            store.finish(*id, attempt, outcome.at(now)).await?;
            Answer::Done
        }
        Command::RetryMail { id } => Answer::Was(store.retry_mail(*id, now).await?),
        Command::DropMail { id } => Answer::Was(store.drop_mail(*id).await?),
        Command::Sweep { limit } => Answer::Swept(store.sweep(now, *limit).await?, store.sweep(now, usize::MAX).await?),
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
        Command::Accounts { after, limit } => Answer::Accounts(store.accounts(*after, *limit).await?),
        Command::Principal { secret } => Answer::Principal(store.principal(&fixture::digest(secret), now).await?),
        Command::Profile { id } => Answer::Profile(store.profile(*id).await?),
        Command::ProfileOf { account } => Answer::Profile(store.profile_of(*account).await?),
        Command::Profiles { filter, slice } => Answer::Profiles(store.profiles(filter, *slice).await?),
        Command::CountProfiles { filter } => Answer::Count(store.count_profiles(filter).await?),
        Command::Status { id } => Answer::Status(store.status(*id).await?),
        Command::Statuses { filter, slice } => Answer::Statuses(store.statuses(filter, *slice).await?),
        Command::CountStatuses { filter } => Answer::Count(store.count_statuses(filter).await?),
        Command::NextMail => Answer::Moment(store.next_mail().await?),
        Command::Mails { after, limit } => Answer::Outbox(store.mails(*after, *limit).await?),
        write => panic!("{write:?} is no read"),
    })
}
