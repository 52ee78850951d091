//! The store itself: what it is made of, opened and closed.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use data_encoding::HEXLOWER;
use profiles_core::{
    event::{EventPublisher, EventSource},
    store::{Result, StoreError},
};
use sqlx::Connection as _;
use tokio::{sync::Mutex, task::JoinHandle, time::timeout};

use crate::{
    config::PostgresConfig,
    connect,
    connections::Connections,
    elsewhere::{self, Elsewhere},
    error::OpenError,
    migrate,
    replica::{self, Replica},
    status_queue::StatusQueue,
    throttles::Turns,
};

/// Keeps everything in a PostgreSQL database, which other servers may use at the same time.
pub struct PostgresStore {
    pub(crate) inner: Arc<Inner>,
    pub(crate) queue: StatusQueue,
    /// What goes on beside it; ends with it.
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What the tasks of a store share.
pub(crate) struct Inner {
    pub(crate) config: PostgresConfig,
    /// Connections to the database that is written.
    pub(crate) connections: Arc<Connections>,
    /// Held from before a transaction commits until its events are published, so that they are told in the order of
    /// committing. Nothing that a transaction may have to wait for is ever waited for under it.
    pub(crate) events: Mutex<EventPublisher>,
    pub(crate) source: EventSource,
    pub(crate) elsewhere: Arc<Elsewhere>,
    pub(crate) replica: Option<Arc<Replica>>,
    /// Who counts tries waits for who counts the same.
    pub(crate) turns: Turns,
    closed: AtomicBool,
}

/// How long to try to tell others of the last commands, at the end.
const LAST_WORD: Duration = Duration::from_secs(1);

impl PostgresStore {
    /// Over a database that is there, reached now and migrated.
    ///
    /// # Errors
    /// It can't be reached, is not migrated, is newer than this program, or can't be used.
    pub async fn open(config: PostgresConfig) -> Result<Self, OpenError> {
        let mut connection = connect::first(&config).await?;
        connect::check(&mut connection, &config.url).await?;
        let missing = migrate::missing(&mut connection, &config.url).await?;
        // What is wrong with ending it nobody needs to know.
        let _ = connection.close().await;
        if missing > 0 {
            return Err(OpenError::Unmigrated { url: config.url, missing });
        }
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| OpenError::Connect {
            url: config.url.clone(),
            error: sqlx::Error::Io(std::io::Error::other(error.to_string())),
        })?;
        let connections = Arc::new(Connections::new(&config, &config.url));
        let events = EventPublisher::default();
        let source = events.source();
        let replica = config.replica.as_ref().map(|url| Arc::new(Replica::new(Connections::new(&config, url))));
        let listening = connect::pool(&PostgresConfig { max_connections: 1, ..config.clone() }, &config.url);
        let inner = Arc::new(Inner {
            config,
            connections,
            events: Mutex::new(events),
            source,
            elsewhere: Arc::new(Elsewhere::new(HEXLOWER.encode(&name))),
            replica: replica.clone(),
            turns: Turns::default(),
            closed: AtomicBool::new(false),
        });
        let mut tasks = Vec::from(elsewhere::start(&inner, listening));
        tasks.extend(replica.map(|replica| replica::start(&inner, replica)));
        Ok(Self { queue: StatusQueue::start(Arc::clone(&inner)), inner, tasks })
    }
}

impl Inner {
    /// Refuses what comes after the end.
    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::unavailable("the store is closed"));
        }
        Ok(())
    }

    /// The end: what is under way is finished, what comes later is refused.
    pub(crate) async fn close(&self) -> Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Err(StoreError::unavailable("the store is closed"));
        }
        // Who ends at once, as an operator's command does, must not take with it what others wait to hear.
        let _ = timeout(LAST_WORD, self.elsewhere.tell_what_waits(&self.connections)).await;
        self.connections.close().await;
        if let Some(replica) = &self.replica {
            replica.connections.close().await;
        }
        Ok(())
    }
}

/// Says where the data is, and nothing of it.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("database", &self.inner.config.url).finish_non_exhaustive()
    }
}
