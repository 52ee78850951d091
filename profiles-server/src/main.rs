//! The server's program.

use std::process::ExitCode;

/// The embedded database reads pages of many sizes on some threads and drops them on others. Of the allocators that were
/// tried, this one keeps least beside them (`docs/adr/0002-dependencies.md`).
#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    profiles_server::cli::run(std::env::args_os())
}
