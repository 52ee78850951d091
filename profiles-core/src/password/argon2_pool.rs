//! Hashing on threads of its own.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{
    Argon2Config, HashingError, PasswordHasher, Verdict,
    hashing_queue::{Answer, Hands, HashingQueue, Task},
    hashing_worker::{HashingWorker, Workshop},
};
use crate::{env::Entropy, model::PasswordHash};

/// A [`PasswordHasher`] that makes Argon2id hashes on a few threads of its own.
///
/// A caller never waits for a place: when [`Argon2Config::with_queue`] passwords wait already, the answer is
/// [`HashingError::Busy`] at once. Who stops waiting before its turn (by dropping the future) costs nothing more.
///
/// # What is verified
/// - Own hashes, `$argon2id$v=19$m=..,t=..,p=1$salt$hash`: [`Verdict::Right`] if they were made as new ones are now.
/// - Django's `pbkdf2_sha256$..` (at most 10 million iterations) and `argon2$argon2id$..`, `argon2$argon2i$..`, and own
///   hashes with other parameters (Argon2: at most 256 MiB, and 2 GiB in all passes together):
///   [`Verdict::RightButOutdated`].
/// - Anything else is [`Verdict::Wrong`] for every password: unknown or broken forms, Django's unusable `!..`, and what
///   would cost more than the limits, which keep an imported database from taking the machine.
///
/// # Time
/// An account that does not exist, or whose hash can't be read, costs what a new hash costs, as OWASP's
/// [Authentication Cheat Sheet][timing] asks. A hash that is outdated costs what it costs: until its owner next logs in,
/// the time of a failed login tells that it is there and old.
///
/// # Memory
/// Threads start when there is work. Each holds the memory of a hash, 19 MiB unless configured otherwise, until
/// [`Argon2Config::IDLE_RELEASE`] after its last hash, and ends as long after that; an idle pool holds nothing. (When
/// the memory is the system's again is for the allocator to say: at once, with glibc's.) It is wiped before it is given
/// back; passwords are wiped as soon as they were used.
///
/// # End
/// Dropping the pool waits for the hash that each thread is at (milliseconds, at most about a second for an imported
/// one), then for the threads.
///
/// ```
/// use std::sync::Arc;
///
/// use profiles_core::{
///     env::SystemEntropy,
///     password::{Argon2Config, Argon2Pool, PasswordHasher, Verdict},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Argon2Pool::new(Argon2Config::default(), Arc::new(SystemEntropy));
/// let hash = pool.hash("difference engine".into()).await?;
/// assert!(hash.as_encoded().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert_eq!(pool.verify("difference engine".into(), Some(hash)).await?, Verdict::Right);
/// assert_eq!(pool.verify("difference engine".into(), None).await?, Verdict::Wrong);
/// # Ok(())
/// # }
/// ```
///
/// [timing]: https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#authentication-responses
pub struct Argon2Pool {
    shop: Arc<Workshop>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Argon2Pool {
    /// A pool that makes hashes as `config` says, with salts from `entropy`. Threads start when there is work.
    pub fn new(config: Argon2Config, entropy: Arc<dyn Entropy>) -> Self {
        let Argon2Config { params, threads, queue, idle_release } = config;
        let shop = Workshop { queue: HashingQueue::new(queue, threads), entropy, params, idle_release };
        Self { shop: Arc::new(shop), threads: Mutex::default() }
    }

    /// A pool of one thread whose hashes take microseconds and protect nothing.
    #[cfg(any(test, feature = "testkit"))]
    pub fn fast_for_tests(entropy: Arc<dyn Entropy>) -> Self {
        Self::new(Argon2Config::unsafely_fast(), entropy)
    }

    /// Hands in a task and waits for its answer.
    async fn ask<T>(&self, task: impl FnOnce(Answer<T>) -> Task + Send) -> Result<T, HashingError> {
        let (answer, answered) = oneshot::channel();
        if self.shop.queue.push(task(answer))? == Hands::Wanted {
            self.start_thread();
        }
        answered.await.unwrap_or_else(|_| Err(HashingError::Failed("no thread has done it".to_owned())))
    }

    fn start_thread(&self) {
        let worker = HashingWorker::new(Arc::clone(&self.shop));
        let spawned = thread::Builder::new().name("hashing".to_owned()).spawn(move || worker.run());
        match spawned {
            Ok(thread) => {
                let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
                threads.retain(|thread| !thread.is_finished());
                threads.push(thread);
            }
            Err(error) => {
                tracing::error!(%error, "no thread to hash passwords on");
                self.shop.queue.withdraw_thread();
            }
        }
    }
}

#[async_trait]
impl PasswordHasher for Argon2Pool {
    async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingError> {
        self.ask(|answer| Task::Hash { password, answer }).await
    }

    async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<Verdict, HashingError> {
        self.ask(|answer| Task::Verify { password, hash, answer }).await
    }
}

impl Drop for Argon2Pool {
    fn drop(&mut self) {
        self.shop.queue.close();
        for thread in self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It can only have panicked outside a task, which leaves nothing to clean up here.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Argon2Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Pool").field("params", &self.shop.params).finish_non_exhaustive()
    }
}
