//! `/api/profile-status/stream/`
#![expect(clippy::unwrap_used, reason = "a task of a test fails by panicking")]

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use profiles_core::{
    model::StatusText,
    permissions::{Actor, Reads},
};
use profiles_server::{
    Api,
    http::{
        Settings, Streams,
        acceptor::{LimitedAcceptor, Timeouts},
    },
};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpSocket, time::timeout};

use crate::app::{As, PASSWORD, Result, TestApp};

const PATH: &str = "/api/profile-status/stream/";
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that is read as a browser reads it.
struct Stream {
    answer: Response,
    text: String,
    last_id: String,
}

#[derive(Debug, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

impl Stream {
    async fn open(request: reqwest::RequestBuilder) -> Result<Self> {
        let answer = request.header("Accept", "text/event-stream").send().await?.error_for_status()?;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Ok(Self { answer, text: String::new(), last_id: String::new() })
    }

    /// From now on. It has begun when this returns.
    async fn now(app: &TestApp, query: &str) -> Result<Self> {
        let mut stream = Self::open(app.client().get(format!("{}{PATH}{query}", app.url))).await?;
        while stream.last_id.is_empty() {
            stream.block().await?.ok_or("it ended")?;
        }
        Ok(stream)
    }

    async fn after(app: &TestApp, id: &str) -> Result<Self> {
        Self::open(app.client().get(format!("{}{PATH}", app.url)).header("Last-Event-ID", id)).await
    }

    /// The next lines up to an empty one; `None` at the end.
    async fn block(&mut self) -> Result<Option<Vec<String>>> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block: Vec<String> = block.lines().map(str::to_owned).collect();
                let rest = rest.len();
                self.text.drain(..self.text.len() - rest);
                if let Some(id) = block.iter().find_map(|line| line.strip_prefix("id: ")) {
                    id.clone_into(&mut self.last_id);
                }
                return Ok(Some(block));
            }
            match timeout(PATIENCE, self.answer.chunk()).await?? {
                Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk)?),
                None => return Ok(None),
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Event>> {
        while let Some(block) = self.block().await? {
            let field = |name: &str| block.iter().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                let id = field("id: ").ok_or("an event without an id")?;
                return Ok(Some(Event { id, name, data: serde_json::from_str(&data)? }));
            }
        }
        Ok(None)
    }

    async fn event(&mut self) -> Result<Event> {
        self.next().await?.ok_or_else(|| "the stream ended".into())
    }

    /// The name of the next event and the number of its status.
    async fn short(&mut self) -> Result<String> {
        let event = self.event().await?;
        Ok(format!("{} {}", event.name, event.data["id"]))
    }
}

#[tokio::test]
async fn what_happens_is_told_as_the_list_shows_it() -> Result {
    let mut app = TestApp::start().await?;
    let key = app.register("ada").await?;
    let mut all = Stream::now(&app, "").await?;
    let mut hers = Stream::now(&app, "?username=ada").await?;
    let mut others = Stream::now(&app, "?username=Ada").await?;
    let mut of_profile = Stream::now(&app, "?profile=1&since=2020-01-01T00:00:00Z").await?;
    let mut of_another = Stream::now(&app, "?profile=2").await?;
    let mut of_long_ago = Stream::now(&app, "?until=2020-01-01T00:00:00Z").await?;
    let path = app.post_status(&key, "line\u{2028}end\nand 🎉").await?;
    let row: Value = app.request(Method::GET, &path).send().await?.json().await?;
    let told = all.event().await?;
    assert_eq!(told, Event { id: "1".into(), name: "created".into(), data: row });
    assert_eq!(hers.event().await?, told);
    assert_eq!(of_profile.event().await?, told);
    let refused = reqwest::get(format!("{}{PATH}?since=yesterday", app.url)).await?;
    assert_eq!(refused.status(), 400);

    app.note(As::Token(&key), "PATCH", &path, r#"{"status_content":"new"}"#).await?;
    let row: Value = app.request(Method::GET, &path).send().await?.json().await?;
    assert_eq!(all.event().await?, Event { id: "2".into(), name: "updated".into(), data: row });
    app.note(As::Token(&key), "DELETE", &path, "").await?;
    let gone = serde_json::json!({ "id": 1, "user_profile": "ada" });
    let gone = Event { id: "3".into(), name: "deleted".into(), data: gone };
    assert_eq!(all.event().await?, gone);
    assert_eq!(of_long_ago.event().await?, gone);

    // Whose the statuses of an erased account were nobody knows any more; that they are gone is told to all.
    app.post_status(&key, "last").await?;
    // Read before it is gone, or there would be nothing to tell of it.
    assert_eq!(all.short().await?, "created 2");
    let body = format!(r#"{{"password":"{PASSWORD}"}}"#);
    assert_eq!(app.note(As::Token(&key), "DELETE", "/api/rest-auth/user/", &body).await?.status(), 204);
    let gone =
        Event { id: "5".into(), name: "deleted".into(), data: serde_json::json!({ "id": 2, "user_profile": null }) };
    assert_eq!(all.event().await?, gone);
    assert_eq!(others.event().await?, gone);
    assert_eq!(of_another.event().await?, gone);
    app.verify().await
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was() -> Result {
    let app = TestApp::start().await?;
    let key = app.register("ada").await?;
    for _ in 0..5 {
        app.post_status(&key, "hello").await?;
    }
    let mut by_header = Stream::after(&app, "2").await?;
    let mut by_query = Stream::open(app.client().get(format!("{}{PATH}?last_event_id=2", app.url))).await?;
    for stream in [&mut by_header, &mut by_query] {
        for expected in ["created 3", "created 4", "created 5"] {
            assert_eq!(stream.short().await?, expected);
        }
    }
    app.post_status(&key, "hello").await?;
    assert_eq!((by_header.short().await?, by_query.short().await?), ("created 6".into(), "created 6".into()));

    // What the log does not have: the client begins anew, and hears of all that comes after.
    for id in ["7", "99999999999999999999", "-1", "x"] {
        let mut lost = Stream::after(&app, id).await?;
        let reset = lost.event().await?;
        assert_eq!(reset, Event { id: "6".into(), name: "reset".into(), data: serde_json::json!({}) }, "{id}");
    }
    let mut lost = Stream::after(&app, "1000").await?;
    assert_eq!(lost.event().await?.name, "reset");
    app.post_status(&key, "hello").await?;
    assert_eq!(lost.short().await?, "created 7");
    Ok(())
}

/// A quiet stream shows that it is there, and where: a client whose filter lets nothing through does not fall out of the
/// log.
#[tokio::test]
async fn a_quiet_stream_says_where_it_is() -> Result {
    let settings = settings(|settings| settings.heartbeat = Duration::from_millis(50));
    let app = TestApp::start_with(settings, |_| {}).await?;
    let key = app.register("ada").await?;
    let mut stream = Stream::now(&app, "?username=nobody").await?;
    assert_eq!(stream.last_id, "0");
    app.post_status(&key, "hello").await?;
    while stream.last_id != "1" {
        let block = stream.block().await?.ok_or("it ended")?;
        assert_eq!(block.first().map(String::as_str), Some(": "));
    }
    Ok(())
}

#[tokio::test]
async fn streams_have_a_limit_and_give_their_places_back() -> Result {
    let settings = settings(|settings| {
        settings.max_streams = 1;
        // That a client has gone shows when something is sent to it.
        settings.heartbeat = Duration::from_millis(50);
    });
    let app = TestApp::start_with(settings, |_| {}).await?;
    let first = Stream::now(&app, "").await?;
    let refused = app.client().get(format!("{}{PATH}", app.url)).send().await?;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.json::<Value>().await?["detail"], "There are too many streams, try again later.");
    drop(first);
    let started = Instant::now();
    while Stream::now(&app, "").await.is_err() {
        assert!(started.elapsed() < PATIENCE, "the place was never given back");
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn who_may_not_read_the_list_may_not_follow_it_and_no_longer() -> Result {
    let settings = settings(|settings| settings.heartbeat = Duration::from_millis(50));
    let mut app = TestApp::start_with(settings, |core| core.reads = Reads::Authenticated).await?;
    let key = app.register("ada").await?;
    assert_eq!(app.client().get(format!("{}{PATH}", app.url)).send().await?.status(), 401);
    let request = app.client().get(format!("{}{PATH}", app.url)).header("Authorization", format!("Token {key}"));
    let mut stream = Stream::open(request).await?;
    app.post_status(&key, "hello").await?;
    assert_eq!(stream.short().await?, "created 1");
    app.note(As::Token(&key), "POST", "/api/rest-auth/logout/", "").await?;
    assert_eq!(stream.next().await?, None);
    Ok(())
}

#[tokio::test]
async fn only_a_get_for_events_opens_a_stream() -> Result {
    let app = TestApp::start().await?;
    let ask =
        |method, accept: &str| app.client().request(method, format!("{}{PATH}", app.url)).header("Accept", accept);
    assert_eq!(ask(Method::GET, "application/json").send().await?.status(), 406);
    assert_eq!(ask(Method::HEAD, "*/*").send().await?.status(), 405);
    let options = ask(Method::OPTIONS, "*/*").send().await?;
    assert_eq!(options.headers()["allow"], "GET, OPTIONS");
    assert_eq!(options.json::<Value>().await?["name"], "Profile Status Stream");
    Ok(())
}

/// Readers that come and go while others write hear of every post exactly once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_misses_anything_or_hears_it_twice() -> Result {
    const POSTS: u64 = 400;
    let app = Arc::new(TestApp::start().await?);
    app.register("ada").await?;
    let ada = account(&app).await?;
    let mut readers = Vec::new();
    for reader in 0..8 {
        let app = Arc::clone(&app);
        readers.push(tokio::spawn(async move {
            let (mut heard, mut last) = (Vec::new(), "0".to_owned());
            while heard.len() < usize::try_from(POSTS).unwrap() {
                let mut stream = Stream::after(&app, &last).await.unwrap();
                // Some stay, some leave after a few.
                for _ in 0..(if reader % 2 == 0 { 1000 } else { 7 * reader }) {
                    if heard.len() == usize::try_from(POSTS).unwrap() {
                        break;
                    }
                    let event = stream.event().await.unwrap();
                    heard.push(event.data["id"].as_u64().unwrap());
                    last = event.id;
                }
            }
            heard
        }));
    }
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move {
                for _ in 0..POSTS / 8 {
                    app.core.post_status(ada, StatusText::parse("hello").unwrap()).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await?;
    }
    for reader in readers {
        let heard = timeout(PATIENCE, reader).await??;
        assert_eq!(heard.iter().collect::<BTreeSet<_>>(), (1..=POSTS).collect::<Vec<_>>().iter().collect());
        assert!(heard.is_sorted());
    }
    Ok(())
}

#[tokio::test]
async fn streams_end_when_they_are_told_to() -> Result {
    let app = TestApp::start().await?;
    let (url, streams) = serve(&app, Duration::from_mins(1)).await?;
    let mut stream = Stream::open(app.client().get(format!("{url}{PATH}"))).await?;
    stream.block().await?;
    streams.end();
    assert_eq!(stream.next().await?, None);
    assert_eq!(app.client().get(format!("{url}{PATH}")).send().await?.status(), 503);
    Ok(())
}

/// Who takes nothing has its connection closed, and nothing is kept for it meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_is_dropped() -> Result {
    let app = TestApp::start().await?;
    app.register("ada").await?;
    let ada = account(&app).await?;
    let text = StatusText::parse(&"🎉".repeat(240)).map_err(|_| "text")?;
    // More than the system keeps for a connection: some 8 MB.
    let mut posting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (core, text) = (Arc::clone(&app.core), text.clone());
        posting.spawn(async move {
            for _ in 0..120 {
                core.post_status(ada, text.clone()).await.unwrap();
            }
        });
    }
    posting.join_all().await;
    let (url, _streams) = serve(&app, Duration::from_secs(1)).await?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut connection = socket.connect(url.trim_start_matches("http://").parse()?).await?;
    connection.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\n\r\n").as_bytes()).await?;
    connection.readable().await?;
    // There is one place, and this one has it until it is dropped.
    let started = Instant::now();
    let free =
        || async { Ok::<_, reqwest::Error>(app.client().get(format!("{url}{PATH}")).send().await?.status() == 200) };
    assert!(!free().await?);
    while !free().await? {
        assert!(started.elapsed() < PATIENCE, "it was never dropped");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

async fn account(app: &TestApp) -> Result<Actor> {
    let (account, _) = app.core.log_in(profiles_core::Credentials::parse("ada", PASSWORD)).await?;
    Ok(Actor::from(&account))
}

/// The same data, served with a place for one stream, on connections that are closed after so long a silence.
async fn serve(app: &TestApp, idle: Duration) -> Result<(String, Streams)> {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied());
    let acceptor = LimitedAcceptor::new(acceptor, 100, Timeouts { head: idle, idle });
    let streams = Streams::new(1);
    let settings = settings(|settings| settings.heartbeat = idle / 3);
    let endpoint = Api::new(Arc::clone(&app.core)).settings(settings).streams(streams.clone()).into_endpoint();
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(endpoint));
    Ok((format!("http://{}", address.ok_or("no address")?), streams))
}
