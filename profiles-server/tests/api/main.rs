//! The wire contract, laid out as the routes are: a real server on a real socket over a real database. The package
//! `tests/postgres` runs it again over PostgreSQL.
//!
//! Each snapshot is a transcript of requests and answers. What changes from run to run (ids, keys, times) is masked;
//! everything else that a client could see is there.

#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

mod app;
mod authentication;
mod avatar;
mod backend;
mod bodies;
mod concurrency;
mod conditional;
mod email;
mod export;
mod feed;
mod idempotency;
mod lists;
mod login;
mod logout;
mod negotiation;
mod openapi;
mod pages;
mod pagination;
mod password;
mod paths;
mod profiles;
mod registration;
mod root;
mod sessions;
mod statuses;
mod throttles;
mod tokens;
mod user;
