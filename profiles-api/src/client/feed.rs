//! Following what happens to statuses.

use std::time::Duration;

use reqwest::{Method, Response, Url, header};
use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::{ANSWER_LIMIT, Client, ClientError, answer::Answer, transport};
use crate::{DeletedStatus, Status};

/// How long one connection may last. The client's own time limit holds for each silence in it; the server is silent for
/// no more than 15 seconds.
const CONNECTION: Duration = Duration::from_hours(24);
/// How long to wait before the first attempt to connect again; twice as long before each that follows.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest wait between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a feed tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedEvent {
    /// A status was posted. The row is as it is now.
    Created(Status),
    /// A status was written again.
    Updated(Status),
    /// A status is gone.
    Deleted(DeletedStatus),
    /// Events were lost: read the list anew. What follows belongs to what is read then.
    Reset,
    /// The connection was lost, for this reason. The next call connects again, as often as it takes, and goes on where
    /// this feed was: nothing is missed, and nothing is told twice.
    Interrupted(ClientError),
}

/// What happens to statuses, as it happens.
///
/// ```no_run
/// use profiles_api::{Client, client::FeedEvent};
///
/// # async fn run() -> Result<(), profiles_api::ClientError> {
/// let client = Client::new("http://127.0.0.1:8000", None)?;
/// let mut feed = client.follow_statuses(None)?;
/// loop {
///     if let FeedEvent::Created(status) = feed.next().await? {
///         println!("{} said: {}", status.user_profile, status.status_content);
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct StatusFeed {
    client: Client,
    url: Url,
    /// The id of the last event that was told, or passed over by the server.
    last_id: Option<String>,
    response: Option<Response>,
    lines: Lines,
    /// Whether there has been a connection, so that another one is worth waiting for.
    known: bool,
    /// Attempts to connect since the last that worked.
    attempts: u32,
}

impl Client {
    /// A feed of all statuses, or of those of one account, from its first [`StatusFeed::next`] on. The case of `username`
    /// counts.
    pub fn follow_statuses(&self, username: Option<&str>) -> Result<StatusFeed, ClientError> {
        let mut url = self.address("api/profile-status/stream/")?;
        if let Some(username) = username {
            url.query_pairs_mut().append_pair("username", username);
        }
        let (client, lines) = (self.clone(), Lines::default());
        Ok(StatusFeed { client, url, last_id: None, response: None, lines, known: false, attempts: 0 })
    }
}

impl StatusFeed {
    /// The same feed, from behind the event with this id.
    #[must_use]
    pub fn after(self, id: impl Into<String>) -> Self {
        Self { last_id: Some(id.into()), ..self }
    }

    /// Where the feed is: what to give [`StatusFeed::after`] to go on from here another time.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Waits for what happens next, connecting first if need be.
    ///
    /// # Errors
    /// The server refuses, or answers as no server of this API does; or it can't be reached the first time. Later failures
    /// to reach it are [`FeedEvent::Interrupted`], once for each interruption.
    pub async fn next(&mut self) -> Result<FeedEvent, ClientError> {
        loop {
            if self.response.is_none()
                && let Some(interruption) = self.connect().await?
            {
                return Ok(interruption);
            }
            if let Some(block) = self.lines.next_block() {
                if let Some(id) = block.id {
                    self.last_id = Some(id);
                }
                if let Some(event) = self.told(&block.event, &block.data)? {
                    return Ok(event);
                }
                continue;
            }
            let Some(response) = &mut self.response else { continue };
            let lost = match response.chunk().await {
                Ok(Some(chunk)) if self.lines.take(&chunk) => continue,
                Ok(Some(_)) => return Err(self.unexpected("its event is too long")),
                Ok(None) => {
                    let reason = "the server ended the feed".to_owned();
                    ClientError::Unreachable { server: self.client.base.to_string(), reason }
                }
                Err(error) => transport::classify(&self.client.base, &error),
            };
            self.response = None;
            // What came of an event that broke off comes again as a whole.
            self.lines = Lines::default();
            return Ok(FeedEvent::Interrupted(lost));
        }
    }

    /// Connects, as often as it takes if that has worked before.
    async fn connect(&mut self) -> Result<Option<FeedEvent>, ClientError> {
        loop {
            if self.known {
                sleep(PAUSE.saturating_mul(1 << self.attempts.min(10)).min(LONGEST_PAUSE)).await;
            }
            self.attempts += 1;
            match self.open().await {
                Ok(response) => {
                    (self.response, self.known, self.attempts) = (Some(response), true, 0);
                    return Ok(None);
                }
                Err(error) if self.known && is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn open(&self) -> Result<Response, ClientError> {
        let request = self.client.request_to(Method::GET, self.url.clone()).timeout(CONNECTION);
        let mut request = request.header(header::ACCEPT, "text/event-stream");
        if let Some(id) = &self.last_id {
            request = request.header("Last-Event-ID", id);
        }
        let base = &self.client.base;
        let response = request.send().await.map_err(|error| transport::classify(base, &error))?;
        if !response.status().is_success() {
            return Err(Answer::read(base, response, ANSWER_LIMIT).await?.refusal());
        }
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            Ok(response)
        } else {
            Err(self.unexpected("its feed is no stream of events"))
        }
    }

    /// What a block says; `None` if it is nothing to tell, or of a kind that a later version has.
    fn told(&self, event: &str, data: &str) -> Result<Option<FeedEvent>, ClientError> {
        Ok(match event {
            "created" => Some(FeedEvent::Created(self.parsed(data)?)),
            "updated" => Some(FeedEvent::Updated(self.parsed(data)?)),
            "deleted" => Some(FeedEvent::Deleted(self.parsed(data)?)),
            "reset" => Some(FeedEvent::Reset),
            _ => None,
        })
    }

    fn parsed<T: DeserializeOwned>(&self, data: &str) -> Result<T, ClientError> {
        serde_json::from_str(data).map_err(|error| self.unexpected(&format!("its JSON is of another kind ({error})")))
    }

    fn unexpected(&self, reason: &str) -> ClientError {
        ClientError::Unexpected { server: self.client.base.to_string(), reason: reason.to_owned() }
    }
}

/// Whether it may be otherwise in a while.
fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Unreachable { .. } | ClientError::Server { .. } | ClientError::Throttled { .. })
}

/// The text of a stream that was not read yet. It is kept as bytes, since a piece may end within a character.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
}

/// The fields of an event.
#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    id: Option<String>,
    event: String,
    data: String,
}

impl Lines {
    /// Takes another piece; `false` if an event would be too long.
    fn take(&mut self, piece: &[u8]) -> bool {
        self.bytes.extend_from_slice(piece);
        self.bytes.len() <= ANSWER_LIMIT
    }

    /// The next whole event.
    fn next_block(&mut self) -> Option<Block> {
        let end = self.bytes.windows(2).position(|two| two == b"\n\n")?;
        let rest = self.bytes.split_off(end + 2);
        let text = std::mem::replace(&mut self.bytes, rest);
        let mut block = Block::default();
        for line in String::from_utf8_lossy(&text).lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => block.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut block.event),
                "data" => block.data.push_str(value),
                _ => {}
            }
        }
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = "retry: 2000\n\nid: 1\nevent: created\ndata: {\"é\":1}\n\n: \nid: 7\n\nid: 8";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut blocks = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                assert!(lines.take(piece));
                blocks.extend(std::iter::from_fn(|| lines.next_block()));
            }
            let created = Block { id: Some("1".into()), event: "created".into(), data: "{\"é\":1}".into() };
            let quiet = Block { id: Some("7".into()), ..Block::default() };
            assert_eq!(blocks, [Block::default(), created, quiet]);
        }
    }

    #[test]
    fn an_event_has_a_bound() {
        let mut lines = Lines::default();
        assert!(lines.take(&vec![b'x'; ANSWER_LIMIT]));
        assert!(!lines.take(b"x"));
    }
}
