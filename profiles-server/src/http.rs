//! The HTTP side: the contract, and the operations behind it.

use std::time::Duration;

pub mod acceptor;
mod answer;
mod authentication;
mod base_url;
mod body;
mod client_address;
pub(crate) mod connections;
mod contract;
mod cookies;
mod csrf;
mod cursor;
mod documentation;
mod error;
mod etag;
mod feed;
mod form;
pub mod headers;
pub mod health;
mod input;
mod ip_network;
mod json;
mod list;
mod media;
mod metadata;
mod openapi;
mod origin;
mod pages;
mod pagination;
mod parameter;
mod pictures;
mod python;
mod query;
mod resolve;
pub(crate) mod routes;
pub mod trace;
mod view;

pub use self::{
    authentication::AuthenticationOrder, client_address::client_address, feed::Streams, ip_network::IpNetwork,
    pagination::Pagination,
};
pub(crate) use self::{
    base_url::MountPoint,
    body::Bodies,
    contract::Contract,
    documentation::Documentation,
    openapi::Slashed,
    pages::{MailedLink, Pages},
    pictures::Pictures,
};

/// What differs between deployments on the wire. The defaults are those of a new deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as an operator knows it")]
pub struct Settings {
    /// Which proof of identity is looked at first.
    pub authentication: AuthenticationOrder,
    /// What the site calls itself, on the pages that mailed links lead to.
    pub site_name: String,
    /// How lists are answered.
    pub pagination: Pagination,
    /// Whether `?ordering=` changes the order of a list.
    pub ordering: bool,
    /// Whether `?profile=`, `?since=` and `?until=` filter a list of statuses.
    pub status_filters: bool,
    /// Whether lists have a `Link` header.
    pub links: bool,
    /// Bytes of a request body at most; Django's `DATA_UPLOAD_MAX_MEMORY_SIZE`.
    pub max_body_bytes: usize,
    /// The URL under which clients reach this server, if it is not what their `Host` header says.
    pub public_url: Option<String>,
    /// Other origins whose pages may use a session, such as `https://*.example.org`.
    pub trusted_origins: Vec<String>,
    /// Whether cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// Whether people may erase their own accounts by `DELETE /api/rest-auth/user/`, which the original does not have.
    pub account_deletion: bool,
    /// Whether answers carry `ETag`, and `If-Match` and `If-None-Match` count. The original has none of it.
    pub etags: bool,
    /// Whether `Idempotency-Key` counts. The original does not know it.
    pub idempotency_keys: bool,
    /// Live feeds at once, if [`Api::streams`](crate::Api::streams) is not told otherwise.
    pub max_streams: usize,
    /// How often a live feed shows that it is alive. Shorter than what closes a silent connection.
    pub heartbeat: Duration,
    /// Proxies whose `X-Forwarded-For` is believed; see [`client_address()`].
    pub trusted_proxies: Vec<IpNetwork>,
    /// Whether people may show pictures of themselves. Where they may not, those that are there are not shown.
    pub avatars: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authentication: AuthenticationOrder::default(),
            site_name: "example.com".to_owned(),
            pagination: Pagination::PageNumber { size: 10, max_size: Some(100) },
            ordering: true,
            status_filters: true,
            links: true,
            max_body_bytes: 2_621_440,
            public_url: None,
            trusted_origins: Vec::new(),
            secure_cookies: false,
            account_deletion: true,
            etags: true,
            idempotency_keys: true,
            max_streams: 10_000,
            heartbeat: Duration::from_secs(15),
            trusted_proxies: Vec::new(),
            avatars: true,
        }
    }
}
