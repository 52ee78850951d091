//! What a new hash costs, and how much of the machine hashing may take.

use std::{num::NonZeroUsize, thread::available_parallelism, time::Duration};

use argon2::Params;

/// Memory that one hash may take, own or imported, in KiB: 256 MiB, two and a half times Django's default. Each thread
/// of the pool may hold as much at once.
pub(super) const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Memory that one hash may fill in all its passes, in KiB: 2 GiB, about a second of work.
pub(super) const MAX_WORK_KIB: u64 = 2 * 1024 * 1024;
/// The pairs of memory in KiB and passes that OWASP holds to be equally strong, and the least one should use.
const OWASP_MINIMA: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// How passwords are hashed: Argon2id, version 19, one lane, and what is set here.
///
/// The default is m = 19 MiB, t = 2, p = 1, the minimum of the [OWASP Password Storage Cheat Sheet][owasp]; a hash takes
/// some 15 ms. More memory or more passes make an attacker's work dearer, and every login with it; a new value takes
/// effect on an account at its next login, when its password is hashed again. [RFC 9106][rfc], section 4, says how to
/// choose; its second recommendation is m = 64 MiB, t = 3.
///
/// There is one lane because a pool thread computes lanes one after the other: more of them would serve an attacker with
/// idle cores, and nobody else.
///
/// ```
/// use profiles_core::password::Argon2Config;
///
/// assert_eq!(Argon2Config::new(19 * 1024, 2)?, Argon2Config::default());
/// assert!(Argon2Config::new(64 * 1024, 3).is_ok());
/// assert!(Argon2Config::new(4 * 1024, 2).is_err());
/// # Ok::<(), profiles_core::password::Argon2ConfigError>(())
/// ```
///
/// [owasp]: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
/// [rfc]: https://www.rfc-editor.org/rfc/rfc9106.html#section-4
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argon2Config {
    pub(super) params: Params,
    pub(super) threads: usize,
    pub(super) queue: usize,
    pub(super) idle_release: Duration,
}

/// Parameters that no hash should have, or none can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Argon2ConfigError {
    /// An attacker would try passwords too fast.
    #[error(
        "Argon2id with {memory_kib} KiB and {passes} passes is weaker than OWASP's minimum: \
         19456 KiB with 2 passes, 47104 with 1, 12288 with 3, 9216 with 4, or 7168 with 5"
    )]
    TooWeak {
        /// The memory asked for, in KiB.
        memory_kib: u32,
        /// The passes asked for.
        passes: u32,
    },
    /// A login would take seconds, or all of the memory.
    #[error(
        "Argon2id with {memory_kib} KiB and {passes} passes costs too much: \
         at most 262144 KiB, and 2097152 KiB in all passes together"
    )]
    TooCostly {
        /// The memory asked for, in KiB.
        memory_kib: u32,
        /// The passes asked for.
        passes: u32,
    },
}

impl Default for Argon2Config {
    fn default() -> Self {
        Self::with_params(Params::DEFAULT)
    }
}

impl Argon2Config {
    /// Threads at most, unless the operator says otherwise. Each takes the memory of a hash while there is work.
    pub const DEFAULT_MAX_THREADS: usize = 4;
    /// Passwords that may wait, unless the operator says otherwise: about a second of work for two cores.
    pub const DEFAULT_QUEUE: usize = 128;
    /// How long a thread keeps its memory while there is nothing to hash; it ends when as much time has passed again.
    pub const IDLE_RELEASE: Duration = Duration::from_secs(10);

    /// Hashes that fill `memory_kib` KiB of memory `passes` times.
    ///
    /// # Errors
    /// [`Argon2ConfigError`]: weaker than OWASP's minimum, or dearer than verification accepts.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, Argon2ConfigError> {
        if !OWASP_MINIMA.iter().any(|(memory, times)| memory_kib >= *memory && passes >= *times) {
            return Err(Argon2ConfigError::TooWeak { memory_kib, passes });
        }
        match Params::new(memory_kib, passes, 1, None) {
            Ok(params) if memory_kib <= MAX_MEMORY_KIB && work_kib(&params) <= MAX_WORK_KIB => {
                Ok(Self::with_params(params))
            }
            _ => Err(Argon2ConfigError::TooCostly { memory_kib, passes }),
        }
    }

    fn with_params(params: Params) -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            params,
            threads: cores.min(Self::DEFAULT_MAX_THREADS),
            queue: Self::DEFAULT_QUEUE,
            idle_release: Self::IDLE_RELEASE,
        }
    }

    /// Parameters that hash in microseconds and protect nothing, on one thread.
    #[cfg(any(test, feature = "testkit"))]
    pub(super) fn unsafely_fast() -> Self {
        let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap_or_default();
        Self { params, threads: 1, queue: Self::DEFAULT_QUEUE, idle_release: Self::IDLE_RELEASE }
    }

    /// Hashes on so many threads at most. Default: as many as there are cores, at most
    /// [`DEFAULT_MAX_THREADS`](Self::DEFAULT_MAX_THREADS).
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads.get();
        self
    }

    /// Lets so many passwords wait; one more is [`HashingError::Busy`](super::HashingError::Busy).
    #[must_use]
    pub fn with_queue(mut self, passwords: NonZeroUsize) -> Self {
        self.queue = passwords.get();
        self
    }

    /// Lets a thread keep its memory for so long after its last hash. Default: [`IDLE_RELEASE`](Self::IDLE_RELEASE).
    #[must_use]
    pub fn with_idle_release(mut self, after: Duration) -> Self {
        self.idle_release = after;
        self
    }

    /// Memory that a new hash fills, in KiB.
    pub fn memory_kib(&self) -> u32 {
        self.params.m_cost()
    }

    /// How many times it fills it.
    pub fn passes(&self) -> u32 {
        self.params.t_cost()
    }

    /// Threads that hash, at most.
    pub fn threads(&self) -> usize {
        self.threads
    }
}

/// How much memory is filled in all passes together, in KiB: the time is in proportion to it.
pub(super) fn work_kib(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_owasp_is_accepted_and_nothing_below_it() {
        for (memory_kib, passes) in OWASP_MINIMA {
            let config = Argon2Config::new(memory_kib, passes).unwrap();
            assert_eq!((config.memory_kib(), config.passes()), (memory_kib, passes));
            for (weaker_memory, fewer) in [(memory_kib - 1, passes), (memory_kib, passes - 1)] {
                let refused = Argon2Config::new(weaker_memory, fewer);
                assert_eq!(refused, Err(Argon2ConfigError::TooWeak { memory_kib: weaker_memory, passes: fewer }));
            }
        }
        assert!(Argon2Config::new(u32::MAX, 0).is_err() && Argon2Config::new(0, u32::MAX).is_err());
    }

    #[test]
    fn nothing_that_verification_would_refuse_is_accepted() {
        assert!(Argon2Config::new(256 * 1024, 8).is_ok());
        for (memory_kib, passes) in [(256 * 1024 + 1, 1), (256 * 1024, 9), (u32::MAX, u32::MAX)] {
            let refused = Argon2Config::new(memory_kib, passes);
            assert_eq!(refused, Err(Argon2ConfigError::TooCostly { memory_kib, passes }));
        }
    }

    #[test]
    fn the_error_says_what_would_do() {
        let message = Argon2Config::new(1024, 1).unwrap_err().to_string();
        assert!(message.contains("1024 KiB") && message.contains("19456 KiB with 2 passes"), "{message}");
    }
}
