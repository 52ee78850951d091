//! How the API answers.

use profiles_core::permissions::Reads;

use super::{choice::choice, limit::Limit, setting::settings};

settings! {
    /// How the API answers.
    pub struct Api {
        /// Whose defaults to take: "none" for ours, "dj-rest-auth" for those of the Django service. What is set stays.
        "compat" => compat: Compat = Compat::None;
        /// How lists are cut: "page-number", "cursor" for pages that shift under nobody, or "none" for all of it as a
        /// bare array.
        "pagination" => pagination: Pagination = Pagination::PageNumber;
        /// Rows of a page.
        "page_size" => page_size: u32 = 10, 1..=10_000;
        /// Rows that a client may ask for with `page_size`; "off" to ignore what it asks for.
        "max_page_size" => max_page_size: Limit = Limit::At(100), Limit::Off..=Limit::At(10_000);
        /// Whether clients choose the order of a list by `ordering`.
        "ordering" => ordering: bool = true;
        /// Whether clients choose statuses by `profile`, `since` and `until`.
        "status_filters" => status_filters: bool = true;
        /// Whether lists name their first, previous and next page in a `Link` header.
        "link_headers" => link_headers: bool = true;
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

choice! {
    /// How lists are cut.
    pub enum Pagination {
        /// `?page=2`, with `count`, `next`, `previous` and `results`.
        PageNumber = "page-number",
        /// `?cursor=...`, with `next`, `previous` and `results`.
        Cursor = "cursor",
        /// Not at all: a bare array.
        None = "none",
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
