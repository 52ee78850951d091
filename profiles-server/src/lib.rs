//! The profiles API over HTTP: a program, and the parts that it is made of.
#![forbid(unsafe_code)]
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

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod logging;
pub mod mailer;
mod routes;
pub mod secret;
pub mod server;

pub use self::routes::Api;
