//! The profiles API over HTTP: the program `profiles-server`, and the parts that it is made of.
//!
//! Another [poem](https://docs.rs/poem) application takes [`Api`] and mounts it beside its own routes:
//!
//! ```
//! use std::sync::Arc;
//!
//! use poem::{Endpoint, Request, Route, handler, http::{Method, StatusCode}};
//! use profiles_core::{Core, store::MemoryStore};
//! use profiles_server::Api;
//!
//! #[handler]
//! fn shop() -> &'static str {
//!     "a shop, with accounts"
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // The shop keeps the core, and can call the services and listen to events itself.
//! let core = Arc::new(Core::builder(Arc::new(MemoryStore::new())).build()?);
//! let accounts = Api::new(Arc::clone(&core)).into_endpoint();
//! let app = Route::new().at("/", shop).nest("/accounts", accounts);
//!
//! // The API is under `/accounts/api/`, and Swagger UI at `/accounts/docs`. To serve it: `poem::Server::new(..).run(app)`.
//! let form = r#"{"username": "ada", "email": "ada@example.org",
//!     "password1": "tulip-tango-9", "password2": "tulip-tango-9"}"#;
//! let register = Request::builder()
//!     .method(Method::POST)
//!     .uri_str("/accounts/api/rest-auth/registration/")
//!     .content_type("application/json")
//!     .body(form);
//! assert_eq!(app.get_response(register).await.status(), StatusCode::CREATED);
//!
//! let list = Request::builder().uri_str("/accounts/api/profiles/").finish();
//! let profiles = app.get_response(list).await.into_body().into_string().await?;
//! assert!(profiles.contains(r#""user":"ada""#));
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?; Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is here
//!
//! | | |
//! |---|---|
//! | [`Api`] | the routes, their OpenAPI document and Swagger UI |
//! | [`http`] | what they can be told ([`http::Settings`]), and middleware of use to others: limits on connections, request ids, security headers, health checks |
//! | [`mailer`] | the worker that empties the outbox into a [`mailer::Mailer`]; who mounts [`Api`] and wants mails sent runs one |
//! | [`config`] | every setting, from file, environment and flags |
//! | [`app`], [`server`] | from a configuration to routes, and to a socket with all that goes on behind it |
//! | [`cli`], [`logging`], [`secret`] | the rest of the program |
//!
//! # What always holds
//!
//! - An operation asks services of [`profiles_core::Core`], never a store, and decides nothing that they decide.
//! - Every path is checked in one order (path, format, credentials, permission to come in, method), and bodies are read
//!   only for those who may send them.
//! - Nothing that a client sends makes it panic.
//! - What clients can make grow in memory has a limit: connections, heads, bodies, queues, pages.
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
pub mod generator;
pub mod http;
pub mod logging;
pub mod mailer;
mod operator;
mod routes;
pub mod secret;
pub mod server;
mod transfer;

pub use self::routes::Api;
