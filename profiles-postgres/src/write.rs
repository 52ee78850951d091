//! Writes: one command, one transaction, done once.
//!
//! A transaction ends by noting the random number of its command in the table `commands`, in the same commit. If the
//! answer to that commit gets lost, whether the number is there tells whether the command was done; and if a former try is
//! still on its way when the next one comes to note the same number, the next one waits for it and then knows. So a
//! command is done once, whatever becomes of connections and of the primary, as long as what the database acknowledged is
//! not lost.

use std::time::Duration;

use async_trait::async_trait;
use profiles_core::{
    event::{EventKind, EventPublisher},
    model::Timestamp,
    store::{Result, StoreError},
};
use sqlx::{Error as SqlError, PgConnection};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{
    PostgresStore,
    connections::Connection,
    error::{Failure, Remedy, to_store_error},
    store::Inner,
};

/// A write as a value. It may be run several times; all but the last are rolled back.
#[async_trait]
pub(crate) trait Command: Send + Sync + 'static {
    /// What came of it.
    type Answer: Send + 'static;

    /// Does it. Rows are locked in one order, so that commands seldom meet: accounts by number, then what hangs on them,
    /// then the book of profiles, then that of statuses.
    async fn run(&self, work: &mut Work) -> Result<Self::Answer, Failure>;
}

/// A transaction under way, and what is to be told when it is done.
pub(crate) struct Work {
    connection: Connection,
    told: Told,
}

/// What is to be told of a command.
#[derive(Default)]
struct Told {
    events: Vec<(Timestamp, EventKind)>,
    /// The newest change of a status that it made.
    change: Option<u64>,
}

impl Work {
    /// Where to send the next statement.
    pub(crate) fn sql(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Tells of something once it is durable.
    pub(crate) fn tell(&mut self, at: Timestamp, kind: EventKind) {
        self.told.events.push((at, kind));
    }

    /// Changes of statuses up to this number are part of it.
    pub(crate) fn made_change(&mut self, number: u64) {
        self.told.change = Some(number);
    }
}

/// 128 random bits: the number of a command.
type Number = [u8; 16];

/// How a try ended that did not end well.
enum Lost<T> {
    /// The command can't be done.
    Refused(StoreError),
    /// Nothing was done, and the same may go better.
    Again(SqlError),
    /// Nobody knows whether it was done; if it was, this is the answer.
    InDoubt(Done<T>, SqlError),
}

/// What came of a command, and what is to be told of it.
struct Done<T> {
    answer: T,
    told: Told,
}

/// How long to wait before the next try; it doubles with each.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(10);
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How long to wait for the end of a transaction that failed.
const ROLLING_BACK: Duration = Duration::from_secs(5);

impl PostgresStore {
    /// Does a command, durably when it returns. It goes on though the caller may go away.
    pub(crate) async fn write<C: Command>(&self, command: C) -> Result<C::Answer> {
        let inner = self.inner.clone();
        let patience = inner.config.answer_within();
        let task = tokio::spawn(async move { inner.write(&command).await });
        match timeout(patience, task).await {
            Ok(written) => written.map_err(StoreError::unavailable)?,
            // It goes on, and nobody waits for it any more.
            Err(_) => Err(StoreError::unavailable("the database takes too long")),
        }
    }
}

impl Inner {
    /// As [`PostgresStore::write`], for those who are not dropped in the middle.
    pub(crate) async fn write<C: Command>(&self, command: &C) -> Result<C::Answer> {
        let answer = self.write_in_tries(command).await;
        if let Some(replica) = &self.replica {
            replica.wrote();
        }
        answer
    }

    async fn write_in_tries<C: Command>(&self, command: &C) -> Result<C::Answer> {
        self.check_open()?;
        let mut number = Number::default();
        getrandom::fill(&mut number).map_err(|error| StoreError::unavailable(error.to_string()))?;
        let end = Instant::now() + self.config.retry_for;
        let mut pause = FIRST_PAUSE;
        let mut doubtful = None;
        loop {
            let error = match self.try_once(command, number, doubtful.take()).await {
                Ok(answer) => return Ok(answer),
                Err(Lost::Refused(error)) => return Err(error),
                Err(Lost::Again(error)) => error,
                Err(Lost::InDoubt(done, error)) => {
                    doubtful = Some(done);
                    error
                }
            };
            if Instant::now() + pause > end {
                return Err(StoreError::unavailable(error));
            }
            tracing::debug!(%error, "a command is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One try, after it is settled what became of the one before it, if nobody knows.
    async fn try_once<C: Command>(
        &self,
        command: &C,
        number: Number,
        before: Option<Done<C::Answer>>,
    ) -> Result<C::Answer, Lost<C::Answer>> {
        let connection = match self.connections.acquire().await {
            Ok(connection) => connection,
            // The pool has waited as long as a command may wait.
            Err(error @ (SqlError::PoolTimedOut | SqlError::PoolClosed)) => {
                return Err(Lost::Refused(StoreError::unavailable(error)));
            }
            Err(error) => return Err(lost(error, before)),
        };
        let mut work = Work { connection, told: Told::default() };
        let is_noted = before.is_some();
        if let Some(before) = before {
            match timeout(self.patience(), settle(work.sql(), number)).await.unwrap_or_else(|_| Err(timed_out())) {
                Ok(Settled::Done) => return Ok(self.publish(before).await),
                Ok(Settled::Undone) => {}
                Err(error) => {
                    work.connection.give_up();
                    return Err(Lost::InDoubt(before, error));
                }
            }
        }
        match timeout(self.patience(), run(command, &mut work, number, is_noted)).await {
            Ok(Ok(answer)) => self.commit(work, answer).await,
            Ok(Err(failure)) => Err(roll_back(work, failure).await),
            Err(_) => {
                work.connection.give_up();
                Err(Lost::Again(timed_out()))
            }
        }
    }

    /// How long a whole transaction may take before its connection is given up: far longer than its statements may.
    fn patience(&self) -> Duration {
        self.config.statement_timeout * 3
    }

    async fn commit<T: Send>(&self, work: Work, answer: T) -> Result<T, Lost<T>> {
        let Work { mut connection, told } = work;
        let done = Done { answer, told };
        // One limit for both: those who wait for each other do not wait for each other's limits.
        let end = Instant::now() + self.patience();
        let Ok(mut publisher) = timeout_at(end, self.events.lock()).await else {
            connection.give_up();
            return Err(Lost::Again(timed_out()));
        };
        match timeout_at(end, sqlx::raw_sql("commit").execute(&mut *connection)).await {
            Ok(Ok(_)) => {
                connection.put_back();
                self.tell(&mut publisher, done.told);
                Ok(done.answer)
            }
            Ok(Err(error)) => {
                drop(publisher);
                connection.give_up();
                match Remedy::of(&error) {
                    Remedy::Repeat => Err(Lost::Again(error)),
                    Remedy::Reconnect | Remedy::None => Err(Lost::InDoubt(done, error)),
                }
            }
            Err(_) => {
                drop(publisher);
                connection.give_up();
                Err(Lost::InDoubt(done, timed_out()))
            }
        }
    }

    async fn publish<T>(&self, done: Done<T>) -> T {
        let mut publisher = self.events.lock().await;
        self.tell(&mut publisher, done.told);
        done.answer
    }

    fn tell(&self, publisher: &mut EventPublisher, told: Told) {
        if let Some((at, _)) = told.events.last() {
            self.elsewhere.committed(*at, told.change);
        }
        for (at, kind) in told.events {
            publisher.publish(at, kind);
        }
    }
}

/// What became of a try that nobody knew of.
enum Settled {
    Done,
    /// It has ended without anything. A transaction is begun that has noted the number.
    Undone,
}

/// Finds out what became of a try: waits until it has ended, if it has not, by taking its number. Only to look whether the
/// number is there would not do: a commit that waits for a copy is not seen, and may come.
async fn settle(connection: &mut PgConnection, number: Number) -> Result<Settled, SqlError> {
    sqlx::raw_sql("begin").execute(&mut *connection).await?;
    let taken = sqlx::query("insert into commands (id) values ($1) on conflict do nothing")
        .bind(number.as_slice())
        .execute(&mut *connection)
        .await?;
    if taken.rows_affected() > 0 {
        return Ok(Settled::Undone);
    }
    sqlx::raw_sql("rollback").execute(connection).await?;
    Ok(Settled::Done)
}

/// Runs a command up to its commit; if its number is noted, its transaction is begun.
async fn run<C: Command>(command: &C, work: &mut Work, number: Number, is_noted: bool) -> Result<C::Answer, Failure> {
    if !is_noted {
        sqlx::raw_sql("begin").execute(work.sql()).await?;
    }
    let answer = command.run(work).await?;
    if is_noted {
        sqlx::query(UNLIMITED).execute(work.sql()).await?;
    } else {
        sqlx::query(NOTE).bind(number.as_slice()).execute(work.sql()).await?;
    }
    Ok(answer)
}

/// What follows is the commit alone, and that takes as long as it takes: if a time limit ended its wait for a copy of the
/// database, it would be acknowledged without one.
const UNLIMITED: &str = "select set_config('statement_timeout', '0', true)";

/// Notes that the command is done; the rest is as [`UNLIMITED`].
const NOTE: &str = "with noted as (insert into commands (id) values ($1) returning 1) \
     select set_config('statement_timeout', '0', true) from noted";

fn lost<T>(error: SqlError, doubtful: Option<Done<T>>) -> Lost<T> {
    match doubtful {
        Some(done) => Lost::InDoubt(done, error),
        None => match Remedy::of(&error) {
            Remedy::Repeat | Remedy::Reconnect => Lost::Again(error),
            Remedy::None => Lost::Refused(to_store_error(error)),
        },
    }
}

/// Ends a transaction that failed.
async fn roll_back<T>(mut work: Work, failure: Failure) -> Lost<T> {
    let rolled_back = timeout(ROLLING_BACK, sqlx::raw_sql("rollback").execute(work.sql())).await;
    let rolled_back = rolled_back.unwrap_or_else(|_| Err(timed_out()));
    let gone = matches!(&failure, Failure::Database(error) if Remedy::of(error) == Remedy::Reconnect);
    if rolled_back.is_err() || gone {
        work.connection.give_up();
    } else {
        work.connection.put_back();
    }
    match failure {
        Failure::Refused(error) => Lost::Refused(error),
        Failure::Database(error) => lost(error, None),
        Failure::Overtaken => Lost::Again(SqlError::Protocol("another command was faster again and again".to_owned())),
    }
}

fn timed_out() -> SqlError {
    SqlError::Io(std::io::ErrorKind::TimedOut.into())
}
