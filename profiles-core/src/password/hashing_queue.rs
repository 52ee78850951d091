//! Passwords that wait for a thread, and how many threads there are to take them.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{HashingError, Verdict};
use crate::model::PasswordHash;

/// One password to work on, and where to send the answer.
pub(super) enum Task {
    Hash { password: SecretString, answer: Answer<PasswordHash> },
    Verify { password: SecretString, hash: Option<PasswordHash>, answer: Answer<Verdict> },
}

pub(super) type Answer<T> = oneshot::Sender<Result<T, HashingError>>;

impl Task {
    /// Whether nobody waits for the answer any more: the client has gone away, or gave up.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { answer, .. } => answer.is_closed(),
            Self::Verify { answer, .. } => answer.is_closed(),
        }
    }
}

/// What whoever adds a task has to do then.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hands {
    /// Nothing: a thread will come to it.
    Enough,
    /// Start a thread; it is counted already.
    Wanted,
}

/// What a thread does when nothing comes in the time it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnIdle {
    Stay,
    Leave,
}

/// What a thread is to do next.
pub(super) enum Next {
    Task(Task),
    /// Nothing came. Whoever meant to leave then is no longer counted.
    Idle,
    /// The pool is going.
    Closed,
}

/// A bounded queue with a bounded number of threads. Adding to it never waits; the lock is held for a few instructions.
///
/// Not a channel: the threads share the receiving end and each waits with its own time limit, which a receiver behind a
/// mutex does not allow.
pub(super) struct HashingQueue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    max_threads: usize,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    threads: usize,
    /// Those of the threads that have nothing to do.
    idle_threads: usize,
    is_closed: bool,
}

impl HashingQueue {
    pub(super) fn new(capacity: usize, max_threads: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), capacity, max_threads }
    }

    /// Adds a task, or answers at once that there are too many.
    pub(super) fn push(&self, task: Task) -> Result<Hands, HashingError> {
        let mut state = self.lock();
        if state.tasks.len() >= self.capacity {
            // Clients that ask and hang up must not keep others out.
            state.tasks.retain(|task| !task.is_abandoned());
        }
        if state.tasks.len() >= self.capacity {
            return Err(HashingError::Busy);
        }
        state.tasks.push_back(task);
        if state.tasks.len() > state.idle_threads && state.threads < self.max_threads {
            state.threads += 1;
            return Ok(Hands::Wanted);
        }
        drop(state);
        self.changed.notify_one();
        Ok(Hands::Enough)
    }

    /// Waits for a task, as long as `patience` says.
    pub(super) fn pop(&self, patience: Duration, on_idle: OnIdle) -> Next {
        let mut state = self.lock();
        state.idle_threads += 1;
        let is_quiet = |state: &mut State| state.tasks.is_empty() && !state.is_closed;
        let woken = self.changed.wait_timeout_while(state, patience, is_quiet);
        let mut state = woken.unwrap_or_else(PoisonError::into_inner).0;
        state.idle_threads -= 1;
        if state.is_closed {
            return Next::Closed;
        }
        let Some(task) = state.tasks.pop_front() else {
            // Under the same lock, or a task could be left to a thread that has just made up its mind to go.
            state.threads -= usize::from(on_idle == OnIdle::Leave);
            return Next::Idle;
        };
        Next::Task(task)
    }

    /// The thread that was wanted could not be started. If there is no other, nobody will take what waits: its callers
    /// learn that there is no answer.
    pub(super) fn withdraw_thread(&self) {
        let mut state = self.lock();
        state.threads -= 1;
        if state.threads == 0 {
            state.tasks.clear();
        }
    }

    /// Sends every thread home and forgets what waits.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.tasks.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> (Task, oneshot::Receiver<Result<PasswordHash, HashingError>>) {
        let (answer, answered) = oneshot::channel();
        (Task::Hash { password: "x".into(), answer }, answered)
    }

    #[test]
    fn threads_are_wanted_while_there_are_tasks_for_them_up_to_the_bound() {
        let queue = HashingQueue::new(8, 2);
        let (tasks, _waiting): (Vec<_>, Vec<_>) = (0..3).map(|_| task()).unzip();
        let hands: Vec<Hands> = tasks.into_iter().map(|task| queue.push(task).unwrap()).collect();
        assert_eq!(hands, [Hands::Wanted, Hands::Wanted, Hands::Enough]);
    }

    #[test]
    fn a_thread_that_leaves_is_replaced_when_there_is_work_again() {
        let queue = HashingQueue::new(8, 1);
        let (first, _waiting) = task();
        assert_eq!(queue.push(first).unwrap(), Hands::Wanted);
        assert!(matches!(queue.pop(Duration::ZERO, OnIdle::Leave), Next::Task(_)));
        assert!(matches!(queue.pop(Duration::ZERO, OnIdle::Stay), Next::Idle));
        let (second, _waiting) = task();
        assert_eq!(queue.push(second).unwrap(), Hands::Enough);
        assert!(matches!(queue.pop(Duration::ZERO, OnIdle::Leave), Next::Task(_)));
        assert!(matches!(queue.pop(Duration::ZERO, OnIdle::Leave), Next::Idle));
        let (third, _waiting) = task();
        assert_eq!(queue.push(third).unwrap(), Hands::Wanted);
    }

    #[test]
    fn without_any_thread_nobody_is_kept_waiting() {
        let queue = HashingQueue::new(8, 1);
        let (only, mut answered) = task();
        assert_eq!(queue.push(only).unwrap(), Hands::Wanted);
        queue.withdraw_thread();
        assert_eq!(answered.try_recv().unwrap_err(), oneshot::error::TryRecvError::Closed);
    }

    #[test]
    fn after_closing_there_is_nothing_to_do() {
        let queue = HashingQueue::new(8, 1);
        let (only, _waiting) = task();
        queue.push(only).unwrap();
        queue.close();
        assert!(matches!(queue.pop(Duration::MAX, OnIdle::Stay), Next::Closed));
    }
}
