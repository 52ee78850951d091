//! Hearing of what other servers commit, and telling them.
//!
//! Who commits something that others may wait for says so on a channel of the database, beside the transaction and not in
//! it: notifying in a transaction would have all of them commit one after the other. A server that hears of it wakes those
//! who follow a log, and they read the log. So nothing is lost with a notice: a server that dies before it has told costs
//! the others a moment, until they look by themselves.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use profiles_core::{event::EventKind, model::Timestamp, store::Result};
use sqlx::{PgPool, postgres::PgListener, query};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    connections::Connections,
    row::{get_moment, get_number},
    store::Inner,
};

const CHANNEL: &str = "profiles_committed";

/// Notices are at least so far apart.
const APART: Duration = Duration::from_millis(20);

/// How often a server looks by itself.
const LOOK: Duration = Duration::from_secs(2);

/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_secs(1);

/// What this server has to tell, and what it knows.
pub(crate) struct Elsewhere {
    /// Tells its notices from those of others.
    name: String,
    /// When the newest thing happened that is to be told of.
    at: AtomicU64,
    committed: Notify,
    /// Whether something was committed that is not told of yet.
    waits: AtomicBool,
    /// The newest change that readers of this server were told of.
    change: AtomicU64,
}

impl Elsewhere {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            at: AtomicU64::new(0),
            committed: Notify::new(),
            waits: AtomicBool::new(false),
            change: AtomicU64::new(0),
        }
    }

    /// Something was committed here.
    pub(crate) fn committed(&self, at: Timestamp, change: Option<u64>) {
        self.at.store(at.as_micros().cast_unsigned(), Ordering::Release);
        self.change.fetch_max(change.unwrap_or(0), Ordering::AcqRel);
        self.waits.store(true, Ordering::Release);
        self.committed.notify_one();
    }

    /// Tells the others of what was committed and not told of.
    pub(crate) async fn tell_what_waits(&self, connections: &Connections) -> Result<(), sqlx::Error> {
        if self.waits.swap(false, Ordering::AcqRel) {
            let mut connection = connections.acquire().await?;
            let notify = query("select pg_notify($1, $2)").bind(CHANNEL).bind(self.notice());
            notify.execute(&mut *connection).await?;
            connection.put_back();
        }
        Ok(())
    }

    fn notice(&self) -> String {
        format!("{} {}", self.name, self.at.load(Ordering::Acquire).cast_signed())
    }

    /// When something was committed, if this notice is another's.
    fn heard(&self, notice: &str) -> Option<Timestamp> {
        let (name, at) = notice.split_once(' ')?;
        let at = at.parse().ok()?;
        (name != self.name).then_some(Timestamp::from_micros(at))
    }
}

/// The tasks that tell and hear, until the store is gone.
pub(crate) fn start(inner: &Arc<Inner>, listening: PgPool) -> [JoinHandle<()>; 2] {
    [tokio::spawn(tell(Arc::downgrade(inner))), tokio::spawn(hear(Arc::downgrade(inner), listening))]
}

async fn tell(inner: Weak<Inner>) {
    while let Some(inner) = inner.upgrade() {
        let connections = Arc::clone(&inner.connections);
        let elsewhere = Arc::clone(&inner.elsewhere);
        drop(inner);
        elsewhere.committed.notified().await;
        if elsewhere.tell_what_waits(&connections).await.is_err() {
            // The others look by themselves.
            sleep(PAUSE).await;
        }
        sleep(APART).await;
    }
}

async fn hear(inner: Weak<Inner>, pool: PgPool) {
    let mut is_first = true;
    loop {
        if let Ok(mut listener) = PgListener::connect_with(&pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            let Some(store) = inner.upgrade() else { return };
            // What was told while nobody listened; nobody waits for anything yet at the first time.
            let looked = store.look(!is_first).await;
            drop(store);
            is_first = false;
            if looked.is_ok() && listen(&inner, &mut listener).await.is_none() {
                return;
            }
        }
        if inner.upgrade().is_none() {
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Listens until the connection is gone; `None` once the store is.
async fn listen(inner: &Weak<Inner>, listener: &mut PgListener) -> Option<()> {
    loop {
        let heard = timeout(LOOK, listener.try_recv()).await;
        let inner = inner.upgrade()?;
        match heard {
            Ok(Ok(Some(notice))) => {
                if let Some(at) = inner.elsewhere.heard(notice.payload()) {
                    inner.tell_of_elsewhere(at).await;
                }
            }
            Ok(Ok(None) | Err(_)) => return Some(()),
            Err(_) => {
                if inner.look(true).await.is_err() {
                    return Some(());
                }
            }
        }
    }
}

impl Inner {
    async fn tell_of_elsewhere(&self, at: Timestamp) {
        self.events.lock().await.publish(at, EventKind::Elsewhere);
    }

    /// Whether there are changes that nobody told of; tells of them, if that is wanted.
    async fn look(&self, tell: bool) -> Result<()> {
        let newest = self.row(|| query("select number, at from changes order by number desc limit 1")).await?;
        let Some(newest) = newest else { return Ok(()) };
        let (number, at) = (get_number(&newest, "number")?, get_moment(&newest, "at")?);
        let known = self.elsewhere.change.fetch_max(number, Ordering::AcqRel);
        if tell && known < number {
            self.tell_of_elsewhere(at).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_does_not_hear_itself() {
        let (one, other) = (Elsewhere::new("one".to_owned()), Elsewhere::new("other".to_owned()));
        one.committed(Timestamp::from_micros(-5), None);
        assert_eq!(one.heard(&one.notice()), None);
        assert_eq!(other.heard(&one.notice()), Some(Timestamp::from_micros(-5)));
        for bad in ["", "x", "x y", "one "] {
            assert_eq!(other.heard(bad), None, "{bad}");
        }
    }
}
