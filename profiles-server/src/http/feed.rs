//! The live feed: server-sent events about statuses.
//!
//! One task is woken by the core's events, reads the log of changes, and hands each change on as text, made once for all
//! streams. A stream that missed some of them, because its client was slow or has just come back, reads the log itself.
//! So nothing is kept for a stream but the number of the last change that it was told of: one that takes nothing holds no
//! memory, and the connection below it is closed when nothing has moved for as long as that one's patience lasts.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, Stream, stream};
use profiles_api::DeletedStatus;
use profiles_core::{
    Authentication, Core, StatusChange, StatusNews,
    event::{Event, EventKind},
    model::{Carrier, ChangeId, SecretKey},
    permissions::{Actor, Reads},
    store::StatusFilter,
};
use serde::Serialize;
use tokio::{
    select,
    sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch},
    time::{Interval, MissedTickBehavior, interval_at},
};

use super::{answer::to_json, authentication::Caller, error::ApiError, routes::statuses};

/// Changes that a stream may be behind before it reads the log itself.
const RECENT: usize = 256;
/// Changes that are read at a time.
const BATCH: usize = 100;
/// How long a client of a browser waits before it comes back, in milliseconds.
const RETRY: u64 = 2000;

/// The streams of an API. They do not end by themselves: a program that stops ends them with [`Streams::end`], or waits
/// for ever for its connections.
#[derive(Clone, Debug)]
pub struct Streams {
    news: broadcast::Sender<Arc<News>>,
    places: Arc<Semaphore>,
    ended: watch::Sender<bool>,
    /// Whether somebody reads the log for all.
    told: Arc<AtomicBool>,
}

impl Streams {
    /// No streams yet, and at most so many at once.
    pub fn new(most: usize) -> Self {
        Self {
            news: broadcast::Sender::new(RECENT),
            places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            ended: watch::Sender::new(false),
            told: Arc::default(),
        }
    }

    /// Ends all streams, and has every new one refused.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// A stream for somebody who may read the list.
    ///
    /// # Errors
    /// There are too many, the streams were ended, or the store fails.
    pub(crate) async fn open(
        &self,
        caller: Caller,
        filter: StatusFilter,
        from: From,
        heartbeat: Duration,
    ) -> Result<impl Stream<Item = io::Result<Vec<u8>>> + Send + use<>, ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| ApiError::TooManyStreams)?;
        let ended = self.ended.subscribe();
        if *ended.borrow() {
            return Err(ApiError::TooManyStreams);
        }
        let Caller { core, actor, presented, .. } = caller;
        if !self.told.swap(true, Ordering::AcqRel) {
            tokio::spawn(tell(core.clone(), self.clone()));
        }
        // Before the log is looked at, so that nothing falls between the two.
        let news = self.news.subscribe();
        let (position, reset) = match from {
            From::Now => (core.last_change().await?, false),
            From::After(number) => (number, false),
            From::Nowhere => (core.last_change().await?, true),
        };
        let mut heartbeat = interval_at(tokio::time::Instant::now() + heartbeat, heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let proof = (core.settings().reads == Reads::Authenticated).then_some((actor, presented));
        let follower = Follower {
            core,
            filter,
            news,
            ended,
            heartbeat,
            position,
            at: At::Beginning { reset },
            proof,
            _place: place,
        };
        Ok(stream::unfold(follower, |mut follower| async {
            let piece = follower.next().await?;
            Some((piece, follower))
        }))
    }
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// With what happens next.
    Now,
    /// After this change.
    After(ChangeId),
    /// After something that is no change: the client is told to begin anew.
    Nowhere,
}

impl From {
    /// By what a client says that it was told last.
    pub(crate) fn last_event(id: Option<&str>) -> Self {
        match id {
            None | Some("") => Self::Now,
            Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => {
                id.parse().map_or(Self::Nowhere, |number| Self::After(ChangeId::new(number)))
            }
            Some(_) => Self::Nowhere,
        }
    }
}

/// A change, and what is sent of it.
#[derive(Debug)]
struct News {
    change: StatusChange,
    text: Vec<u8>,
}

impl News {
    fn of(change: StatusChange) -> io::Result<Self> {
        let text = match &change.news {
            StatusNews::Created(status) => event(change.number, "created", &statuses::wire(status))?,
            StatusNews::Updated(status) => event(change.number, "updated", &statuses::wire(status))?,
            StatusNews::Deleted { id, owner } => {
                let user_profile = owner.as_ref().map(|owner| owner.username.to_string());
                let gone = DeletedStatus { id: id.get(), user_profile };
                event(change.number, "deleted", &gone)?
            }
            StatusNews::Passed => Vec::new(),
        };
        Ok(Self { change, text })
    }
}

/// One event as it is sent. JSON has no line ends of its own.
fn event(number: ChangeId, name: &str, data: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = format!("id: {number}\nevent: {name}\ndata: ").into_bytes();
    text.extend(to_json(data)?);
    text.extend(b"\n\n");
    Ok(text)
}

/// Reads the log for all streams, until they are ended or the store is gone.
async fn tell(core: Core, streams: Streams) {
    let mut ended = streams.ended.subscribe();
    let mut events = core.events();
    let mut position = None;
    loop {
        position = match pass_on(&core, &streams.news, position).await {
            Ok(position) => Some(position),
            Err(error) => {
                tracing::warn!(%error, "the live feed could not read what happened; it tries again with the next change");
                None
            }
        };
        loop {
            let next = select! {
                next = events.next() => next,
                _ = ended.wait_for(|ended| *ended) => return,
            };
            match next {
                Some(Ok(event)) if !changes_statuses(&event) => {}
                Some(_) => {
                    // What has come meanwhile is read with it.
                    while let Some(Some(_)) = events.next().now_or_never() {}
                    break;
                }
                None => return streams.end(),
            }
        }
    }
}

/// Hands on what happened after this; answers up to where. Streams notice by the numbers if it left something out.
async fn pass_on(
    core: &Core,
    news: &broadcast::Sender<Arc<News>>,
    after: Option<ChangeId>,
) -> profiles_core::Result<ChangeId> {
    let mut position = match after {
        _ if news.receiver_count() == 0 => return core.last_change().await,
        Some(position) => position,
        // Streams may wait for what happened before this began, or while the log could not be read: by the newest change they
        // see whether they have all.
        None => ChangeId::new(core.last_change().await?.get().saturating_sub(1)),
    };
    while let Some(changes) = core.changes(position, BATCH).await? {
        let Some(last) = changes.last() else { return Ok(position) };
        position = last.number;
        for change in changes {
            let told = News::of(change).map_err(|error| profiles_core::Error::Unavailable(error.into()))?;
            // An error means that nobody listens any more.
            let _ = news.send(Arc::new(told));
        }
    }
    core.last_change().await
}

fn changes_statuses(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::StatusPosted { .. }
            | EventKind::StatusChanged { .. }
            | EventKind::StatusDeleted { .. }
            | EventKind::AccountErased { .. }
            | EventKind::Elsewhere
    )
}

/// One stream.
struct Follower {
    core: Core,
    filter: StatusFilter,
    news: broadcast::Receiver<Arc<News>>,
    ended: watch::Receiver<bool>,
    heartbeat: Interval,
    /// The last change that was told, or passed over by the filter.
    position: ChangeId,
    at: At,
    /// By what the client may read the list, where not everybody may.
    proof: Option<(Actor, Vec<SecretKey>)>,
    _place: OwnedSemaphorePermit,
}

#[derive(Clone, Copy)]
enum At {
    /// Nothing was sent yet.
    Beginning { reset: bool },
    /// The log may have more than was told.
    Log,
    /// All was told.
    Present,
}

impl Follower {
    /// The next piece of the stream; `None` at its end.
    async fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        loop {
            if *self.ended.borrow() {
                return None;
            }
            match self.at {
                At::Beginning { reset } => {
                    self.at = At::Log;
                    let beginning = format!("retry: {RETRY}\n\n").into_bytes();
                    return Some(if reset { self.reset(beginning) } else { Ok([beginning, self.place()].concat()) });
                }
                // Boxed, as what follows in the same way: an idle stream should not hold room for what it seldom does.
                At::Log => match Box::pin(self.read_log()).await {
                    Ok(text) if text.is_empty() => {}
                    told => return Some(told),
                },
                At::Present => {
                    let text = self.wait().await?;
                    if !text.is_empty() {
                        return Some(Ok(text));
                    }
                }
            }
        }
    }

    /// What the log has behind the last change that was told. Without any more, this stream has come to the present.
    async fn read_log(&mut self) -> io::Result<Vec<u8>> {
        let Some(changes) = self.core.changes(self.position, BATCH).await.map_err(io::Error::other)? else {
            self.position = self.core.last_change().await.map_err(io::Error::other)?;
            return self.reset(Vec::new());
        };
        let Some(last) = changes.last() else {
            self.at = At::Present;
            return Ok(Vec::new());
        };
        self.position = last.number;
        let mut text = Vec::new();
        for change in changes.into_iter().filter(|change| change.news.concerns(&self.filter)) {
            text.extend(News::of(change)?.text);
        }
        Ok(text)
    }

    /// Waits for the next change, or for the moment to show that this stream is alive; `None` at its end.
    async fn wait(&mut self) -> Option<Vec<u8>> {
        select! {
            told = self.news.recv() => match told {
                Ok(told) if told.change.number <= self.position => {}
                Ok(told) if told.change.number == self.position.next() => {
                    self.position = told.change.number;
                    if told.change.news.concerns(&self.filter) {
                        return Some(told.text.clone());
                    }
                }
                // The client was slow, or changes were passed over while nobody listened.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => self.at = At::Log,
                Err(broadcast::error::RecvError::Closed) => return None,
            },
            // The caller looks whether it is the end.
            _ = self.ended.changed() => {}
            _ = self.heartbeat.tick() => {
                if self.proof.is_some() && !Box::pin(self.may_go_on()).await {
                    return None;
                }
                return Some([b": \n".as_slice(), &self.place()].concat());
            }
        }
        Some(Vec::new())
    }

    /// Has the client note where it is, though nothing happened that it would hear of.
    fn place(&self) -> Vec<u8> {
        format!("id: {}\n\n", self.position).into_bytes()
    }

    /// Tells the client to read the list anew.
    fn reset(&self, mut before: Vec<u8>) -> io::Result<Vec<u8>> {
        before.extend(event(self.position, "reset", &serde_json::Map::new())?);
        Ok(before)
    }

    /// Whether the client may still read the list: its token may have ended since.
    async fn may_go_on(&self) -> bool {
        let Some((actor, presented)) = &self.proof else { return true };
        for secret in presented {
            for carrier in [Carrier::Header, Carrier::Cookie] {
                if let Ok(Authentication::Known(principal)) = self.core.authenticate(secret, carrier).await
                    && Actor::from(&principal).account() == actor.account()
                {
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_where_the_client_says() {
        for (id, from) in [
            (None, From::Now),
            (Some(""), From::Now),
            (Some("0"), From::After(ChangeId::new(0))),
            (Some("17"), From::After(ChangeId::new(17))),
            (Some("-1"), From::Nowhere),
            (Some("+1"), From::Nowhere),
            (Some("99999999999999999999"), From::Nowhere),
            (Some("a"), From::Nowhere),
            (Some("1,2"), From::Nowhere),
        ] {
            assert_eq!(From::last_event(id), from, "{id:?}");
        }
    }
}
