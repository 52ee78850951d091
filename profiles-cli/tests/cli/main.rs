//! The program as a user runs it, against the real server, and against servers that are missing, wrong or
//! not to be trusted.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

mod account_life;
mod against_the_server;
mod answers;
mod canned;
mod certificate;
mod mailbox;
mod program;
#[cfg(unix)]
mod prompts;
mod server;
#[cfg(unix)]
mod terminal;
mod unreachable;
mod usage;
