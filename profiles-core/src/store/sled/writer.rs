//! The one thread that writes.
//!
//! It takes what waits in the queue, applies it as one batch, makes that durable, tells observers, and answers. So the
//! price of a sync is shared by all who wait for it, and a command needs no lock: nothing else writes.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{oneshot, watch};

use super::{
    codec,
    directory::Directory,
    engine::{Engine, Write, Writes, guarded, panic_message},
    keys::Meta,
    open::close,
    rows::Rows as _,
    shared::Shared,
    transaction::Transaction,
};
use crate::{
    event::EventPublisher,
    store::{Result, StoreError},
};

/// Commands at most in one group: it bounds how long the first of them waits for the rest.
pub(super) const GROUP: usize = 512;

/// Makes what was flushed durable. Not a closure of the writer's own so that tests can cut the power.
pub(super) trait Barrier: Send {
    /// Returns once everything that was written to the database's file is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// Runs in the writer; gives back how to answer whoever waits.
type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Answer + Send>;

/// Answers the caller, once it is known whether the group is durable.
type Answer = Box<dyn FnOnce(&Result<(), Arc<str>>) + Send>;

/// The way into the queue. The writer ends when it is dropped.
pub(super) struct Inlet(SyncSender<Job>);

impl Inlet {
    /// Queues a command. The answer comes when it is durable; if it never comes, the writer has stopped.
    ///
    /// # Errors
    /// `Busy` if the queue is full: it never waits for room.
    pub(super) fn send<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |transaction| {
            let outcome = guarded(|| command(transaction));
            if outcome.is_ok() {
                transaction.keep();
            } else {
                transaction.roll_back();
            }
            Box::new(move |durable| {
                let answer = match durable {
                    Ok(()) => outcome,
                    Err(reason) => Err(StoreError::unavailable(reason.to_string())),
                };
                // A caller that has gone away no longer wants to know.
                let _ = sender.send(answer);
            })
        });
        match self.0.try_send(job) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::unavailable("the writer has stopped")),
        }
    }
}

/// How large the last group was, and how long it took.
///
/// Whoever was answered by it may be about to write again. So the next group waits for as many, for at most half of
/// what a commit takes: many callers then share one sync instead of taking turns in small groups, and a single caller
/// never waits.
#[derive(Default)]
struct Pace {
    size: usize,
    commit: Duration,
}

impl Pace {
    /// The shortest sleep that is worth its two switches of the processor.
    const STEP: Duration = Duration::from_micros(50);
    /// What a slow disk may add to a write.
    const LONGEST: Duration = Duration::from_millis(1);

    fn gather(&self, first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
        let mut group = vec![first];
        let until = Instant::now() + (self.commit / 2).min(Self::LONGEST);
        loop {
            group.extend(jobs.try_iter().take(GROUP.saturating_sub(group.len())));
            if group.len() >= self.size.min(GROUP) || Instant::now() >= until {
                return group;
            }
            thread::sleep(Self::STEP);
        }
    }
}

/// What the writer needs for its work.
pub(super) struct Writer {
    pub(super) engine: Engine,
    pub(super) barrier: Box<dyn Barrier>,
    pub(super) events: EventPublisher,
    pub(super) shared: Arc<Shared>,
    pub(super) directory: Directory,
    /// How many groups were made durable since the database was made.
    pub(super) commits: u64,
    /// Lines that the log of changes keeps.
    pub(super) changes: u64,
}

/// How the writer ended: `None` while it has not.
pub(super) type Ended = watch::Receiver<Option<Result<(), Arc<str>>>>;

impl Writer {
    /// Starts the thread. It ends when the inlet is dropped or the barrier fails; by then the database is closed.
    pub(super) fn start(mut self, queue: usize) -> io::Result<(Inlet, Ended, thread::JoinHandle<()>)> {
        let (sender, jobs) = sync_channel(queue);
        let (end, ended) = watch::channel(None);
        let thread = thread::Builder::new().name("profiles-store-writer".to_owned()).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(&jobs)))
                .unwrap_or_else(|panic| Err(format!("the writer panicked: {}", panic_message(&*panic)).into()));
            if let Err(reason) = &outcome {
                tracing::error!(%reason, "the store has stopped: restart the process");
            }
            self.shared.stop(outcome.as_ref().err().map_or("the store is closed", |reason| reason));
            // Whoever still waits in the queue hears of it.
            drop(jobs);
            let outcome = outcome.and_then(|()| self.end());
            end.send_replace(Some(outcome));
        })?;
        Ok((Inlet(sender), ended, thread))
    }

    /// Closes the database.
    fn end(self) -> Result<(), Arc<str>> {
        let Self { engine, mut directory, commits, .. } = self;
        let gave_up = |reason: &str| Arc::from(format!("the storage engine gave up: {reason}"));
        // The last handle: sled writes what is left and ends its threads.
        catch_unwind(AssertUnwindSafe(|| drop(engine))).map_err(|panic| gave_up(panic_message(&*panic)))?;
        let closed = catch_unwind(AssertUnwindSafe(|| close(&mut directory, commits)));
        closed.map_err(|panic| gave_up(panic_message(&*panic)))?.map_err(|error| error.to_string().into())
    }

    fn run(&mut self, jobs: &Receiver<Job>) -> Result<(), Arc<str>> {
        let mut pace = Pace::default();
        while let Ok(first) = jobs.recv() {
            let group = pace.gather(first, jobs);
            let (size, started) = (group.len(), Instant::now());
            // A failed sync can't be tried again: the kernel may have thrown away the pages it could not write.
            self.commit(group)?;
            pace = Pace { size, commit: started.elapsed() };
        }
        Ok(())
    }

    /// What is to be done before anybody reads or writes: the leases of the process before this one end, so that its mails go
    /// out at once and not when it would have lost them.
    pub(super) fn begin(&mut self) -> Result<(), Arc<str>> {
        self.commit(vec![Box::new(|transaction| {
            match guarded(|| transaction.release_mails()) {
                Ok(()) => transaction.keep(),
                Err(error) => {
                    transaction.roll_back();
                    tracing::warn!(%error, "leases of an earlier process could not be ended; they end by themselves");
                }
            }
            Box::new(|_| {})
        })])?;
        let last = guarded(|| self.engine.count(&Meta::LastChange.key()));
        self.shared.note_change(last.map_err(|error| Arc::<str>::from(error.to_string()))?);
        Ok(())
    }

    /// Applies a group, makes it durable, tells of it and answers.
    fn commit(&mut self, group: Vec<Job>) -> Result<(), Arc<str>> {
        let mut transaction = Transaction::new(&self.engine).keeping_changes(self.changes);
        let answers: Vec<Answer> = group.into_iter().map(|job| job(&mut transaction)).collect();
        let (writes, events) = transaction.into_parts();
        // If nothing was written, what the group has read was made durable by those before it.
        let durable = if writes.is_empty() { Ok(()) } else { self.write(writes) };
        let durable = durable.map_err(|error| {
            let cause = if let StoreError::Unavailable(cause) = &error { cause.to_string() } else { error.to_string() };
            Arc::from(format!("a write could not be made durable: {cause}"))
        });
        if durable.is_ok() {
            for (at, kind) in events {
                self.events.publish(at, kind);
            }
        }
        if let Err(reason) = &durable {
            // Before anybody hears of the failure: who does finds the store stopped.
            self.shared.stop(reason);
        }
        for answer in answers {
            answer(&durable);
        }
        durable
    }

    /// Applies all of this and makes it durable.
    fn write(&mut self, mut writes: Writes) -> Result<()> {
        let commits = self.commits + 1;
        let last_change = last_change(&writes)?;
        writes.insert(Meta::Commits.key(), Write::Put(codec::encode(&commits)?));
        guarded(|| self.engine.apply(writes).and_then(|()| self.engine.flush()))?;
        self.barrier.sync().map_err(StoreError::unavailable)?;
        self.commits = commits;
        if let Some(last) = last_change {
            self.shared.note_change(last);
        }
        // What is durable stays so without this note.
        if let Err(error) = self.directory.note_commits(commits) {
            tracing::warn!(%error, "the marker of the store could not be written");
        }
        Ok(())
    }
}

/// The number of the last change that this has, if it has any.
fn last_change(writes: &Writes) -> Result<Option<u64>> {
    let key = Meta::LastChange.key();
    match writes.get(&key) {
        Some(Write::Put(number)) => codec::decode(&key, number).map(Some),
        // Of an import that was refused.
        Some(Write::Remove) => Ok(Some(0)),
        None => Ok(None),
    }
}

/// A caller whose answer never came.
pub(super) fn unanswered(shared: &Shared) -> StoreError {
    match shared.check() {
        Err(error) => error,
        Ok(()) => StoreError::unavailable("the writer has stopped"),
    }
}
