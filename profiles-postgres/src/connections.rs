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
    position::Position,
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
    /// How far the copy at its end had come when it was last asked, if it leads to one.
    pub(crate) reached: Option<Position>,
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

/// A connection that nobody has.
struct Idle {
    taken: Taken,
    reached: Option<Position>,
    since: Instant,
}

/// The one that was used last comes last; `None` once all are closed.
struct Ready(Mutex<Option<Vec<Idle>>>);

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
        let (taken, reached) = match ready {
            Some(Idle { taken, reached, .. }) => (taken, reached),
            None => (Taken { inner: self.pool.acquire().await?, since: Instant::now() }, None),
        };
        Ok(Connection { reached, taken, ready: Arc::clone(&self.ready), _turn: turn })
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
        self.put(Vec::push);
    }

    /// As [`Connection::put_back`]; others are taken first.
    pub(crate) fn put_behind(self) {
        self.put(|ready, idle| ready.insert(0, idle));
    }

    fn put(self, add: impl FnOnce(&mut Vec<Idle>, Idle)) {
        if self.taken.since.elapsed() < connect::LIFETIME {
            let idle = Idle { taken: self.taken, reached: self.reached, since: Instant::now() };
            self.ready.put(idle, add);
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
    fn lock(&self) -> MutexGuard<'_, Option<Vec<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, idle: Idle, add: impl FnOnce(&mut Vec<Idle>, Idle)) {
        let mut ready = self.lock();
        let Some(ready) = ready.as_mut() else { return };
        add(ready, idle);
        // Back to sqlx's pool, which closes what nobody uses.
        if ready.first().is_some_and(|idle| idle.since.elapsed() > connect::IDLE) {
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
