use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use profiles_core::{
    env::{Clock, SystemEntropy},
    mail::{KeySeed, MailSecret},
    model::{Email, PasswordHash, Timestamp, Username},
    password::{HashingError, PasswordHasher, Verdict},
    store::{MemoryStore, Register, Store},
    testkit::ManualClock,
};
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinHandle};

use super::*;
use crate::mailer::Console;

/// No test here logs in.
struct NoPasswords;

#[async_trait]
impl PasswordHasher for NoPasswords {
    async fn hash(&self, _: SecretString) -> Result<PasswordHash, HashingError> {
        Err(HashingError::Busy)
    }

    async fn verify(&self, _: SecretString, _: Option<PasswordHash>) -> Result<Verdict, HashingError> {
        Err(HashingError::Busy)
    }
}

struct Fixture {
    core: Arc<Core>,
    clock: Arc<ManualClock>,
    stop: watch::Sender<bool>,
}

impl Fixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        // The moment at which Django printed what we compare with.
        let printed = Timestamp::from_micros(1_795_387_410_000_000);
        let ahead = u64::try_from(printed.as_micros() - clock.now().as_micros()).unwrap();
        clock.advance(Duration::from_micros(ahead));
        let builder = Core::builder(Arc::new(MemoryStore::new()) as Arc<dyn Store>);
        let builder = builder.clock(Arc::clone(&clock) as Arc<dyn Clock>).hasher(Arc::new(NoPasswords));
        let core = builder.mail_secret(MailSecret::from_bytes([7; 32])).build().unwrap();
        Self { core: Arc::new(core), clock, stop: watch::Sender::new(false) }
    }

    fn start(&self, mailer: impl Mailer + 'static) -> JoinHandle<()> {
        let site = Site { public_url: "http://127.0.0.1:8711".into(), ..Site::from(&Config::default()) };
        let worker = Worker::new(Arc::clone(&self.core), Arc::new(mailer), site);
        tokio::spawn(worker.run(self.stop.subscribe()))
    }

    /// Registers somebody, with the mail that goes with it; answers the key in its link.
    async fn register(&self, username: &str, to: &str) -> String {
        let (username, to) = (Username::parse(username).unwrap(), Email::parse(to).unwrap());
        let seed = KeySeed::generate(&SystemEntropy).unwrap();
        let key = self.core.mail_secret().key(&seed).expose().to_owned();
        let command = Register {
            username: username.clone(),
            email: Some(to.clone()),
            email_verified: false,
            password: PasswordHash::from_encoded("x"),
            is_staff: false,
            tokens: Vec::new(),
            mail_key: None,
            outbox: vec![Mail::ConfirmEmail { username, to, seed }],
            at: self.core.now(),
        };
        self.core.store().register(command).await.unwrap();
        key
    }

    /// What is in the outbox and not leased.
    async fn waiting(&self) -> usize {
        self.core.store().lease(self.core.now(), Duration::ZERO, 100).await.unwrap().len()
    }

    async fn stopped(&self, worker: JoinHandle<()>) {
        self.stop.send_replace(true);
        timeout(Duration::from_secs(20), worker).await.unwrap().unwrap();
    }
}

/// Tells of every message, and answers as it was told to; `Ok` when it was told nothing.
struct Scripted {
    answers: Mutex<VecDeque<MailerError>>,
    sent: mpsc::UnboundedSender<String>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = MailerError>) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (sent, messages) = mpsc::unbounded_channel();
        (Self { answers: Mutex::new(answers.into_iter().collect()), sent }, messages)
    }
}

#[async_trait]
impl Mailer for Scripted {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        self.sent.send(message.draft().to.as_str().to_owned()).unwrap();
        answer.map_or(Ok(()), Err)
    }
}

async fn next(messages: &mut mpsc::UnboundedReceiver<String>) -> String {
    timeout(Duration::from_secs(20), messages.recv()).await.unwrap().unwrap()
}

/// Sends on what is written, a write at a time.
struct Pipe(mpsc::UnboundedSender<String>);

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8(bytes.to_vec()).unwrap()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The reference's own output, but for the key and the number of the message.
#[tokio::test]
async fn the_console_prints_what_django_prints() {
    let fixture = Fixture::new();
    let (out, mut printed) = mpsc::unbounded_channel();
    let worker = fixture.start(Console::to(Pipe(out)));
    for (username, to, expected) in [
        ("ada", "ada@example.org", include_str!("django_ascii.txt")),
        ("élodie中", "b@example.org", include_str!("django_utf8.txt")),
        ("long", "x@bücher.example", include_str!("django_idn.txt")),
        ("quoted", "\"a.b,c\"@example.org", include_str!("django_quoted.txt")),
        ("folded", &format!("{}@example.org", "e".repeat(200)), include_str!("django_folded.txt")),
    ] {
        let key = fixture.register(username, to).await;
        let text = next(&mut printed).await;
        assert_eq!(key.len(), 32);
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        let number = id.strip_prefix("<179538741000.").and_then(|id| id.strip_suffix("@localhost>")).unwrap();
        let (process, number) = number.split_once('.').unwrap();
        assert!(process.parse::<u32>().is_ok() && number.parse::<u64>().is_ok(), "{id}");
        assert_eq!(text.replace(&key, "KEY").replace(id, "ID"), expected);
    }
    fixture.stopped(worker).await;
    fixture.clock.advance(HOLD);
    assert_eq!(fixture.waiting().await, 0);
}

#[tokio::test]
async fn a_mail_that_failed_goes_out_when_its_lease_has_ended() {
    let fixture = Fixture::new();
    fixture.register("ada", "ada@example.org").await;
    let (mailer, mut sent) = Scripted::new([MailerError::Unavailable("no route".into())]);
    let worker = fixture.start(mailer);
    assert_eq!(next(&mut sent).await, "ada@example.org");
    fixture.clock.advance(HOLD);
    // A registration wakes the worker, which looks at all that waits.
    fixture.register("bob", "bob@example.org").await;
    assert_eq!(next(&mut sent).await, "ada@example.org");
    assert_eq!(next(&mut sent).await, "bob@example.org");
    fixture.stopped(worker).await;
    fixture.clock.advance(HOLD);
    assert_eq!(fixture.waiting().await, 0);
}

#[tokio::test]
async fn a_mail_that_can_never_go_out_does_not_stay() {
    let fixture = Fixture::new();
    // Django accepts a control character in quotes, and prints it to the operator's terminal.
    fixture.register("escape", "\"\u{1b}[2J\"@example.org").await;
    fixture.register("refused", "refused@example.org").await;
    let (mailer, mut sent) = Scripted::new([MailerError::Refused("no such mailbox".into())]);
    let worker = fixture.start(mailer);
    assert_eq!(next(&mut sent).await, "refused@example.org");
    fixture.stopped(worker).await;
    fixture.clock.advance(HOLD);
    assert_eq!(fixture.waiting().await, 0);
}

#[tokio::test]
async fn more_than_a_batch_goes_out_in_order() {
    let fixture = Fixture::new();
    let addresses: Vec<String> = (0..=BATCH * 2).map(|number| format!("a{number}@example.org")).collect();
    for (number, address) in addresses.iter().enumerate() {
        fixture.register(&format!("a{number}"), address).await;
    }
    let (mailer, mut sent) = Scripted::new([]);
    let worker = fixture.start(mailer);
    for address in &addresses {
        assert_eq!(&next(&mut sent).await, address);
    }
    fixture.stopped(worker).await;
}

#[tokio::test]
async fn it_ends_with_the_server() {
    let fixture = Fixture::new();
    let (mailer, _sent) = Scripted::new([]);
    let worker = fixture.start(mailer);
    fixture.stopped(worker).await;
}
