//! Connections to one database, and those of them that lie ready.
//!
//! sqlx's pool sends a message over each connection that comes back to it and waits for the answer: a round trip after each
//! statement, in which nobody else can have the connection. So one that is known to be in order does not go back there; it
//! lies ready here for the next who asks. One of which it is not known, since a statement failed or nobody waited for its
//! end, does go back.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Error as SqlError, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::{
    config::{DatabaseUrl, PostgresConfig},
    connect,
};

pub(crate) struct Connections {
    pool: PgPool,
    /// As many as there may be connections, so that nobody waits in sqlx's pool for one that lies here.
    turns: Arc<Semaphore>,
    ready: Arc<Ready>,
    patience: Duration,
}

/// A connection that somebody has.
pub(crate) struct Connection {
    // Dropped in this order: whoever is next finds it, or room for another.
    taken: Taken,
    ready: Arc<Ready>,
    _turn: OwnedSemaphorePermit,
}

/// A connection out of sqlx's pool.
struct Taken {
    inner: PoolConnection<Postgres>,
    since: Instant,
}

/// The one that was used last comes last; `None` once all are closed.
struct Ready(Mutex<Option<Vec<(Taken, Instant)>>>);

impl Connections {
    /// None yet: each is made when it is asked for.
    pub(crate) fn new(config: &PostgresConfig, url: &DatabaseUrl) -> Self {
        Self {
            pool: connect::pool(config, url),
            turns: Arc::new(Semaphore::new(config.max_connections as usize)),
            ready: Arc::new(Ready(Mutex::new(Some(Vec::new())))),
            patience: config.acquire_timeout,
        }
    }

    /// One that nobody has.
    ///
    /// # Errors
    /// There was none for too long; the database can't be reached; they are closed.
    pub(crate) async fn acquire(&self) -> Result<Connection, SqlError> {
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| SqlError::PoolTimedOut)?.map_err(|_| SqlError::PoolClosed)?;
        let ready = self.ready.lock().as_mut().and_then(Vec::pop);
        let taken = match ready {
            Some((taken, _)) => taken,
            None => Taken { inner: self.pool.acquire().await?, since: Instant::now() },
        };
        Ok(Connection { taken, ready: Arc::clone(&self.ready), _turn: turn })
    }

    /// Closes them, once nobody has one.
    pub(crate) async fn close(&self) {
        drop(self.ready.lock().take());
        self.pool.close().await;
    }
}

impl Connection {
    /// It is in order: the last statement has ended, well, and no transaction is open.
    pub(crate) fn put_back(self) {
        if self.taken.since.elapsed() < connect::LIFETIME {
            self.ready.put(self.taken);
        }
    }

    /// It is closed when it is dropped.
    pub(crate) fn close_on_drop(&mut self) {
        self.taken.inner.close_on_drop();
    }

    /// It is of no use any more; nor, it may be, are those that lie ready.
    pub(crate) fn give_up(&mut self) {
        self.close_on_drop();
        let others = self.ready.lock().as_mut().map(std::mem::take);
        drop(others);
    }
}

impl Ready {
    fn lock(&self) -> MutexGuard<'_, Option<Vec<(Taken, Instant)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, taken: Taken) {
        let mut ready = self.lock();
        let Some(ready) = ready.as_mut() else { return };
        ready.push((taken, Instant::now()));
        // Back to sqlx's pool, which closes what nobody uses.
        if ready.first().is_some_and(|(_, put)| put.elapsed() > connect::IDLE) {
            ready.remove(0);
        }
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.taken.inner
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.taken.inner
    }
}
