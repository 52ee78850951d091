//! What readers and the writer share: the open database, or why there is none.

use std::{
    ops::Range,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::engine::{Engine, Pair, Pairs, View, guarded};
use crate::{
    event::{EventPublisher, EventSource, EventStream},
    model::ChangeId,
    store::{Result, StoreError},
};

/// Readers hold the lock while they read, so that nobody has a handle left when [`Shared::stop`] returns: a handle that
/// lives on keeps the directory locked.
pub(super) struct Shared {
    state: RwLock<State>,
    /// Long scans look at this, and end when it is set.
    stopping: AtomicBool,
    /// The number of the newest change that is on the disk.
    last_change: AtomicU64,
}

enum State {
    Open { engine: Engine, events: EventSource },
    Stopped { reason: Arc<str> },
}

impl Shared {
    pub(super) fn new(engine: Engine, events: EventSource) -> Self {
        Self {
            state: RwLock::new(State::Open { engine, events }),
            stopping: AtomicBool::new(false),
            last_change: AtomicU64::new(0),
        }
    }

    /// Reads from the database.
    ///
    /// # Errors
    /// `Unavailable` once the store has stopped.
    pub(super) fn read<T>(&self, run: impl FnOnce(&dyn View) -> Result<T>) -> Result<T> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open { engine, .. } => guarded(|| run(&Interruptible { engine, stopping: &self.stopping })),
            State::Stopped { reason } => Err(StoreError::unavailable(reason.to_string())),
        }
    }

    /// Changes are on the disk up to this one.
    pub(super) fn note_change(&self, number: u64) {
        self.last_change.store(number, Ordering::Release);
    }

    /// The newest change that is on the disk.
    pub(super) fn last_change(&self) -> ChangeId {
        ChangeId::new(self.last_change.load(Ordering::Acquire))
    }

    /// Whether the store still works.
    pub(super) fn check(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    /// Gives the database up and ends every stream of events. The first reason is the one that is told.
    pub(super) fn stop(&self, reason: &str) {
        self.stopping.store(true, Ordering::Relaxed);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Open { .. }) {
            *state = State::Stopped { reason: reason.into() };
        }
    }

    /// Events from now on; none if the store has stopped.
    pub(super) fn events(&self) -> EventStream {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open { events, .. } => events.subscribe(),
            State::Stopped { .. } => EventPublisher::default().source().subscribe(),
        }
    }
}

/// The database, until the store stops.
struct Interruptible<'a> {
    engine: &'a Engine,
    stopping: &'a AtomicBool,
}

impl Interruptible<'_> {
    fn unless_stopping(&self, pair: Result<Pair>) -> Result<Pair> {
        if self.stopping.load(Ordering::Relaxed) { Err(StoreError::unavailable("the store is closing")) } else { pair }
    }
}

impl View for Interruptible<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<super::engine::Bytes>> {
        self.engine.get(key)
    }

    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        Box::new(self.engine.scan(range).map(|pair| self.unless_stopping(pair)))
    }

    fn scan_back(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        Box::new(self.engine.scan_back(range).map(|pair| self.unless_stopping(pair)))
    }
}
