use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use profiles_core::{
    env::{Clock, SystemEntropy},
    mail::{KeySeed, Mail, MailSecret},
    model::{AccountId, Email, OutboxId, PasswordHash, Timestamp, Username},
    password::{HashingError, PasswordHasher, Verdict},
    store::{MailState, MemoryStore, OutboxEntry, Register, Store},
    testkit::ManualClock,
};
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinHandle};

use super::*;
use crate::{
    config::Config,
    logging::captured::Log,
    mailer::{Console, Message},
};

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

const DAY: Duration = Duration::from_hours(24);

struct Fixture {
    core: Arc<Core>,
    clock: Arc<ManualClock>,
    stop: watch::Sender<bool>,
    site: Site,
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
        let site = Site { public_url: "http://127.0.0.1:8711".into(), ..Site::from(&Config::default()) };
        Self { core: Arc::new(core), clock, stop: watch::Sender::new(false), site }
    }

    fn start(&self, mailer: impl Mailer + 'static) -> JoinHandle<()> {
        let worker = Worker::new(Arc::clone(&self.core), Arc::new(mailer), self.site.clone()).unwrap();
        tokio::spawn(worker.run(self.stop.subscribe()))
    }

    /// Registers somebody, with the mail that goes with it; answers the key in its link.
    async fn register(&self, username: &str, to: &str) -> String {
        let seed = KeySeed::generate(&SystemEntropy).unwrap();
        let (name, address) = (Username::parse(username).unwrap(), Email::parse(to).unwrap());
        self.queue(username, vec![Mail::ConfirmEmail { username: name, to: address, seed }]).await;
        self.core.mail_secret().key(&seed).expose().to_owned()
    }

    /// Registers somebody, with these mails.
    async fn queue(&self, username: &str, outbox: Vec<Mail>) {
        let command = Register {
            username: Username::parse(username).unwrap(),
            email: None,
            email_verified: false,
            password: PasswordHash::from_encoded("x"),
            is_staff: false,
            tokens: Vec::new(),
            former: None,
            place: None,
            request: None,
            audit: None,
            mail_key: None,
            outbox,
            at: self.core.now(),
        };
        self.core.store().register(command).await.unwrap();
    }

    async fn mails(&self) -> Vec<OutboxEntry> {
        self.core.store().mails(None, 1000).await.unwrap()
    }

    /// What became of the mail with this number, once the worker has told the store.
    async fn finished(&self, number: usize) -> OutboxEntry {
        for _ in 0..10_000 {
            let mails = self.mails().await;
            if let Some(mail) = mails.into_iter().find(|mail| mail.id.get() == number as u64)
                && mail.state != MailState::Held
                && mail.attempts > 0
            {
                return mail;
            }
            tokio::task::yield_now().await;
        }
        panic!("the mail is not there, or is never finished");
    }

    /// Makes the worker look, as the next mail would; this one never reaches the mailer.
    async fn wake(&self) {
        let name = format!("waker{}", self.core.now().as_micros());
        self.register(&name, "\"\u{1b}\"@example.org").await;
    }

    async fn stopped(&self, worker: JoinHandle<()>) {
        self.stop.send_replace(true);
        timeout(Duration::from_secs(20), worker).await.unwrap().unwrap();
    }
}

/// Tells of every message, and answers as it was told to; `Ok` when it was told nothing.
struct Scripted {
    answers: Mutex<VecDeque<MailerError>>,
    sent: mpsc::UnboundedSender<Message>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = MailerError>) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (sent, messages) = mpsc::unbounded_channel();
        (Self { answers: Mutex::new(answers.into_iter().collect()), sent }, messages)
    }
}

#[async_trait]
impl Mailer for Scripted {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        self.sent.send(message.clone()).unwrap();
        answer.map_or(Ok(()), Err)
    }
}

fn unavailable() -> MailerError {
    MailerError::Unavailable("no route".into())
}

fn unsure() -> MailerError {
    MailerError::Unsure("the line broke".into())
}

async fn next(messages: &mut mpsc::UnboundedReceiver<Message>) -> Message {
    timeout(Duration::from_secs(20), messages.recv()).await.unwrap().unwrap()
}

async fn next_to(messages: &mut mpsc::UnboundedReceiver<Message>) -> String {
    next(messages).await.draft().to.as_str().to_owned()
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

/// The reference's own output, but for the key and the name of the message, and for the HTML that ours has beside it.
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
        let text = timeout(Duration::from_secs(20), printed.recv()).await.unwrap().unwrap();
        assert_eq!(key.len(), 32);
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        let name = id.strip_prefix('<').and_then(|id| id.strip_suffix("@localhost>")).unwrap();
        let text = text.replace(&key, "KEY").replace(id, "ID").replace(name, "NAME");

        // The headers of Django's one part are those of our first.
        let (head, body) = expected.split_once("\n\n").unwrap();
        let body = body.split_once("\n-----").unwrap().0;
        let (part, head) = head.split_at(head.find("Subject:").unwrap());
        let eight = if part.contains("8bit") { "Content-Transfer-Encoding: 8bit\n" } else { "" };
        let start = format!(
            "Content-Type: multipart/alternative;\n boundary=\"===============NAME==\"\nMIME-Version: 1.0\n{eight}\
             {head}\n\n--===============NAME==\n{part}\n{body}\n--===============NAME==\nContent-Type: text/html;"
        );
        assert!(text.starts_with(&start), "{text}\n\nand not\n\n{start}");
        let end = format!("</html>\n--===============NAME==--\n\n{}\n", "-".repeat(79));
        assert!(text.ends_with(&end), "{text}");
        assert_eq!(
            text.matches("account-confirm-email/KEY/").count(),
            4,
            "in the text, a button, and a link that shows it"
        );
    }
    fixture.stopped(worker).await;
    assert_eq!(fixture.mails().await, []);
}

#[tokio::test]
async fn a_mail_that_failed_goes_out_later_and_is_the_same_mail() {
    let fixture = Fixture::new();
    fixture.register("ada", "ada@example.org").await;
    let (mailer, mut sent) = Scripted::new([unavailable()]);
    let worker = fixture.start(mailer);
    let first = next(&mut sent).await;
    let waiting = fixture.finished(1).await;
    assert_eq!((waiting.state, waiting.unsure), (MailState::Waiting, 0));
    assert_eq!(waiting.due, fixture.core.now().plus(Duration::from_mins(1)));
    assert_eq!(waiting.problem.unwrap().as_str(), "mail can't be sent now: no route");

    fixture.clock.advance(Duration::from_mins(1));
    fixture.register("bob", "bob@example.org").await;
    let again = next(&mut sent).await;
    assert_eq!(again.to_text(), first.to_text());
    assert_eq!(next_to(&mut sent).await, "bob@example.org");
    fixture.stopped(worker).await;
    assert_eq!(fixture.mails().await, []);
}

#[tokio::test]
async fn a_mail_that_can_never_go_out_is_kept_for_the_operator() {
    let fixture = Fixture::new();
    // Django accepts a control character in quotes, and prints it to the operator's terminal.
    fixture.register("escape", "\"\u{1b}[2J\"@example.org").await;
    fixture.register("refused", "refused@example.org").await;
    let refused = MailerError::Refused("550 <refused@example.org>: no such user".to_owned());
    let (mailer, mut sent) = Scripted::new([refused]);
    let log = Log::default();
    let guard = log.start();
    let worker = fixture.start(mailer);
    assert_eq!(next_to(&mut sent).await, "refused@example.org");
    fixture.stopped(worker).await;
    drop(guard);
    let told: Vec<_> =
        fixture.mails().await.into_iter().map(|mail| (mail.state, mail.problem.unwrap().as_str().to_owned())).collect();
    assert_eq!(told[0], (MailState::Dead, "no mail can go to this address".to_owned()));
    assert_eq!(told[1], (MailState::Dead, "the message was refused: 550 <(address)>: no such user".to_owned()));
    let lines = log.lines();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(line["level"] == "ERROR" && !line.to_string().contains("refused@"), "{line}");
    }

    // The operator says that it should be tried again, and this time it goes.
    let (mailer, mut sent) = Scripted::new([]);
    fixture.stop.send_replace(false);
    let worker = fixture.start(mailer);
    assert!(fixture.core.store().retry_mail(OutboxId::new(2), fixture.core.now()).await.unwrap());
    assert_eq!(next_to(&mut sent).await, "refused@example.org");
    fixture.stopped(worker).await;
    assert_eq!(fixture.mails().await.len(), 1);
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_twice_does_not_go_out_a_third_time() {
    let fixture = Fixture::new();
    fixture.register("ada", "ada@example.org").await;
    let (mailer, mut sent) = Scripted::new([unsure(), unavailable(), unsure()]);
    let worker = fixture.start(mailer);
    for _ in 0..3 {
        assert_eq!(next_to(&mut sent).await, "ada@example.org");
        fixture.finished(1).await;
        fixture.clock.advance(Duration::from_mins(5));
        fixture.wake().await;
    }
    let mail = fixture.finished(1).await;
    assert_eq!((mail.state, mail.attempts), (MailState::Dead, 3));
    let told = "it may have arrived, twice: whether the mail was sent is not known: the line broke";
    assert_eq!(mail.problem.unwrap().as_str(), told);
    fixture.stopped(worker).await;
    assert!(sent.try_recv().is_err());
}

#[tokio::test]
async fn a_server_that_dies_twice_over_a_mail_does_not_send_it_a_third_time() {
    let fixture = Fixture::new();
    fixture.register("ada", "ada@example.org").await;
    for _ in 0..2 {
        // Whoever leases it dies.
        assert_eq!(fixture.core.store().lease(fixture.core.now(), DAY / 24, 10).await.unwrap().len(), 1);
        fixture.clock.advance(DAY / 24);
    }
    let (mailer, mut sent) = Scripted::new([]);
    let worker = fixture.start(mailer);
    let mail = fixture.finished(1).await;
    assert_eq!((mail.state, mail.unsure), (MailState::Dead, 2));
    fixture.stopped(worker).await;
    assert!(sent.try_recv().is_err());
}

#[tokio::test]
async fn a_mail_whose_link_has_ended_is_not_sent() {
    let fixture = Fixture::new();
    let seed = KeySeed::generate(&SystemEntropy).unwrap();
    let (username, to) = (Username::parse("ada").unwrap(), Email::parse("ada@example.org").unwrap());
    let at = fixture.core.now();
    let outbox = vec![
        Mail::ConfirmEmail { username: username.clone(), to: to.clone(), seed },
        Mail::ResetPassword { username: username.clone(), to: to.clone(), account: AccountId::new(1), seed },
        Mail::PasswordChanged { username, to, at },
    ];
    fixture.queue("ada", outbox).await;
    fixture.clock.advance(3 * DAY);
    let (mailer, mut sent) = Scripted::new([unavailable()]);
    let worker = fixture.start(mailer);
    // A notice is tried once at least, and then it is too late for it too.
    assert_eq!(next(&mut sent).await.draft().subject, "[example.com] Password Changed");
    for (number, told) in [
        (1, "the link in it no longer works"),
        (2, "the link in it no longer works"),
        (3, "it could not be sent in time: mail can't be sent now: no route"),
    ] {
        let mail = fixture.finished(number).await;
        assert_eq!((mail.state, mail.problem.unwrap().as_str()), (MailState::Dead, told));
    }
    fixture.stopped(worker).await;
}

#[tokio::test]
async fn more_than_go_at_once_all_go() {
    let fixture = Fixture::new();
    let addresses: Vec<String> = (0..AT_ONCE * 5).map(|number| format!("a{number:02}@example.org")).collect();
    for (number, address) in addresses.iter().enumerate() {
        fixture.register(&format!("a{number}"), address).await;
    }
    let (mailer, mut sent) = Scripted::new([]);
    let worker = fixture.start(mailer);
    let mut all = Vec::new();
    for _ in &addresses {
        all.push(next_to(&mut sent).await);
    }
    all.sort();
    assert_eq!(all, addresses);
    fixture.stopped(worker).await;
    assert_eq!(fixture.mails().await, []);
}

/// Hands on to another, but never ends with these.
struct Hanging(Scripted);

#[async_trait]
impl Mailer for Hanging {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        if message.draft().to.as_str().starts_with("slow") {
            std::future::pending::<()>().await;
        }
        self.0.send(message).await
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_slow_keeps_nobody_waiting_and_has_an_end() {
    let fixture = Fixture::new();
    for number in 0..AT_ONCE - 1 {
        fixture.register(&format!("slow{number}"), &format!("slow{number}@example.org")).await;
    }
    for number in 0..10 {
        fixture.register(&format!("a{number}"), &format!("a{number}@example.org")).await;
    }
    let (mailer, mut sent) = Scripted::new([]);
    let worker = fixture.start(Hanging(mailer));
    for number in 0..10 {
        assert_eq!(next_to(&mut sent).await, format!("a{number}@example.org"));
    }
    // Time is the runtime's own here, and passes when all wait.
    sleep(Duration::from_mins(5)).await;
    for number in 1..AT_ONCE {
        let mail = fixture.finished(number).await;
        assert_eq!((mail.state, mail.unsure), (MailState::Waiting, 1));
    }
    fixture.stopped(worker).await;
}

/// Panics.
struct Panicking;

#[async_trait]
impl Mailer for Panicking {
    async fn send(&self, _: &Message) -> Result<(), MailerError> {
        panic!("a test asked for this")
    }
}

#[tokio::test]
async fn a_mailer_that_panics_takes_no_mail_with_it() {
    let fixture = Fixture::new();
    fixture.register("ada", "ada@example.org").await;
    let worker = fixture.start(Panicking);
    let mail = fixture.finished(1).await;
    assert_eq!((mail.state, mail.unsure), (MailState::Waiting, 1));
    fixture.stopped(worker).await;
}

#[tokio::test]
async fn every_kind_of_mail_has_its_words_and_its_link() {
    let mut fixture = Fixture::new();
    let seed = KeySeed::generate(&SystemEntropy).unwrap();
    let key = fixture.core.mail_secret().key(&seed).expose().to_owned();
    let (username, to) = (Username::parse("ada").unwrap(), Email::parse("ada@example.org").unwrap());
    let (account, at) = (AccountId::new(1234), fixture.core.now());
    let (address, agent) = ("192.0.2.1".to_owned(), "evil\r\nBcc: b@c\u{1b}[2J".repeat(20));
    let mails = || {
        vec![
            Mail::ConfirmEmail { username: username.clone(), to: to.clone(), seed },
            Mail::ConfirmNewEmail { username: username.clone(), to: to.clone(), seed },
            Mail::ResetPassword { username: username.clone(), to: to.clone(), account, seed },
            Mail::PasswordChanged { username: username.clone(), to: to.clone(), at },
            Mail::EmailChanged { username: username.clone(), to: to.clone(), at },
            Mail::NewLogin {
                username: username.clone(),
                to: to.clone(),
                at,
                address: address.clone(),
                agent: agent.clone(),
            },
        ]
    };
    let base = "http://127.0.0.1:8711/api/rest-auth";
    let ours = [
        format!("To confirm this is correct, go to {base}/registration/account-confirm-email/{key}/\n"),
        format!("To confirm this is correct, go to {base}/registration/account-confirm-email/{key}/\n"),
        format!("\n\n{base}/password/reset/confirm/ya/{key}/\n\n"),
        "was changed on 22 November 2026, 22:43 UTC.\n".to_owned(),
        "was changed on 22 November 2026, 22:43 UTC. This mail goes to the old address".to_owned(),
        "Address: 192.0.2.1\nProgram: evil Bcc: b@c [2Jevil Bcc: b@c [2J".to_owned(),
    ];
    let theirs = [
        format!("go to https://app.example/#/confirm?key={key}\n"),
        format!("go to https://app.example/#/confirm?key={key}\n"),
        format!("\n\nhttps://app.example/reset/ya/{key}\n\n"),
    ];
    for (round, expected) in [&ours[..], &theirs[..]].into_iter().enumerate() {
        let (mailer, mut sent) = Scripted::new([]);
        fixture.stop.send_replace(false);
        let worker = fixture.start(mailer);
        fixture.queue(&format!("ada{round}"), mails()).await;
        for part in expected {
            let message = next(&mut sent).await;
            assert!(message.draft().text.contains(part), "{part}\n{}", message.draft().text);
            assert!(message.draft().text.lines().all(|line| line.len() < 200));
        }
        fixture.stopped(worker).await;
        fixture.site.confirm_email_url = Some("https://app.example/#/confirm?key={key}".parse().unwrap());
        fixture.site.password_reset_url = Some("https://app.example/reset/{uid}/{token}".parse().unwrap());
    }
}

#[test]
fn pauses_double_and_have_an_end() {
    let retries = Retries::default();
    let minutes: Vec<_> = (1..10).map(|attempt| retries.pause(attempt).as_secs() / 60).collect();
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(retries.pause(u32::MAX), Duration::from_hours(1));
}

#[tokio::test]
async fn it_ends_with_the_server() {
    let fixture = Fixture::new();
    let (mailer, _sent) = Scripted::new([]);
    let worker = fixture.start(mailer);
    fixture.stopped(worker).await;
}
