//! Letting only so many tries of one kind be under way at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::ThrottleKey;

/// Holds back whoever would come after as many tries under way as are allowed to fail.
///
/// A try is counted before the password is hashed, so that many at once can't all slip through, and is forgiven when it
/// was right. Without this, somebody with the right password who logs in twenty times at once would be refused because of
/// tries that are about to be forgiven; here they wait for those.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<HashMap<ThrottleKey, Arc<Semaphore>>>>);

impl Gate {
    /// Waits for a place among `most`.
    pub(crate) async fn enter(&self, key: ThrottleKey, most: u32) -> Pass {
        let places = usize::try_from(most.max(1)).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let semaphore = {
            let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(key).or_insert_with(|| Arc::new(Semaphore::new(places))))
        };
        // It is never closed, so there always is a permit in the end.
        let permit = semaphore.acquire_owned().await.ok();
        Pass { gate: self.clone(), key, permit }
    }

    /// The only place, if nobody has it.
    pub(crate) fn try_enter(&self, key: ThrottleKey) -> Option<Pass> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let semaphore = keys.entry(key).or_insert_with(|| Arc::new(Semaphore::new(1)));
        let permit = Arc::clone(semaphore).try_acquire_owned().ok()?;
        Some(Pass { gate: self.clone(), key, permit: Some(permit) })
    }

    fn leave(&self, key: ThrottleKey) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.get(&key).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            keys.remove(&key);
        }
    }
}

/// A place at the gate, until it is dropped.
pub(crate) struct Pass {
    gate: Gate,
    key: ThrottleKey,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.gate.leave(self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn only_so_many_are_let_in_and_nothing_is_left_behind() {
        let gate = Gate::default();
        let key = ThrottleKey::of(&["a"]);
        let passes = (gate.enter(key, 2).await, gate.enter(key, 2).await);
        let soon = Duration::from_millis(20);
        assert!(timeout(soon, gate.enter(key, 2)).await.is_err(), "the third waits");
        assert!(timeout(soon, gate.enter(ThrottleKey::of(&["b"]), 2)).await.is_ok(), "others do not");
        drop(passes.0);
        let third = timeout(soon, gate.enter(key, 2)).await.unwrap();
        drop((passes.1, third));
        assert!(gate.0.lock().unwrap().is_empty());
    }
}
