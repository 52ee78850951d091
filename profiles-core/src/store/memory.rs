//! A store in memory: for tests, examples and programs that need nothing kept.

mod accounts;
mod audit;
mod feed;
mod jobs;
mod mail_keys;
mod maintenance;
mod profiles;
mod requests;
mod state;
mod statuses;
mod throttles;
mod tokens;
mod transfer;

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use self::state::State;
use super::{Result, StoreError};

/// Keeps everything in `BTreeMap`s behind one lock, and forgets it when it is dropped.
///
/// It is the oracle that other stores are compared with, so it is written to be obviously right: a write checks all
/// that could refuse it before it touches anything, and what can be found by looking at every row has no index. Most
/// calls therefore cost time in proportion to the number of rows.
///
/// ```
/// use std::sync::Arc;
///
/// use profiles_core::store::{MemoryStore, Store};
///
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
/// # let _ = store;
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose log of changes has no more than so many lines, instead of
    /// [`Changes::KEPT`](super::Changes::KEPT).
    pub fn keeping_changes(most: u64) -> Self {
        Self { state: Mutex::new(State { changes_kept: Some(most), ..State::default() }) }
    }

    /// The data, for one step.
    ///
    /// A panic in the middle of a step may have left half of it, so from then on nothing is served.
    fn state(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.state.lock().map_err(|_| StoreError::unavailable("an earlier call panicked"))?;
        if state.closed { Err(StoreError::unavailable("the store is closed")) } else { Ok(state) }
    }

    /// The data, whether it is served or not.
    fn state_even_if_closed(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says nothing of what is stored: that is other people's data.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
