//! Reading from a copy of the database that follows it.
//!
//! A copy is asked for lists and for rows that anybody may read, and never for what decides who somebody is. It is asked only
//! if it has
//!
//! - all that was committed through this server, and all that this server has told of;
//! - all that was acknowledged to anybody, by whichever server, before the primary was asked who sends a request: its answer
//!   brings along how far its log goes. So whoever shows a credential reads what they have just written elsewhere;
//! - all that is more than two seconds old.
//!
//! A read waits a moment for a copy that is on its way there, and then goes to the primary. An address may lead to several
//! copies, so how far one has come is known of each connection: it is asked over the one that is then read from, unless that
//! has come far enough before.

use std::{
    io::ErrorKind,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Error as SqlError, PgConnection, Row as _, query};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    connections::{Connection, Connections},
    position::{Position, position_columns},
    store::Inner,
};

/// How late a copy may be before nobody waits for it any more.
const LATEST: Duration = Duration::from_secs(1);

/// How often both are looked at while nobody waits.
const LOOK: Duration = Duration::from_secs(1);

/// How old the last look at the primary may be.
const OLDEST: Duration = Duration::from_secs(2);

/// How often they are asked while somebody waits.
const ASK: Duration = Duration::from_millis(3);

/// How long a read waits for a copy.
const PATIENCE: Duration = Duration::from_millis(30);

/// The primary's log, and the mark of its timeline.
const LOOK_AT_LOG: &str = concat!(
    "select log.*, t.mark from (select ",
    position_columns!("true"),
    ") log left join timelines t on t.number = log.timeline"
);

/// How far a copy has come, and whether it is one of the primary with this mark.
const LOOK_AT_COPY: &str = "select (pg_last_wal_replay_lsn() - '0/0')::bigint as log_offset, \
     exists (select from timelines where number = $1 and mark = $2) as follows";

/// Copies, and what must be in them.
pub(crate) struct Replica {
    pub(crate) connections: Connections,
    /// Writes that have ended here, whatever came of them.
    writes: AtomicU64,
    /// The newest change that somebody here was told of.
    change: AtomicU64,
    progress: watch::Sender<Progress>,
    /// Somebody waits.
    wanted: Notify,
}

/// What is known of the primary and of a copy.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// How far the primary's log goes: a copy must have all of that.
    log: Option<Position>,
    /// As many writes of this server are in it.
    writes: u64,
    /// When that was last found out.
    looked: Option<Instant>,
    /// By what copies of this primary are known.
    mark: Option<Mark>,
    /// How far the first of the copies has come.
    reached: Option<Position>,
    /// Whether a copy is there and not late.
    is_fresh: bool,
}

/// The mark of a timeline.
#[derive(Clone, Debug)]
struct Mark {
    timeline: i32,
    text: Arc<str>,
}

/// What a copy must have to be read from.
#[derive(Debug)]
struct Needed {
    log: Position,
    mark: Mark,
}

impl Progress {
    /// What a copy must have, if one may be asked at all.
    fn needed(&self) -> Option<Needed> {
        let (log, mark) = (self.log?, self.mark.clone()?);
        let is_known = mark.timeline == log.timeline && self.looked?.elapsed() < OLDEST;
        (is_known && self.is_fresh).then_some(Needed { log, mark })
    }
}

impl Replica {
    pub(crate) fn new(connections: Connections) -> Self {
        Self {
            connections,
            writes: AtomicU64::new(0),
            change: AtomicU64::new(0),
            progress: watch::Sender::new(Progress::default()),
            wanted: Notify::new(),
        }
    }

    /// A write has ended.
    pub(crate) fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
    }

    /// Rows of this change are about to be read.
    pub(crate) fn must_have(&self, change: u64) {
        if self.change.fetch_max(change, Ordering::AcqRel) < change {
            self.wrote();
        }
    }

    /// How many writes have ended: to be asked before the primary is asked for its log.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Acquire)
    }

    /// The primary's log goes so far, and as many writes had ended before it was asked.
    pub(crate) fn saw(&self, log: Position, writes: u64) {
        self.progress.send_if_modified(|progress| {
            if progress.log.is_some_and(|known| known.timeline > log.timeline) {
                // A former primary, which does not know it yet: what was written since is not in its log.
                return false;
            }
            let has_more = progress.writes < writes;
            progress.log = progress.log.max(Some(log));
            progress.writes = progress.writes.max(writes);
            progress.looked = Some(Instant::now());
            has_more
        });
    }

    /// A connection to a copy that has all that it must have, if there is such a one or will be in a moment.
    pub(crate) async fn connection(&self) -> Option<Connection> {
        let needed = timeout(PATIENCE, self.caught_up()).await.ok()??;
        let found = timeout(LATEST, self.connection_that_has(&needed)).await;
        found.unwrap_or_else(|_| Err(timed_out())).unwrap_or_else(|error| {
            self.failed(&error);
            None
        })
    }

    /// Waits until a copy has what it must have by now; `None` if none may be asked.
    async fn caught_up(&self) -> Option<Needed> {
        let writes = self.writes();
        let is_known = |progress: &Progress| progress.writes >= writes || !progress.is_fresh;
        if !is_known(&self.progress.borrow()) {
            self.until(is_known).await?;
        }
        let needed = self.progress.borrow().needed()?;
        let is_there = |progress: &Progress| progress.reached >= Some(needed.log) || !progress.is_fresh;
        if !is_there(&self.progress.borrow()) {
            self.until(is_there).await?;
        }
        Some(needed)
    }

    async fn until(&self, is_so: impl Fn(&Progress) -> bool) -> Option<()> {
        let mut progress = self.progress.subscribe();
        self.wanted.notify_one();
        progress.wait_for(|progress| is_so(progress)).await.ok().map(drop)
    }

    async fn connection_that_has(&self, needed: &Needed) -> Result<Option<Connection>, SqlError> {
        let mut connection = self.connections.acquire().await?;
        if connection.reached < Some(needed.log) {
            connection.reached = ask(&mut connection, &needed.mark).await?;
        }
        if connection.reached >= Some(needed.log) {
            return Ok(Some(connection));
        }
        // Another copy than the one that was known to be there.
        connection.put_behind();
        Ok(None)
    }

    /// It failed: it is not asked before it has been looked at again.
    pub(crate) fn failed(&self, error: &SqlError) {
        let mut was_fresh = false;
        self.progress.send_modify(|progress| was_fresh = std::mem::take(&mut progress.is_fresh));
        if was_fresh {
            tracing::warn!(%error, "the copy of the database is not read from until it is there again");
        }
    }

    /// Looks at the primary's log.
    async fn look(&self, primary: &Connections) -> Result<(), SqlError> {
        let (known, writes) = (self.progress.borrow().log, self.writes());
        let mut connection = primary.acquire().await?;
        let row = query(LOOK_AT_LOG).fetch_one(&mut *connection).await?;
        let mark: Option<String> = row.try_get("mark")?;
        let log = Position::of(&row).map_err(|error| SqlError::Protocol(error.to_string()))?;
        let log = log.ok_or_else(|| SqlError::Protocol("the database that should take writes is a copy".to_owned()))?;
        if mark.is_none() {
            // Found at the next look.
            let make = query("insert into timelines (number) values ($1) on conflict do nothing").bind(log.timeline);
            make.execute(&mut *connection).await?;
        }
        connection.put_back();
        self.saw(log, writes);
        self.progress.send_modify(|progress| {
            if progress.log.is_some_and(|newest| newest.timeline == log.timeline) {
                progress.mark = mark.map(|mark| Mark { timeline: log.timeline, text: mark.into() });
                // Asked after that was known, it would not be behind it: this is another database at the same address.
                if known.is_some_and(|known| log < known) {
                    progress.log = Some(log);
                    progress.reached = None;
                }
            }
        });
        Ok(())
    }

    /// Finds out how far a copy is; whether it is late is known by how far the primary was at the look that is due.
    async fn follow(&self, due: &mut Option<(Position, Instant)>) -> Result<(), SqlError> {
        let progress = self.progress.borrow().clone();
        let (Some(log), Some(mark)) = (progress.log, progress.mark) else { return Ok(()) };
        let mut connection = self.connections.acquire().await?;
        let reached = ask(&mut connection, &mark).await?;
        connection.reached = reached;
        // The next time another is asked, which may lead to another copy.
        connection.put_behind();
        // Another database has taken the place of that which was looked at.
        due.take_if(|(position, _)| *position > log);
        let (position, since) = *due.get_or_insert((log, Instant::now()));
        let reached = reached.max(progress.reached);
        let is_there = reached >= Some(position);
        if is_there && since.elapsed() >= LOOK {
            *due = Some((log, Instant::now()));
        }
        let is_late = !is_there && since.elapsed() > LATEST;
        self.progress.send_modify(|progress| {
            progress.reached = reached;
            progress.is_fresh = is_there || (progress.is_fresh && !is_late);
        });
        Ok(())
    }

    /// One look at whatever has to be looked at.
    async fn watch_once(&self, primary: &Connections, due: &mut Option<(Position, Instant)>) -> Result<(), SqlError> {
        let progress = self.progress.borrow().clone();
        let is_old = progress.looked.is_none_or(|looked| looked.elapsed() >= LOOK);
        if is_old || progress.writes < self.writes() || progress.needed().is_none() {
            self.look(primary).await?;
        }
        self.follow(due).await
    }
}

/// How far the copy is that this connection leads to; `None` if it is none of the primary with this mark.
async fn ask(connection: &mut PgConnection, mark: &Mark) -> Result<Option<Position>, SqlError> {
    let row = query(LOOK_AT_COPY).bind(mark.timeline).bind(&*mark.text).fetch_one(connection).await?;
    let (offset, follows): (Option<i64>, bool) = (row.try_get("log_offset")?, row.try_get("follows")?);
    Ok(offset.filter(|_| follows).map(|offset| Position { timeline: mark.timeline, offset }))
}

fn timed_out() -> SqlError {
    SqlError::Io(ErrorKind::TimedOut.into())
}

/// The task that sees how far the copies are, until the store is gone.
pub(crate) fn start(inner: &Arc<Inner>, replica: Arc<Replica>) -> JoinHandle<()> {
    tokio::spawn(watch(Arc::downgrade(inner), replica))
}

async fn watch(inner: Weak<Inner>, replica: Arc<Replica>) {
    let mut due = None;
    while let Some(store) = inner.upgrade() {
        let primary = Arc::clone(&store.connections);
        drop(store);
        let looked = timeout(OLDEST, replica.watch_once(&primary, &mut due)).await;
        if let Err(error) = looked.unwrap_or_else(|_| Err(timed_out())) {
            replica.failed(&error);
            sleep(LOOK).await;
        }
        if replica.progress.receiver_count() > 0 {
            sleep(ASK).await;
        } else {
            let _ = timeout(LOOK, replica.wanted.notified()).await;
        }
    }
}
