//! An answer, read within bounds, and what it means if it refuses.

use std::time::Duration;

use reqwest::{Response, StatusCode, Url, header};
use serde::de::DeserializeOwned;

use super::{ClientError, transport};
use crate::{Detail, FieldErrors};

/// The longest answer that is read, in bytes; a list may have [`LIST_LIMIT`], an export
/// [`EXPORT_LIMIT`](super::EXPORT_LIMIT).
pub const ANSWER_LIMIT: usize = 1024 * 1024;

/// The longest answer that is read as a list, in bytes: some 400,000 statuses of a server that sends them all at once.
pub const LIST_LIMIT: usize = 128 * 1024 * 1024;

/// What Django REST framework says to a request without credentials that it takes. Where a project lists session
/// authentication first, it says so with 403 instead of 401.
const NOT_LOGGED_IN: [&str; 3] =
    ["Authentication credentials were not provided.", "Invalid token.", "User inactive or deleted."];

/// A whole answer.
pub(super) struct Answer {
    server: Url,
    status: StatusCode,
    content_type: String,
    location: Option<String>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Answer {
    /// Without its body.
    pub(super) fn head(server: &Url, response: &Response) -> Self {
        let text_of = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            server: server.clone(),
            status: response.status(),
            content_type: text_of(header::CONTENT_TYPE).unwrap_or_default(),
            location: text_of(header::LOCATION),
            // The other form, a date, is one that this API never sends.
            retry_after: text_of(header::RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs),
            body: Vec::new(),
        }
    }

    /// Reads it, unless it has more than `limit` bytes.
    pub(super) async fn read(server: &Url, mut response: Response, limit: usize) -> Result<Self, ClientError> {
        let mut answer = Self::head(server, &response);
        while let Some(chunk) = response.chunk().await.map_err(|error| transport::classify(server, &error))? {
            if answer.body.len() + chunk.len() > limit {
                return Err(answer.unexpected(format!("its answer is longer than {} MiB", limit / 1024 / 1024)));
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    /// The value in the body.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        self.require_json()?;
        serde_json::from_slice(&self.body)
            .map_err(|error| self.unexpected(format!("its JSON is of another kind ({error})")))
    }

    /// An error unless it says that it is JSON.
    pub(super) fn require_json(&self) -> Result<(), ClientError> {
        if self.is_json() { Ok(()) } else { Err(self.unexpected(self.in_words())) }
    }

    /// The first byte of the body that is not white space.
    pub(super) fn first_byte(&self) -> Option<u8> {
        self.body.iter().copied().find(|byte| !byte.is_ascii_whitespace())
    }

    pub(super) fn unexpected(&self, reason: String) -> ClientError {
        ClientError::Unexpected { server: self.server.to_string(), reason }
    }

    /// The answer, unless it refuses.
    pub(super) fn or_refusal(self) -> Result<Self, ClientError> {
        if self.status.is_success() { Ok(self) } else { Err(self.refusal()) }
    }

    /// What an answer means that is no success.
    pub(super) fn refusal(&self) -> ClientError {
        let detail = if self.is_json() { self.json().ok().map(|Detail { detail }| detail) } else { None };
        match (self.status, detail) {
            (StatusCode::TOO_MANY_REQUESTS, _) => ClientError::Throttled { retry_after: self.retry_after },
            (status, detail) if status.is_server_error() => ClientError::Server { status: status.as_u16(), detail },
            (StatusCode::UNAUTHORIZED, Some(detail)) => ClientError::Unauthorized { detail },
            (StatusCode::FORBIDDEN, Some(detail)) if NOT_LOGGED_IN.contains(&detail.as_str()) => {
                ClientError::Unauthorized { detail }
            }
            (StatusCode::FORBIDDEN, Some(detail)) => ClientError::Forbidden { detail },
            (StatusCode::NOT_FOUND, Some(detail)) => ClientError::NotFound { detail },
            (StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE, Some(detail)) => {
                ClientError::Invalid(FieldErrors::of(FieldErrors::GENERAL, detail))
            }
            (StatusCode::BAD_REQUEST, None) => match self.json() {
                Ok(errors) => ClientError::Invalid(errors),
                Err(error) => error,
            },
            (status, Some(detail)) => self.unexpected(format!("HTTP {}: {detail}", status.as_u16())),
            (_, None) => self.unexpected(self.in_words()),
        }
    }

    fn is_json(&self) -> bool {
        let essence = self.content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    }

    /// What came instead of an answer of this API.
    fn in_words(&self) -> String {
        let status = self.status.as_u16();
        match &self.location {
            Some(location) if self.status.is_redirection() => {
                format!("HTTP {status}, it sends clients on to {location}, which this one does not follow")
            }
            _ if self.is_json() => format!("HTTP {status} with JSON of another kind"),
            _ if self.content_type.is_empty() => format!("HTTP {status} without JSON"),
            _ => format!("HTTP {status} with {} instead of JSON", self.content_type),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, content_type: &str, body: &str) -> ClientError {
        let answer = Answer {
            server: Url::parse("http://example.org/").unwrap(),
            status: StatusCode::from_u16(status).unwrap(),
            content_type: content_type.into(),
            location: (status == 301).then(|| "https://example.org/".into()),
            retry_after: None,
            body: body.into(),
        };
        answer.or_refusal().err().unwrap()
    }

    #[test]
    fn each_refusal_has_its_kind() {
        let json = "application/json";
        let sentence = r#"{"detail":"No."}"#;
        assert!(matches!(refusal(401, json, sentence), ClientError::Unauthorized { detail } if detail == "No."));
        assert!(matches!(refusal(403, json, sentence), ClientError::Forbidden { detail } if detail == "No."));
        assert!(matches!(refusal(404, json, sentence), ClientError::NotFound { detail } if detail == "No."));
        assert!(matches!(refusal(429, json, sentence), ClientError::Throttled { .. }));
        assert!(matches!(refusal(503, json, sentence), ClientError::Server { status: 503, detail: Some(_) }));
        assert!(matches!(refusal(500, "text/html", "<h1>"), ClientError::Server { status: 500, detail: None }));
        assert!(matches!(refusal(413, json, sentence), ClientError::Invalid(_)));
        assert!(matches!(refusal(405, json, sentence), ClientError::Unexpected { .. }));
    }

    #[test]
    fn a_400_tells_fields_or_a_sentence() {
        let json = "application/json; charset=utf-8";
        let ClientError::Invalid(errors) = refusal(400, json, r#"{"bio":["Too long."]}"#) else { panic!() };
        assert_eq!(errors.get("bio"), ["Too long."]);
        let ClientError::Invalid(errors) = refusal(400, json, r#"{"detail":"JSON parse error"}"#) else { panic!() };
        assert_eq!(errors.to_string(), "JSON parse error");
    }

    #[test]
    fn a_server_that_looks_for_a_session_first_says_403_to_a_stale_token() {
        let error = refusal(403, "application/json", r#"{"detail":"Invalid token."}"#);
        assert!(matches!(error, ClientError::Unauthorized { .. }));
    }

    #[test]
    fn what_is_not_this_api_is_named() {
        for (status, content_type, body, words) in [
            (404, "text/html", "<h1>Not Found</h1>", "HTTP 404 with text/html"),
            (400, "text/html", "<h1>Bad Request (400)</h1>", "HTTP 400 with text/html"),
            (400, "application/json", "7", "another kind"),
            (401, "", "", "without JSON"),
            (301, "text/html", "", "https://example.org/"),
        ] {
            let error = refusal(status, content_type, body);
            assert!(matches!(&error, ClientError::Unexpected { reason, .. } if reason.contains(words)), "{error}");
        }
    }
}
