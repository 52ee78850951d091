//! The server's program.

use std::process::ExitCode;

/// Argon2id takes and gives back 19 MiB for each hash; this allocator keeps them at hand.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    profiles_server::cli::run(std::env::args_os())
}
