//! A typed client for the API.
//!
//! ```no_run
//! use profiles_api::{Client, client::Identity};
//! use secrecy::SecretString;
//!
//! # async fn run() -> Result<(), profiles_api::ClientError> {
//! let anonymous = Client::new("http://127.0.0.1:8000", None)?;
//! let token = anonymous.login(&Identity::Username("ada".into()), &SecretString::from("correct horse battery")).await?;
//!
//! let ada = anonymous.with_token(&token)?;
//! let status = ada.post_status("The Analytical Engine weaves algebraic patterns.").await?;
//! println!("{} said: {}", status.user_profile, status.status_content);
//! # Ok(())
//! # }
//! ```
//!
//! The client follows no redirect, so neither a token nor a password goes anywhere but to the server it was made for.
//! It reads at most [`ANSWER_LIMIT`] bytes of an answer, [`LIST_LIMIT`] of a list, [`EXPORT_LIMIT`] of an export, and
//! waits at most its timeout for one. Proxies come from the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`), trusted certificates from the
//! system or `SSL_CERT_FILE`.

mod account;
mod answer;
mod avatar;
mod builder;
mod email;
mod error;
mod feed;
mod login_session;
mod own_data;
mod pages;
mod password;
mod personal_token;
mod profile;
mod status;
mod transport;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Url, header};
use secrecy::SecretString;

pub use self::{
    account::{Identity, Registered, Registration},
    answer::{ANSWER_LIMIT, LIST_LIMIT},
    builder::{Builder, DEFAULT_TIMEOUT},
    error::ClientError,
    feed::{FeedEvent, StatusFeed},
    own_data::EXPORT_LIMIT,
    pages::Pages,
    password::{PasswordChange, PasswordReset},
};
use self::{answer::Answer, builder::authorization};

/// How long to wait before a request is sent once more.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection to one server, anonymous or with a token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// Ends in a slash.
    base: Url,
    /// Marked sensitive, so `Debug` does not show it.
    authorization: Option<header::HeaderValue>,
}

impl Client {
    /// A client for the server at `base_url`, with the default settings.
    ///
    /// `base_url` is what stands before `/api/`; it has a path if the API is mounted under one.
    pub fn new(base_url: &str, token: Option<&SecretString>) -> Result<Self, ClientError> {
        let mut builder = Self::builder(base_url);
        if let Some(token) = token {
            builder = builder.token(token.clone());
        }
        builder.build()
    }

    /// A client with other settings.
    pub fn builder(base_url: &str) -> Builder {
        Builder::new(base_url)
    }

    /// The same connection with this token.
    pub fn with_token(&self, token: &SecretString) -> Result<Self, ClientError> {
        Ok(Self { authorization: Some(authorization(token)?), ..self.clone() })
    }

    /// The same connection without a token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { authorization: None, ..self.clone() }
    }

    /// Whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    /// The server's address, in normal form: with a scheme, and ending in a slash.
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// The address of a path such as `api/profiles/`.
    fn address(&self, path: &str) -> Result<Url, ClientError> {
        self.base
            .join(path)
            .map_err(|error| ClientError::Address { url: self.base.to_string(), reason: error.to_string() })
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        Ok(self.request_to(method, self.address(path)?))
    }

    fn request_to(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        match &self.authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// Sends a request and reads the answer; an answer that refuses is an error.
    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, ClientError> {
        self.exchange_within(ANSWER_LIMIT, request).await
    }

    /// As [`Client::exchange`], for a request that the server does once under this key: if no answer comes, it is sent once
    /// more.
    async fn exchange_once(&self, request: RequestBuilder, key: &str) -> Result<Answer, ClientError> {
        let request = request.header("Idempotency-Key", key);
        let again = request.try_clone();
        match (self.exchange(request).await, again) {
            (Err(ClientError::Unreachable { .. }), Some(again)) => {
                tokio::time::sleep(PAUSE).await;
                self.exchange(again).await
            }
            (answer, _) => answer,
        }
    }

    async fn exchange_within(&self, limit: usize, request: RequestBuilder) -> Result<Answer, ClientError> {
        let response = request.send().await.map_err(|error| transport::classify(&self.base, &error))?;
        Answer::read(&self.base, response, limit).await?.or_refusal()
    }
}
