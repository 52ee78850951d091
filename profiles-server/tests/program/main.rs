//! The program as an operator runs it: the real binary, its exit codes, what it prints, its signals.
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

mod audit;
mod control;
mod errors;
mod footprint;
mod indexes;
mod killed;
mod mail;
mod passwords;
mod pictures;
mod place;
mod postgres;
mod serving;
mod user;
