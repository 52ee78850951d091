//! Reading from a copy of the database that follows it.
//!
//! The copy is asked for lists and for rows that anybody may read, and never for what decides who somebody is. It is asked
//! only while it has everything that was committed through this server: who wrote here reads what it wrote. What was
//! committed through other servers may come up to two seconds late; a copy that is later than that is not asked.

use std::{
    io::ErrorKind,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Error as SqlError, query_scalar};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{connections::Connections, store::Inner};

/// How late a copy may be.
const LATEST: Duration = Duration::from_secs(1);

/// How often it is looked at when nothing is written.
const LOOK: Duration = Duration::from_secs(1);

/// How often it is asked whether it has come so far.
const ASK: Duration = Duration::from_millis(5);

/// A copy, and how far it has come.
pub(crate) struct Replica {
    pub(crate) connections: Connections,
    /// Writes that have ended here, whatever came of them.
    writes: AtomicU64,
    /// As many of them are in the copy.
    followed: AtomicU64,
    /// Whether it is there and not late.
    is_fresh: AtomicBool,
    wrote: Notify,
    /// The newest change that somebody here was told of.
    change: AtomicU64,
}

impl Replica {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connections,
            writes: AtomicU64::new(1),
            followed: AtomicU64::new(0),
            is_fresh: AtomicBool::new(false),
            wrote: Notify::new(),
            change: AtomicU64::new(0),
        }
    }

    /// A write has ended: until the copy has come so far, it is not asked.
    pub(crate) fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.wrote.notify_one();
    }

    /// Rows of this change are about to be read: until the copy has them, it is not asked.
    pub(crate) fn must_have(&self, change: u64) {
        if self.change.fetch_max(change, Ordering::AcqRel) < change {
            self.wrote();
        }
    }

    /// Whether it may be asked now.
    pub(crate) fn may_be_asked(&self) -> bool {
        self.is_fresh.load(Ordering::Acquire)
            && self.followed.load(Ordering::Acquire) == self.writes.load(Ordering::Acquire)
    }

    /// It failed: it is not asked before it has been looked at again.
    pub(crate) fn failed(&self) {
        self.is_fresh.store(false, Ordering::Release);
    }

    async fn follow(&self, primary: &Connections) -> Result<(), SqlError> {
        let writes = self.writes.load(Ordering::Acquire);
        let mut connection = primary.acquire().await?;
        let position: String =
            query_scalar("select pg_current_wal_insert_lsn()::text").fetch_one(&mut *connection).await?;
        connection.put_back();
        let end = Instant::now() + LATEST;
        loop {
            let mut connection = self.connections.acquire().await?;
            let has_it: Option<bool> = query_scalar("select pg_last_wal_replay_lsn() >= $1::pg_lsn")
                .bind(&position)
                .fetch_one(&mut *connection)
                .await?;
            connection.put_back();
            if has_it == Some(true) {
                self.followed.store(writes, Ordering::Release);
                self.is_fresh.store(true, Ordering::Release);
                return Ok(());
            }
            if Instant::now() > end {
                self.failed();
                return Ok(());
            }
            sleep(ASK).await;
        }
    }
}

/// The task that sees how far the copy is, until the store is gone.
pub(crate) fn start(inner: &Arc<Inner>, replica: Arc<Replica>) -> JoinHandle<()> {
    tokio::spawn(watch(Arc::downgrade(inner), replica))
}

async fn watch(inner: Weak<Inner>, replica: Arc<Replica>) {
    while let Some(store) = inner.upgrade() {
        let primary = Arc::clone(&store.connections);
        drop(store);
        let followed = timeout(LATEST * 2, replica.follow(&primary)).await;
        if let Err(error) = followed.unwrap_or_else(|_| Err(SqlError::Io(ErrorKind::TimedOut.into()))) {
            if replica.is_fresh.swap(false, Ordering::AcqRel) {
                tracing::warn!(%error, "the copy of the database is not read from until it is there again");
            }
            sleep(LOOK).await;
        }
        // Looks at once after a write, else now and then.
        let _ = timeout(LOOK, replica.wrote.notified()).await;
    }
}
