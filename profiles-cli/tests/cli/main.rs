//! The program as a user runs it, against servers that are missing, wrong or not to be trusted.
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

mod answers;
mod certificate;
mod program;
mod unreachable;
mod usage;
