//! How the API answers.

use profiles_core::permissions::Reads;
use toml::de::DeValue;

use super::{
    choice::{choice, one_of, word},
    limit::Limit,
    setting::settings,
    value::{Shown, Value},
};

settings! {
    /// How the API answers.
    pub struct Api {
        /// Whose defaults to take: "none" for ours, "dj-rest-auth" for those of the Django service. What is set stays.
        "compat" => compat: Compat = Compat::None;
        /// How lists are cut: "page-number", or "none" for all of it as a bare array.
        "pagination" => pagination: Pagination = Pagination::PageNumber;
        /// Rows of a page.
        "page_size" => page_size: u32 = 10, 1..=10_000;
        /// Rows that a client may ask for with `page_size`; "off" to ignore what it asks for.
        "max_page_size" => max_page_size: Limit = Limit::At(100), Limit::Off..=Limit::At(10_000);
        /// Whether rows and pages carry an `ETag`, and `If-Match` and `If-None-Match` count.
        "etags" => etags: bool = true;
        /// Whether a repeated `Idempotency-Key` makes nothing twice.
        "idempotency_keys" => idempotency_keys: bool = true;
        /// Who may read profiles and statuses: "open" for everyone, or "authenticated".
        "reads" => reads: Reads = Reads::Open;
        /// Status of an answer to somebody who is not logged in: "401" or "403".
        "anonymous" => anonymous: Anonymous = Anonymous::Unauthorized;
        /// Whether wrong passwords, registrations and requests for mails are slowed down: "on" or "off", which is for
        /// tests alone.
        "throttle" => throttle: Throttle = Throttle::On;
    }
}

choice! {
    /// Whose defaults to take.
    pub enum Compat {
        /// Ours.
        None = "none",
        /// Those of the Django service with dj-rest-auth.
        DjRestAuth = "dj-rest-auth",
    }
}

/// How lists are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pagination {
    /// `?page=2`, with `count`, `next`, `previous` and `results`.
    PageNumber,
    /// Not at all: a bare array.
    None,
}

impl Value for Pagination {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "page-number" => Ok(Self::PageNumber),
            "none" => Ok(Self::None),
            "cursor" => Err("can't be \"cursor\" yet: that comes with a later version; use page-number or none".into()),
            _ => Err(one_of(&["page-number", "none"], text)),
        }
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        word(value).and_then(|word| Self::from_text(&word))
    }

    fn shown(&self) -> Shown {
        Shown::text(match self {
            Self::PageNumber => "page-number",
            Self::None => "none",
        })
    }
}

choice! {
    /// Status of an answer to somebody who is not logged in, where one must be.
    pub enum Anonymous {
        /// With `WWW-Authenticate: Token`, as Django REST framework with token authentication first.
        Unauthorized = "401",
        /// As Django REST framework with session authentication first.
        Forbidden = "403",
    }
}

choice! {
    /// Whether failed logins and floods of requests are to be slowed down. It changes nothing in this version, which has
    /// no throttles.
    pub enum Throttle {
        /// They are to be.
        On = "on",
        /// They are not to be: for tests and behind a proxy that does it.
        Off = "off",
    }
}
