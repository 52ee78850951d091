//! Tests of what only this store has: a disk, a writer, a lock. That it behaves as every store does is shown in
//! `tests/sled_store.rs`.

mod closing;
mod compacting;
mod damage;
mod erasing;
mod following;
mod listing;
mod mails;
mod opening;
mod packing;
mod planted;
mod power;
mod searching;
mod throttling;
mod writing;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Waker},
};

use tempfile::TempDir;

use super::*;
use crate::{
    env::SystemEntropy,
    mail::{KeySeed, Mail},
    model::{
        AccountId, AuditActor, AuditEvent, AuditNote, AuditOutcome, Digest, Email, KeyPurpose, Lifetime, Network,
        NewRequest, Origin, PasswordHash, Scopes, StatusText, Timestamp, TokenKind, Username,
    },
    store::{Accounts, Inconsistency, Maintenance, NewMailKey, NewToken, Register, Registered, Statuses, Tokens},
};

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const LATER: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> SledStore {
    SledStore::open(SledConfig::new(path)).unwrap()
}

/// An account with one of everything that an account can begin with.
fn registration(name: &str) -> Register {
    let username = Username::parse(name).unwrap();
    let email = Email::parse(&format!("{name}@example.org")).unwrap();
    let token = |kind, ends_at| NewToken {
        digest: Digest::of(&format!("{name} {kind:?}")),
        kind,
        lifetime: Lifetime::until(ends_at),
        name: None,
        scopes: Scopes::default(),
        origin: Origin::default(),
    };
    let mail_key = NewMailKey {
        digest: Digest::of(name),
        purpose: KeyPurpose::ConfirmEmail,
        email: email.clone(),
        expires_at: LATER,
    };
    Register {
        username: username.clone(),
        email: Some(email.clone()),
        email_verified: true,
        password: PasswordHash::from_encoded("$argon2id$not-a-real-one"),
        is_staff: false,
        tokens: vec![token(TokenKind::Api, None), token(TokenKind::Session, Some(LATER))],
        former: None,
        place: Some(Network::of_place([203, 0, 113, 7].into())),
        mail_key: Some(mail_key),
        outbox: vec![Mail::ConfirmEmail { username, to: email, seed: KeySeed::generate(&SystemEntropy).unwrap() }],
        request: Some(NewRequest {
            key: Digest::of(&format!("{name} request")),
            fingerprint: Digest::of(name),
            expires_at: LATER,
        }),
        audit: Some(line(AuditEvent::Registration, None)),
        at: NOW,
    }
}

/// A line about what an account did, or nobody.
fn line(event: AuditEvent, actor: Option<AccountId>) -> AuditNote {
    let actor = actor.map_or(AuditActor::Anonymous, AuditActor::Account);
    AuditNote { event, outcome: AuditOutcome::Done, actor, account: None, object: None, origin: Origin::default() }
}

fn text(text: &str) -> StatusText {
    StatusText::parse(text).unwrap()
}

fn nothing() -> Vec<Inconsistency> {
    Vec::new()
}

/// A disk that counts its syncs, and does each only when it is told to, or refuses.
struct Controlled {
    data: File,
    orders: mpsc::Receiver<Order>,
    /// How many syncs were begun.
    begun: Arc<AtomicUsize>,
}

enum Order {
    Sync,
    Fail,
    /// Whatever comes.
    SyncAlways,
}

impl Barrier for Controlled {
    fn sync(&mut self) -> io::Result<()> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        match self.orders.recv() {
            Ok(Order::Fail) => return Err(io::Error::other("the test pulled the plug")),
            Ok(Order::SyncAlways) => self.orders = mpsc::channel().1,
            Ok(Order::Sync) | Err(_) => {}
        }
        self.data.sync_data()
    }
}

/// A store on such a disk.
fn controlled(path: &Path, queue: usize) -> (SledStore, mpsc::Sender<Order>, Arc<AtomicUsize>) {
    let (sender, orders) = mpsc::channel();
    let begun = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&begun);
    let config = SledConfig { queue, ..SledConfig::new(path) };
    let store = SledStore::open_with(config, |data| Box::new(Controlled { data, orders, begun: counter })).unwrap();
    (store, sender, begun)
}

/// Waits for another thread. Gives up after ten seconds.
async fn until(condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed().as_secs() < 10, "it never happened");
        tokio::task::yield_now().await;
    }
}

/// Polls a write once, by which it is queued, and goes on with it in the background.
fn queue<T: Send + 'static>(write: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    let mut write = Box::pin(write);
    assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    tokio::spawn(write)
}

fn register(store: &Arc<SledStore>, name: &str) -> impl Future<Output = Result<Registered>> + use<> {
    send(store, registration(name))
}

fn send(store: &Arc<SledStore>, command: Register) -> impl Future<Output = Result<Registered>> + use<> {
    let store = Arc::clone(store);
    async move { store.register(command).await }
}
