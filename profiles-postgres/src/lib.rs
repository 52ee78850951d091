//! The store of `profiles` over PostgreSQL: the same behaviour as the embedded one, for several servers at once.
//!
//! A command is one transaction, which holds whatever it decides by until it commits; reads are one statement each where
//! that can be. What is lost on the way to or from the database is found out, and done again if it was not done: see
//! `write.rs`. What lists need to cost the same everywhere is in `statuses.rs` and `ranks.rs`.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use profiles_core::{Core, store::Store};
//! use profiles_postgres::{PostgresConfig, PostgresStore};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = PostgresConfig::new("postgres://profiles@localhost/profiles".parse()?);
//! profiles_postgres::migrate(&config).await?;
//! let store: Arc<dyn Store> = Arc::new(PostgresStore::open(config).await?);
//! let core = Core::builder(store).build()?;
//! # let _ = core;
//! # Ok(())
//! # }
//! ```
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

mod about;
mod accounts;
mod audit;
mod avatars;
mod config;
mod connect;
mod connections;
mod directory;
mod elsewhere;
mod erasure;
mod error;
mod export;
mod feed;
mod import;
mod jobs;
mod mail_keys;
mod maintenance;
mod migrate;
mod places;
mod position;
mod profiles;
mod ranks;
mod read;
mod recognition;
mod replica;
mod requests;
mod row;
mod shared_secret;
mod status_queue;
mod statuses;
mod store;
mod throttles;
mod timeline;
mod tokens;
mod transfer;
mod verify;
mod write;

pub use self::{
    about::About,
    avatars::PostgresAvatars,
    config::{DatabaseUrl, InvalidUrl, PostgresConfig},
    error::OpenError,
    migrate::{Migrated, migrate},
    store::PostgresStore,
};
