//! What hashing costs.

use std::num::NonZeroUsize;

use super::setting::settings;

settings! {
    /// What hashing costs. More makes an attacker's work dearer, and every login with it; a new value takes effect on an
    /// account at its next login.
    pub struct Passwords {
        /// Memory of one Argon2id hash in KiB.
        "argon2_memory_kib" => argon2_memory_kib: u32 = 19_456, 7_168..=262_144;
        /// Passes of Argon2id over its memory.
        "argon2_iterations" => argon2_iterations: u32 = 2, 1..=64;
        /// Threads that hash passwords; unless set, one for each core, and not more than four.
        "hashing_threads" => hashing_threads: Option<NonZeroUsize> = None;
    }
}
