//! Conditional requests (RFC 9110, section 13): a client says which representation it knows, and is not sent it again, or
//! does not overwrite another one.

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaParamIn, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use profiles_core::model::Digest;
use serde::Serialize;

use super::{
    answer::{json_bytes, json_response, to_json},
    error::ApiError,
    headers,
    parameter::{Parameter, Place},
};

/// The strong tag of a representation, without its quotes: half a SHA-256 of its bytes.
fn tag(json: &[u8]) -> Option<String> {
    let digest = Digest::of(std::str::from_utf8(json).ok()?);
    Some(data_encoding::HEXLOWER.encode(digest.as_bytes().get(..16)?))
}

/// Puts its tag on an answer.
pub(crate) fn tagged(mut response: Response, json: &[u8]) -> Response {
    if let Some(value) = tag(json).and_then(|tag| HeaderValue::from_str(&format!("\"{tag}\"")).ok()) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// A row as JSON, with its tag.
#[derive(Debug)]
pub(crate) struct Tagged<T, const STATUS: u16 = 200>(pub(crate) T);

impl<T: Serialize + Send, const STATUS: u16> IntoResponse for Tagged<T, STATUS> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(STATUS).unwrap_or_default();
        match to_json(&self.0) {
            Ok(bytes) => tagged(json_bytes(status, bytes.clone()), &bytes),
            Err(_) => json_response(StatusCode::INTERNAL_SERVER_ERROR, &()),
        }
    }
}

impl<T: Type, const STATUS: u16> ApiResponse for Tagged<T, STATUS> {
    fn meta() -> MetaResponses {
        let description = if STATUS == 201 { "It was made" } else { "It was done" };
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        let headers = vec![documented()];
        let response = MetaResponse { description, status: Some(STATUS), status_range: None, content, headers };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The header as the document has it.
pub(crate) fn documented() -> MetaHeader {
    MetaHeader {
        name: "ETag".to_owned(),
        description: Some("Names this representation, for `If-None-Match` and `If-Match`".to_owned()),
        required: false,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

/// A header of a request, documented by the operation that takes it.
pub(crate) type HeaderText = Parameter<InHeader>;

/// See [`HeaderText`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InHeader;

impl Place for InHeader {
    fn documented() -> MetaParamIn {
        MetaParamIn::Header
    }

    fn read(request: &Request, name: &str) -> Option<String> {
        headers::text(request.headers(), name)
    }
}

impl HeaderText {
    /// Whether it is there, and asks for more than that there be a row.
    pub(crate) fn names_tags(&self) -> bool {
        self.0.as_ref().is_some_and(|named| named.trim() != "*")
    }
}

/// What a write depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing: the last write wins.
    None,
    /// That nobody has written the row since it was looked at.
    Unchanged,
}

impl Condition {
    /// Looks whether a row is one that `If-Match` names.
    ///
    /// # Errors
    /// [`ApiError::PreconditionFailed`] if it is not.
    pub(crate) fn of(if_match: &HeaderText, row: &impl Serialize) -> Result<Self, ApiError> {
        let Some(named) = if_match.0.as_ref().filter(|_| if_match.names_tags()) else { return Ok(Self::None) };
        let json = to_json(row).map_err(|_| ApiError::Internal)?;
        let own = tag(&json).ok_or(ApiError::Internal)?;
        let is_named = tags(named).any(|tag| !tag.is_weak && representation(tag.opaque) == own);
        if is_named { Ok(Self::Unchanged) } else { Err(ApiError::PreconditionFailed) }
    }
}

/// Answers 304 if the client has this already; `known` is its `If-None-Match`. Indented JSON is another representation,
/// with a tag of its own.
pub(crate) fn not_sent_again(
    mut response: Response,
    method: &Method,
    known: Option<&str>,
    indent: Option<usize>,
) -> Response {
    let Some(own) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned) else {
        return response;
    };
    let own = match indent {
        None => own,
        Some(spaces) => format!("{}-{spaces}\"", own.trim_end_matches('"')),
    };
    if let Ok(value) = HeaderValue::from_str(&own) {
        response.headers_mut().insert(header::ETAG, value);
    }
    let reads = matches!(*method, Method::GET | Method::HEAD) && response.status() == StatusCode::OK;
    let opaque = own.trim_matches('"');
    let is_known = |known: &str| known.trim() == "*" || tags(known).any(|tag| tag.opaque == opaque);
    if reads && known.is_some_and(is_known) {
        response.set_status(StatusCode::NOT_MODIFIED);
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.take_body();
    }
    response
}

/// A tag in a header of a request.
struct Tag<'a> {
    is_weak: bool,
    opaque: &'a str,
}

/// The tags of a header; what is none ends them.
fn tags(header: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = header;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let is_weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = quoted.split_once('"')?;
        rest = after;
        Some(Tag { is_weak, opaque })
    })
}

/// What a tag names, however it was indented.
fn representation(opaque: &str) -> &str {
    opaque.split_once('-').map_or(opaque, |(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(named: Option<&str>) -> Option<Condition> {
        let mut if_match = HeaderText::default();
        if_match.0 = named.map(str::to_owned);
        Condition::of(&if_match, &serde_json::json!({ "id": 1 })).ok()
    }

    #[test]
    fn a_write_depends_on_the_tags_that_it_names() {
        let own = tag(br#"{"id":1}"#).unwrap();
        assert_eq!(own.len(), 32);
        assert_eq!(row(None), Some(Condition::None));
        assert_eq!(row(Some("*")), Some(Condition::None));
        for good in [format!("\"{own}\""), format!("\"x,y\" ,\t\"{own}\""), format!("W/\"a\",\"{own}-4\"")] {
            assert_eq!(row(Some(&good)), Some(Condition::Unchanged), "{good}");
        }
        for bad in ["", "\"\"", &own, &format!("W/\"{own}\""), &format!("\"{own}"), &format!("x, \"{own}\"")] {
            assert_eq!(row(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let answer = |method: Method, known: &str, indent| {
            let response = Tagged::<_, 200>(1).into_response();
            not_sent_again(response, &method, Some(known), indent).status().as_u16()
        };
        let own = tag(b"1").unwrap();
        for (known, status) in [
            (format!("\"{own}\""), 304),
            (format!("W/\"{own}\""), 304),
            (format!("\"a\", \"{own}\""), 304),
            ("*".to_owned(), 304),
            ("\"a\"".to_owned(), 200),
            (format!("\"{own}-4\""), 200),
            (own.clone(), 200),
        ] {
            assert_eq!(answer(Method::GET, &known, None), status, "{known}");
            assert_eq!(answer(Method::PUT, &known, None), 200);
        }
        assert_eq!(answer(Method::HEAD, &format!("\"{own}-4\""), Some(4)), 304);
        assert_eq!(answer(Method::GET, &format!("\"{own}\""), Some(4)), 200);
    }
}
