//! Headers of requests as text, and headers of answers that tell browsers to be careful.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::SetHeader,
};

/// A header of a request as WSGI hands it to the original: several of one name are one, with commas.
pub(crate) fn bytes(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<Vec<u8>> {
    let values: Vec<_> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    (!values.is_empty()).then(|| values.join(&b","[..]))
}

/// The same as text, a code point for each byte: nothing that a client sends makes a header look absent.
pub(crate) fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    Some(bytes(headers, name)?.into_iter().map(char::from).collect())
}

/// What goes on every answer: the headers of Django's security middleware.
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// What Swagger UI needs: it is one page with its script, style and document inside, and calls the API it came from.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                           img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'none'";

/// Puts the security headers on every answer, errors too. What an endpoint has set itself stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityHeaders;

impl<E: Endpoint> Middleware<E> for SecurityHeaders {
    type Output = SecurityHeadersEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        SecurityHeadersEndpoint { inner }
    }
}

/// An endpoint with [`SecurityHeaders`].
#[derive(Debug)]
pub struct SecurityHeadersEndpoint<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for SecurityHeadersEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response =
            self.inner.call(request).await.map_or_else(poem::Error::into_response, IntoResponse::into_response);
        let moved = response.status() == StatusCode::MOVED_PERMANENTLY;
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(value);
        }
        // Django's redirects to the path with a slash leave before the middleware that adds this one.
        if !moved {
            headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
        }
        Ok(response)
    }
}

/// For the endpoint that serves Swagger UI: a content security policy under which it works.
pub fn docs_policy() -> SetHeader {
    SetHeader::new().overriding(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, Route, endpoint::make_sync, test::TestClient};

    use super::*;

    fn client() -> TestClient<impl Endpoint> {
        let moved = make_sync(|_| StatusCode::MOVED_PERMANENTLY.with_header("Location", "/api/"));
        let docs = make_sync(|_| "<script>").with(docs_policy());
        TestClient::new(Route::new().at("/api", moved).at("/docs", docs).with(SecurityHeaders))
    }

    #[test]
    fn requests_headers_are_text_whatever_their_bytes() {
        let mut headers = HeaderMap::new();
        assert_eq!(text(&headers, "x"), None);
        headers.append("x", HeaderValue::from_static("a"));
        headers.append("x", HeaderValue::from_bytes(b"\xe9").unwrap());
        assert_eq!(text(&headers, "x"), Some("a,é".to_owned()));
    }

    #[tokio::test]
    async fn every_answer_has_them_and_errors_too() {
        let answer = client().get("/nowhere").send().await;
        answer.assert_status(StatusCode::NOT_FOUND);
        answer.assert_header("x-content-type-options", "nosniff");
        answer.assert_header("referrer-policy", "same-origin");
        answer.assert_header("cross-origin-opener-policy", "same-origin");
        answer.assert_header("x-frame-options", "DENY");
        answer.assert_header_is_not_exist("content-security-policy");
    }

    #[tokio::test]
    async fn a_redirect_has_no_frame_options_as_in_django() {
        let answer = client().get("/api").send().await;
        answer.assert_status(StatusCode::MOVED_PERMANENTLY);
        answer.assert_header("x-content-type-options", "nosniff");
        answer.assert_header_is_not_exist("x-frame-options");
    }

    #[tokio::test]
    async fn the_docs_load_nothing_from_elsewhere() {
        client().get("/docs").send().await.assert_header("content-security-policy", DOCS_POLICY);
    }
}
