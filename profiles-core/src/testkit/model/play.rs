//! Playing the same on two stores.

use std::{fmt, time::Duration};

use super::{Command, answer::answer, closing};
use crate::{
    event::{Event, EventKind, EventStream, Missed},
    model::AccountId,
    store::Store,
    testkit::fixture,
};

/// How long to wait for an event that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two stores did not do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was asked, and when.
    pub question: String,
    /// What the first store answered.
    pub left: String,
    /// What the second store answered. Password hashes show nothing of themselves, so the two may read the same.
    pub right: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { question, left, right } = self;
        write!(f, "{question}\n  was answered {left}\n  and in turn  {right}")
    }
}

impl std::error::Error for Difference {}

/// Plays `commands` on two empty stores and compares every answer, errors by their kind. Then it compares all that is
/// stored and all events, and has both verify themselves.
///
/// Afterwards both stores hold one account more, which marks the end of the events.
///
/// # Errors
/// The first [`Difference`]; a store that finds itself inconsistent is one too.
pub async fn play(commands: &[Command], left: &dyn Store, right: &dyn Store) -> Result<(), Difference> {
    let mut events = (left.events(), right.events());
    let mut now = fixture::NOW;
    let questions = closing::questions(commands);
    for (number, command) in commands.iter().chain(&questions).enumerate() {
        if let Command::Wait { by } = command {
            now = now.plus(*by);
        }
        let (one, other) = (answer(left, command, now).await, answer(right, command, now).await);
        compare(|| format!("command {number}, {command:?}"), &one, &other)?;
    }
    compare_events(left, &mut events.0, right, &mut events.1).await?;
    let (one, other) =
        (left.verify().await.map_err(|e| e.to_string()), right.verify().await.map_err(|e| e.to_string()));
    compare(|| "whether the first is consistent".to_owned(), &one, &Ok(vec![]))?;
    compare(|| "whether the second is consistent".to_owned(), &Ok(vec![]), &other)
}

fn compare<T: fmt::Debug + PartialEq>(
    question: impl FnOnce() -> String,
    left: &T,
    right: &T,
) -> Result<(), Difference> {
    if left == right {
        return Ok(());
    }
    Err(Difference { question: question(), left: format!("{left:?}"), right: format!("{right:?}") })
}

async fn compare_events(
    left: &dyn Store,
    left_events: &mut EventStream,
    right: &dyn Store,
    right_events: &mut EventStream,
) -> Result<(), Difference> {
    let last = fixture::register("the.last.event");
    let one = left.register(last.clone()).await.map_err(|error| error.to_string());
    let other = right.register(last).await.map_err(|error| error.to_string());
    compare(|| "the registration that ends the events".to_owned(), &one, &other)?;
    let Ok(made) = one else { return Ok(()) };
    let one = events_until(left_events, made.account.id).await;
    let other = events_until(right_events, made.account.id).await;
    compare(|| "the events".to_owned(), &one, &other)
}

/// The events up to the registration of this account, or those that came before the stream ended or fell silent.
async fn events_until(events: &mut EventStream, last: AccountId) -> Vec<Result<Event, Missed>> {
    let mut all = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(PATIENCE, events.next()).await {
        all.push(event);
        let kind = event.map(|event| event.kind);
        if matches!(kind, Ok(EventKind::AccountRegistered { account, .. }) if account == last) {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::AuditEvent,
        store::{Accounts, MemoryStore, NewToken, Register, Tokens},
        testkit::model::{Checked, Login},
    };

    fn ada() -> Register {
        Register {
            tokens: vec![fixture::token("token")],
            outbox: vec![fixture::mail("ada", 1)],
            ..fixture::register("ada")
        }
    }

    /// Plays `commands` on a store with the account [`ada`] and on one with `other`.
    async fn play_on(other: Register, commands: &[Command]) -> Result<(), Difference> {
        let (left, right) = (MemoryStore::new(), MemoryStore::new());
        left.register(ada()).await.unwrap();
        right.register(other).await.unwrap();
        play(commands, &left, &right).await
    }

    #[tokio::test]
    async fn equal_stores_play_the_same() {
        let login = |checked| {
            Command::LogIn(Login {
                account: AccountId::new(1),
                checked,
                rehashed: None,
                tokens: vec![],
                most: 1,
                former: None,
                address: None,
                forgive: vec![],
            })
        };
        assert_eq!(play_on(ada(), &[login(Checked::Wrong), login(Checked::Current)]).await, Ok(()));
    }

    /// Each of these differs in one thing that some answer shows, though nobody asked for it.
    #[tokio::test]
    async fn what_is_stored_is_compared_even_if_no_command_asks() {
        let others = [
            Register { is_staff: true, ..ada() },
            Register { password: fixture::password("another"), ..ada() },
            Register { email: None, ..ada() },
            Register { outbox: vec![], ..ada() },
            Register { outbox: vec![fixture::mail("ada", 2)], ..ada() },
            Register { tokens: vec![fixture::token_until("token", 60)], ..ada() },
            Register { tokens: vec![fixture::session("token")], ..ada() },
            Register { tokens: vec![fixture::personal("token")], ..ada() },
            Register { tokens: vec![NewToken { origin: fixture::origin("::1"), ..fixture::token("token") }], ..ada() },
            Register { audit: Some(fixture::note(AuditEvent::Registration)), ..ada() },
            Register { mail_key: Some(fixture::mail_key("key", "ada@example.org", 60)), ..ada() },
        ];
        for other in others {
            let told = format!("{other:?}");
            assert!(play_on(other, &[]).await.is_err(), "{told}");
        }
    }

    /// The same is stored on both, but one of them counted one event more.
    #[tokio::test]
    async fn events_are_compared() {
        let (left, right) = (MemoryStore::new(), MemoryStore::new());
        left.register(ada()).await.unwrap();
        left.revoke(&[fixture::digest("token")], fixture::NOW.into()).await.unwrap();
        right.register(Register { tokens: vec![], ..ada() }).await.unwrap();
        assert_eq!(play(&[], &left, &right).await.unwrap_err().question, "the events");
    }
}
