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

mod core;
pub mod env;
mod error;
pub mod event;
pub mod fields;
pub mod mail;
pub mod model;
pub mod password;
pub mod permissions;
mod service;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use self::{
    core::{Core, CoreBuilder, Settings, Verification},
    error::{Error, Kind, Result},
    fields::{FieldError, FieldErrors},
    service::{
        AccountEdit, Authentication, Credentials, Login, NewAccount, ProfileEditor, Registration, RegistrationOutcome,
        StatusEditor,
    },
};

/// The README's program is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
