//! A page before it is written: which template, and what it says.

use std::time::Duration;

use minijinja::Value;
use poem::{
    error::ResponseError as _,
    http::{HeaderValue, StatusCode, header},
};
use profiles_core::Error;

use crate::http::error::ApiError;

/// A page.
pub(super) struct Page {
    pub(super) template: &'static str,
    pub(super) status: StatusCode,
    pub(super) values: Vec<(&'static str, Value)>,
    pub(super) retry_after: Option<HeaderValue>,
}

impl Page {
    /// A page that is written with this template.
    pub(super) fn new(template: &'static str) -> Self {
        Self { template, status: StatusCode::OK, values: Vec::new(), retry_after: None }
    }

    /// With another status.
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With a value for its template.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// Says what went wrong, with the status and the wait that the API would answer with.
    pub(super) fn failed(error: &ApiError) -> Self {
        let answer = error.as_response();
        let (title, text, again) = in_words(error, answer.status());
        Self {
            retry_after: answer.headers().get(header::RETRY_AFTER).cloned(),
            ..Self::new("failed.html").status(answer.status())
        }
        .with("title", title)
        .with("text", text)
        .with("again", again)
    }
}

/// A heading, what there is to know, and what the link back to the page says.
fn in_words(error: &ApiError, status: StatusCode) -> (&'static str, String, &'static str) {
    let back = "Back to the form";
    match error {
        ApiError::Core(Error::Throttled { retry_after }) => {
            let text = format!("This was tried too often. Nothing was changed. Try again in {}.", wait(*retry_after));
            ("Too many tries", text, "Try again")
        }
        ApiError::Core(Error::Busy) => {
            let text = "Too many people are here at once. Nothing was changed. Try again in a moment.";
            ("Busy just now", text.to_owned(), "Try again")
        }
        ApiError::TooLarge(_) | ApiError::TooManyFields(_) => {
            ("Too much was sent", "The form was larger than it can be. Nothing was changed.".to_owned(), back)
        }
        ApiError::MethodNotAllowed(_) => {
            let text = "This page can be opened, and its form can be sent. It can do nothing else.";
            ("That can not be done here", text.to_owned(), "Open the page")
        }
        _ if status.is_client_error() => {
            let text = "What was sent is not the form of this page. Nothing was changed.";
            ("The form could not be read", text.to_owned(), back)
        }
        _ => {
            let text = "Something went wrong on our side. Try again in a moment. If the link has stopped working by then, \
                        what you wanted was done all the same.";
            ("It did not work", text.to_owned(), "Try again")
        }
    }
}

/// A wait as people say it, never too short.
fn wait(time: Duration) -> String {
    let seconds = time.as_secs().max(1);
    let (count, unit) = match seconds {
        0..=90 => (seconds, "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
