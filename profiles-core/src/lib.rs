//! Accounts, authentication, profiles, statuses and permissions, over any store.
//!
//! A program makes a [`Core`] over a [`store`] and asks it for things. People register, log in, get a token and a
//! profile, edit it, and post, change and delete statuses. There is no HTTP here, no global state, and no clock or
//! randomness but what is passed in.
//!
//! ```
//! use std::sync::Arc;
//!
//! use profiles_core::{
//!     Authentication, Core, Credentials, Error, FieldErrors, Registration,
//!     model::{Carrier, StatusText},
//!     permissions::{Actor, Denied},
//!     store::{MemoryStore, StatusFilter},
//! };
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // With `store::sled::SledStore` instead, all of this would outlive the program.
//! let core = Core::builder(Arc::new(MemoryStore::new())).build()?;
//!
//! // One durable step makes the account, its profile, its first token and a confirmation mail.
//! core.register(Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9")).await?;
//!
//! // A login makes a token; whoever presents it is that account.
//! let (_, login) = core.log_in(Credentials::parse("Ada", "tulip-tango-9")).await?;
//! let Authentication::Known(ada) = core.authenticate(&login.token, Carrier::Header).await? else {
//!     panic!("the token is good until it is logged out");
//! };
//!
//! // What people type is parsed once; its type then says that it is right.
//! let text = |text| StatusText::parse(text).map_err(|errors| FieldErrors::of_field("status_content", errors));
//! let status = core.post_status(Actor::from(&ada), text("Hello, this is my first status!")?).await?;
//!
//! // Everybody may read it. Only its owner and staff may change it, which is known before the change is looked at.
//! let all = StatusFilter::default();
//! assert_eq!(core.status(Actor::Anonymous, status.id, &all).await?.username.as_str(), "ada");
//! let refused = core.edit_status(Actor::Anonymous, status.id, &all).await;
//! assert!(matches!(refused, Err(Error::Denied(Denied::Unauthenticated))));
//! let edited = core.edit_status(Actor::from(&ada), status.id, &all).await?.apply(Some(text("Corrected.")?)).await?;
//! assert_eq!(edited.text.as_str(), "Corrected.");
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?; Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`Core`], [`CoreBuilder`], [`Settings`] | the services and what they are made of; their methods are what an application asks for |
//! | [`Registration`], [`Credentials`], [`AccountEdit`], [`ProfileEditor`], [`StatusEditor`] | what goes into them |
//! | [`Error`], [`FieldErrors`] | what they answer instead: every error of every field at once |
//! | [`model`] | plain values, parsed once and right from then on |
//! | [`permissions`] | who may do what to what: one table |
//! | [`store`] | the boundary to storage: traits, commands and queries; in memory, and over sled (feature `sled`, on by default) |
//! | [`avatar`] | pictures of people: their bounds, and where their files are |
//! | [`password`] | the policy for passwords, and hashing on threads of its own |
//! | [`mail`], [`event`] | mails to send, and what happened, for whoever embeds this |
//! | [`env`](mod@env) | clock and randomness |
//! | `testkit` (feature `testkit`) | the behaviours every store must have, a manual clock, seeded randomness |
//!
//! # What always holds
//!
//! - One service call writes in one step, which is durable when it returns `Ok`, and has not been done at all when it
//!   returns an error other than [`Error::Unavailable`].
//! - Two accounts never have one username (case ignored) or one verified address. An account always has one profile.
//! - Passwords, tokens, session ids and mail keys reach a store as hashes or digests only, and show nothing of
//!   themselves in `Debug`.
//! - Every service that takes an [`Actor`](permissions::Actor) asks the permission table before it tells or changes
//!   anything. Those that take none are for operators, for registering and logging in, and for telling of changes, where the
//!   program asks the table for each listener.
//! - Of two who edit one row at the same time neither gets an error: the last write wins, field by field.
//! - Every store gives the same answer to the same query, order included.
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

pub mod avatar;
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
mod settings;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use self::{
    core::{Core, CoreBuilder},
    error::{Error, Kind, Result},
    fields::{FieldError, FieldErrors},
    service::{
        AccountEdit, Authentication, AvatarEditor, AvatarUpload, Credentials, EmailChange, Login, NewAccount,
        NewPassword, NewPersonalToken, OwnData, PasswordChange, PasswordReset, Piece, ProfileEditor, Registration,
        RegistrationOutcome, StatusChange, StatusEditor, StatusNews, StatusOwner, restore,
    },
    settings::{LoginBy, Notices, Settings, Throttles, Verification},
};

/// The README's program is compiled with the tests.
#[cfg(all(doctest, feature = "sled"))]
#[doc = include_str!("../../README.md")]
struct Readme;
