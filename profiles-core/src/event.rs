//! What happened, told to whoever embeds this: as Django has signals.
//!
//! A store publishes an [`Event`] for every committed change, in the order of committing, after it is durable.
//! Publishing never waits: a reader that falls more than [`EventStream::CAPACITY`] events behind loses the oldest, and
//! is told how many with [`Missed`].

use std::thread::JoinHandle;

use tokio::sync::broadcast::{self, error::RecvError};

use crate::model::{AccountId, ProfileId, StatusId, Timestamp, TokenKind};

/// One committed change. It names rows and does not carry them: who wants to know more reads the row, which may have
/// changed again since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Counts the events of this process, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody registered, or an operator made an account.
    AccountRegistered {
        /// The new account.
        account: AccountId,
        /// Its profile.
        profile: ProfileId,
    },
    /// Name, address, staff or active flag changed.
    AccountChanged {
        /// Whose.
        account: AccountId,
    },
    /// The password was replaced.
    PasswordChanged {
        /// Whose.
        account: AccountId,
    },
    /// Somebody logged in.
    LoggedIn {
        /// Who.
        account: AccountId,
    },
    /// A token or session was ended.
    LoggedOut {
        /// Whose.
        account: AccountId,
        /// Token or session.
        kind: TokenKind,
    },
    /// An account was erased with all that was its own; its statuses are not told of one by one, but the log of changes
    /// ([`Feed`](crate::store::Feed)) has each.
    AccountErased {
        /// Which.
        account: AccountId,
        /// Its profile.
        profile: ProfileId,
    },
    /// A profile was edited.
    ProfileChanged {
        /// Which.
        profile: ProfileId,
    },
    /// A status was posted.
    StatusPosted {
        /// Which.
        status: StatusId,
        /// By whom.
        account: AccountId,
    },
    /// A status was edited.
    StatusChanged {
        /// Which.
        status: StatusId,
    },
    /// A status was deleted.
    StatusDeleted {
        /// Which.
        status: StatusId,
    },
    /// A mail is in the outbox, or several of one command, or one that was there is due now. It follows the event that
    /// the mail is about.
    MailQueued {
        /// Whose.
        account: AccountId,
    },
    /// Another server of the same database has committed something, or may have: anything of the above. Events of its
    /// commands are told there alone.
    Elsewhere,
}

/// The reader was too slow: so many events are gone. It reads what it needs from the store and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} events were missed")]
pub struct Missed(pub u64);

/// The publishing side; every store has one.
#[derive(Debug)]
pub struct EventPublisher {
    sender: broadcast::Sender<Event>,
    sequence: u64,
}

impl Default for EventPublisher {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(EventStream::CAPACITY), sequence: 0 }
    }
}

impl EventPublisher {
    /// Publishes what was just committed. Never waits.
    pub fn publish(&mut self, at: Timestamp, kind: EventKind) {
        self.sequence += 1;
        // An error means that nobody listens, which is fine.
        let _ = self.sender.send(Event { sequence: self.sequence, at, kind });
    }

    /// A handle that makes streams, for where the publisher itself is out of reach.
    pub fn source(&self) -> EventSource {
        EventSource(self.sender.clone())
    }
}

/// Makes [`EventStream`]s.
#[derive(Clone, Debug)]
pub struct EventSource(broadcast::Sender<Event>);

impl EventSource {
    /// Everything published from now on.
    pub fn subscribe(&self) -> EventStream {
        EventStream(self.0.subscribe())
    }
}

/// Events, as they are committed.
#[derive(Debug)]
pub struct EventStream(broadcast::Receiver<Event>);

impl EventStream {
    /// How many events a slow reader may be behind before it loses some.
    pub const CAPACITY: usize = 4096;

    /// Waits for the next event; `None` once the store is gone.
    ///
    /// # Errors
    /// [`Missed`] if this reader fell too far behind; the next call goes on with the oldest event that is left.
    pub async fn next(&mut self) -> Option<Result<Event, Missed>> {
        match self.0.recv().await {
            Ok(event) => Some(Ok(event)),
            Err(RecvError::Lagged(count)) => Some(Err(Missed(count))),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Is told of events on a thread of its own, so that it may take its time without slowing a request.
pub trait Observer: Send {
    /// Something was committed.
    fn notify(&mut self, event: &Event);

    /// This observer was so slow that events are gone; by default nothing is done about it.
    fn missed(&mut self, missed: Missed) {
        tracing::warn!(events = missed.0, "an observer is too slow and missed events");
    }
}

impl<F: FnMut(&Event) + Send> Observer for F {
    fn notify(&mut self, event: &Event) {
        self(event);
    }
}

impl EventStream {
    /// Tells `observer` of every event from now on, in order, on a new thread that ends with the store. Who drops the
    /// store and then joins the thread knows that the observer was told of everything.
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub fn observe(mut self, mut observer: impl Observer + 'static) -> std::io::Result<JoinHandle<()>> {
        let run = move || {
            loop {
                match self.0.blocking_recv() {
                    Ok(event) => observer.notify(&event),
                    Err(RecvError::Lagged(count)) => observer.missed(Missed(count)),
                    Err(RecvError::Closed) => break,
                }
            }
        };
        std::thread::Builder::new().name("profiles-observer".into()).spawn(run)
    }
}
