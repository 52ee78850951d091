//! The memory that Argon2 fills, kept between hashes.

use std::collections::TryReserveError;

use argon2::Block;
use zeroize::Zeroize;

/// Blocks to ask the allocator for at least, used or not; pages that are never written cost nothing. glibc maps a request
/// of more than 32 MiB (`DEFAULT_MMAP_THRESHOLD_MAX`) by itself and unmaps it when it is freed. A smaller one it takes
/// from its arena from the second time on, and keeps it there: an idle pool would hold its memory for good.
const LEAST_CAPACITY: usize = 33 * 1024;

/// A thread's blocks of 1 KiB. Of the time that a hash takes on fresh memory a third goes to page faults
/// (`benches/hashing.rs`), so a thread keeps its blocks while there is work.
///
/// They are not wiped between hashes: what Argon2 leaves in them lets nobody try passwords any faster than the hash
/// does. They are wiped before they are given back.
pub(super) struct Argon2Memory {
    blocks: Vec<Block>,
    /// How many blocks a new hash needs; more of them only serve an imported one.
    usual: usize,
}

impl Argon2Memory {
    pub(super) fn new(usual: usize) -> Self {
        Self { blocks: Vec::new(), usual }
    }

    pub(super) fn is_held(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// At least `count` blocks, of whatever content.
    pub(super) fn hold(&mut self, count: usize) -> Result<&mut [Block], TryReserveError> {
        if self.blocks.len() < count {
            self.release();
            self.blocks.try_reserve_exact(count.max(LEAST_CAPACITY))?;
            self.blocks.resize(count, Block::new());
        }
        Ok(&mut self.blocks)
    }

    /// Gives back what only an imported hash needed.
    pub(super) fn release_excess(&mut self) {
        if self.blocks.len() > self.usual {
            self.release();
        }
    }

    /// Wipes the blocks and gives them back.
    pub(super) fn release(&mut self) {
        // Not the vector's own `zeroize`, which writes to capacity that was never touched.
        self.blocks.iter_mut().for_each(Zeroize::zeroize);
        self.blocks = Vec::new();
    }
}
