//! Answers: JSON in the order in which its type declares its fields, and cookies.

use poem::{
    Body, IntoResponse, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;

use super::cookies::SetCookie;

/// A JSON answer with this status.
#[derive(Debug)]
pub(crate) struct Answer<T, const STATUS: u16 = 200> {
    body: T,
    cookies: Vec<SetCookie>,
}

/// The answer to what made something.
pub(crate) type Created<T> = Answer<T, 201>;

impl<T, const STATUS: u16> Answer<T, STATUS> {
    pub(crate) fn new(body: T) -> Self {
        Self { body, cookies: Vec::new() }
    }

    pub(crate) fn with_cookies(self, cookies: Vec<SetCookie>) -> Self {
        Self { cookies, ..self }
    }
}

impl<T: Serialize + Send, const STATUS: u16> IntoResponse for Answer<T, STATUS> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        let mut response = json_response(status, &self.body);
        for cookie in self.cookies {
            cookie.append_to(&mut response);
        }
        response
    }
}

impl<T: Type, const STATUS: u16> ApiResponse for Answer<T, STATUS> {
    fn meta() -> MetaResponses {
        let description = if STATUS == 201 { "It was made" } else { "It was done" };
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        let response = MetaResponse { description, status: Some(STATUS), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The answer to what removed something: nothing.
#[derive(Debug)]
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        let (description, status, content) = ("It is gone", Some(204), Vec::new());
        let response = MetaResponse { description, status, status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}

/// A value as a JSON response.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    to_json(body).map_or_else(
        |_| Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).finish(),
        |bytes| json_bytes(status, bytes),
    )
}

/// Bytes that are JSON already.
pub(crate) fn json_bytes(status: StatusCode, bytes: impl Into<Body>) -> Response {
    let mut response = Response::builder().status(status).body(bytes);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Compact JSON with U+2028 and U+2029 escaped, which end a line in JavaScript; Django REST framework does the same.
pub(crate) fn to_json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let bytes = serde_json::to_vec(value)?;
    let has_separator = bytes.windows(3).any(|three| matches!(three, [0xe2, 0x80, 0xa8 | 0xa9]));
    if !has_separator {
        return Ok(bytes);
    }
    let text = String::from_utf8_lossy(&bytes).replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Ok(text.into_bytes())
}
