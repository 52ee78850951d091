//! Accounts, authentication, profiles, statuses and permissions, over any store.
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

pub mod env;
mod error;
pub mod event;
pub mod fields;
pub mod mail;
pub mod model;
pub mod password;
pub mod permissions;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use self::{
    error::{Error, Kind, Result},
    fields::{FieldError, FieldErrors},
};
