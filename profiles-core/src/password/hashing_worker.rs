//! What one thread of the pool does.

use std::{
    hint::black_box,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use argon2::{Argon2, Params};
use pbkdf2::pbkdf2_hmac;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    HashingError, Verdict,
    argon2_memory::Argon2Memory,
    encoded::{Argon2Hash, Encoded, Pbkdf2Hash, SALT_LENGTH, TAG_LENGTH},
    hashing_queue::{HashingQueue, Next, OnIdle, Task},
};
use crate::{env::Entropy, model::PasswordHash};

/// What the threads of a pool have in common.
pub(super) struct Workshop {
    pub(super) queue: HashingQueue,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Of new hashes.
    pub(super) params: Params,
    pub(super) idle_release: Duration,
}

pub(super) struct HashingWorker {
    shop: Arc<Workshop>,
    memory: Argon2Memory,
}

impl HashingWorker {
    pub(super) fn new(shop: Arc<Workshop>) -> Self {
        let memory = Argon2Memory::new(shop.params.block_count());
        Self { shop, memory }
    }

    /// Works until there is nothing to do for a while, or the queue is closed.
    ///
    /// It first gives back its memory, then waits as long again and leaves: some allocators return memory to the operating
    /// system at once, others when a thread ends.
    pub(super) fn run(mut self) {
        loop {
            let on_idle = if self.memory.is_held() { OnIdle::Stay } else { OnIdle::Leave };
            match self.shop.queue.pop(self.shop.idle_release, on_idle) {
                Next::Task(task) if task.is_abandoned() => {}
                Next::Task(task) => self.perform(task),
                Next::Idle if on_idle == OnIdle::Stay => self.memory.release(),
                Next::Idle | Next::Closed => return self.memory.release(),
            }
        }
    }

    fn perform(&mut self, task: Task) {
        // A panic (an embedder's `Entropy`, say) costs its caller the answer, not the pool a thread.
        let performed = catch_unwind(AssertUnwindSafe(|| match task {
            // Sending fails if the caller has gone meanwhile, which is fine.
            Task::Hash { password, answer } => drop(answer.send(self.hash(&password))),
            Task::Verify { password, hash, answer } => drop(answer.send(self.verify(&password, hash.as_ref()))),
        }));
        if performed.is_err() {
            self.memory.release();
        }
    }

    fn hash(&mut self, password: &SecretString) -> Result<PasswordHash, HashingError> {
        let mut salt = [0; SALT_LENGTH];
        self.shop.entropy.fill(&mut salt).map_err(failed)?;
        let mut hash = Argon2Hash::new(&self.shop.params, &salt, &[0; TAG_LENGTH]).map_err(failed)?;
        hash.set_tag(&self.argon2_tag(password, &hash)?).map_err(failed)?;
        hash.encode().map_err(failed)
    }

    /// The same work whether there is a hash or not, and whether the password is right or not.
    fn verify(&mut self, password: &SecretString, hash: Option<&PasswordHash>) -> Result<Verdict, HashingError> {
        let Some(encoded) = hash.and_then(readable) else {
            self.verify_against_nothing(password)?;
            return Ok(Verdict::Wrong);
        };
        let tag = match &encoded {
            Encoded::Argon2(hash) => self.argon2_tag(password, hash)?,
            Encoded::Pbkdf2Sha256(hash) => pbkdf2_tag(password, hash),
        };
        let is_right = bool::from(tag.ct_eq(encoded.tag()));
        Ok(match (is_right, encoded.is_current(&self.shop.params)) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOutdated,
        })
    }

    /// Does the work of a new hash and forgets the outcome, so that the time does not tell which accounts exist.
    fn verify_against_nothing(&mut self, password: &SecretString) -> Result<(), HashingError> {
        let nothing = Argon2Hash::new(&self.shop.params, &[0; SALT_LENGTH], &[0; TAG_LENGTH]).map_err(failed)?;
        let tag = self.argon2_tag(password, &nothing)?;
        black_box(tag.ct_eq(nothing.tag.as_bytes()));
        Ok(())
    }

    /// The tag that this password has with the salt and the parameters of a hash.
    fn argon2_tag(&mut self, password: &SecretString, like: &Argon2Hash) -> Result<Zeroizing<Vec<u8>>, HashingError> {
        let argon2 = Argon2::new(like.algorithm, like.version, like.params.clone());
        let mut tag = Zeroizing::new(vec![0; like.tag.len()]);
        let blocks = self.memory.hold(like.params.block_count()).map_err(failed)?;
        let password = password.expose_secret().as_bytes();
        let hashed = argon2.hash_password_into_with_memory(password, &like.salt, &mut tag, blocks);
        self.memory.release_excess();
        hashed.map(|()| tag).map_err(failed)
    }
}

fn pbkdf2_tag(password: &SecretString, like: &Pbkdf2Hash) -> Zeroizing<Vec<u8>> {
    let mut tag = Zeroizing::new(vec![0; like.tag.len()]);
    pbkdf2_hmac::<Sha256>(password.expose_secret().as_bytes(), like.salt.as_bytes(), like.iterations, &mut tag);
    tag
}

fn readable(hash: &PasswordHash) -> Option<Encoded> {
    // The reason is a word about the form, nothing of the hash itself.
    Encoded::parse(hash).inspect_err(|reason| tracing::debug!(?reason, "no password matches this hash")).ok()
}

fn failed(error: impl std::fmt::Display) -> HashingError {
    HashingError::Failed(error.to_string())
}
