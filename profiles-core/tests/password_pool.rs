//! The pool under load, and when things around it fail.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking, and one of the things that fail here does"
    )
)]

use std::{
    future::{Future, poll_fn},
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    task::Poll,
    thread,
};

use profiles_core::{
    env::{Entropy, EntropyError},
    password::{Argon2Config, Argon2Pool, HashingError, PasswordHasher, Verdict},
};

/// Keeps a hashing thread waiting for its salt until the test lets it go on.
struct Gate {
    arrivals: Sender<()>,
    permits: Mutex<Receiver<()>>,
}

impl Gate {
    fn new() -> (Arc<Self>, Receiver<()>, Sender<()>) {
        let ((arrivals, arrived), (permit, permits)) = (mpsc::channel(), mpsc::channel());
        (Arc::new(Self { arrivals, permits: Mutex::new(permits) }), arrived, permit)
    }
}

impl Entropy for Gate {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.arrivals.send(()).unwrap();
        self.permits.lock().unwrap().recv().unwrap();
        bytes.fill(7);
        Ok(())
    }
}

fn one_thread(queue: usize) -> Argon2Config {
    let queue = NonZeroUsize::new(queue).unwrap();
    Argon2Config::default().with_threads(NonZeroUsize::MIN).with_queue(queue)
}

/// Runs a future to where it first waits.
async fn begin<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[tokio::test]
async fn what_the_queue_does_not_hold_is_refused_at_once() {
    let (gate, arrived, permit) = Gate::new();
    let pool = Argon2Pool::new(one_thread(2), gate);
    let mut first = pool.hash("in hand".into());
    assert!(begin(&mut first).await.is_pending());
    arrived.recv().unwrap();
    let (mut second, mut third) = (pool.hash("waits".into()), pool.hash("waits too".into()));
    assert!(begin(&mut second).await.is_pending() && begin(&mut third).await.is_pending());
    let mut fourth = pool.verify("too many".into(), None);
    assert!(matches!(begin(&mut fourth).await, Poll::Ready(Err(HashingError::Busy))));
    for _ in 0..3 {
        permit.send(()).unwrap();
    }
    for hash in [first, second, third] {
        hash.await.unwrap();
    }
    assert_eq!(pool.verify("there is room again".into(), None).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn who_has_gone_is_not_served_and_keeps_nobody_out() {
    let (gate, arrived, permit) = Gate::new();
    let pool = Argon2Pool::new(one_thread(1), gate);
    let mut first = pool.hash("in hand".into());
    assert!(begin(&mut first).await.is_pending());
    arrived.recv().unwrap();
    let mut gone = pool.hash("gives up".into());
    assert!(begin(&mut gone).await.is_pending());
    drop(gone);
    // The queue is full of the one that has gone.
    let mut second = pool.hash("takes its place".into());
    assert!(begin(&mut second).await.is_pending());
    drop(second);
    permit.send(()).unwrap();
    first.await.unwrap();
    // The second is still in the queue when its caller goes; the third comes after it.
    permit.send(()).unwrap();
    pool.hash("last".into()).await.unwrap();
    assert_eq!(arrived.try_iter().count(), 1, "only the last one was hashed after the first");
}

#[tokio::test]
async fn dropping_the_pool_waits_for_its_threads() {
    let (gate, arrived, permit) = Gate::new();
    let pool = Argon2Pool::new(one_thread(1), Arc::<Gate>::clone(&gate));
    let mut hash = pool.hash("in hand".into());
    assert!(begin(&mut hash).await.is_pending());
    arrived.recv().unwrap();
    drop(hash);
    let dropping = thread::spawn(move || drop(pool));
    assert!(!dropping.is_finished());
    permit.send(()).unwrap();
    dropping.join().unwrap();
    // The thread held the pool's entropy as long as it ran.
    assert_eq!(Arc::strong_count(&gate), 1);
}

/// Fails, then panics, then works.
#[derive(Default)]
struct Recovering(AtomicUsize);

impl Entropy for Recovering {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(EntropyError("no randomness today".to_owned())),
            1 => panic!("broken generator"),
            _ => {
                bytes.fill(7);
                Ok(())
            }
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_and_the_pool_goes_on() {
    let pool = Argon2Pool::fast_for_tests(Arc::new(Recovering::default()));
    let failure = pool.hash("s3cret".into()).await.unwrap_err();
    assert!(failure.to_string().contains("no randomness today"), "{failure}");
    let panic = pool.hash("s3cret".into()).await.unwrap_err();
    assert!(matches!(panic, HashingError::Failed(_)), "{panic}");
    let hash = pool.hash("s3cret".into()).await.unwrap();
    assert_eq!(pool.verify("s3cret".into(), Some(hash)).await.unwrap(), Verdict::Right);
    for shown in [format!("{failure:?}{panic:?}"), format!("{pool:?}")] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
