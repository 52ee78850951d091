//! Settings of a client.

use std::time::Duration;

use reqwest::{
    Url,
    header::{self, HeaderMap, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};

use super::{Client, ClientError};

/// How long a request may take, from the first byte sent to the last one read, unless the builder says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes a [`Client`].
#[derive(Clone, Debug)]
pub struct Builder {
    base_url: String,
    token: Option<SecretString>,
    timeout: Duration,
    user_agent: String,
}

impl Builder {
    pub(super) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            token: None,
            timeout: DEFAULT_TIMEOUT,
            user_agent: concat!("profiles-api/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Sends this token with every request, except those that log in or register.
    #[must_use]
    pub fn token(self, token: SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    /// How long a request may take as a whole; [`DEFAULT_TIMEOUT`] otherwise. Of an export, each piece may.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What the client calls itself; `profiles-api/<version>` otherwise.
    #[must_use]
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// The client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, ClientError> {
        let base = parse_base(&self.base_url)?;
        let authorization = self.token.as_ref().map(authorization).transpose()?;

        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let mut http = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .timeout(self.timeout)
            // For what may take longer as a whole, as long as it goes on: an export.
            .read_timeout(self.timeout)
            .user_agent(self.user_agent);
        if base.scheme() == "http" {
            // No certificate will be looked at: reading the system's would cost time, and fail where there are none.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| ClientError::Certificate {
            host: base.host_str().unwrap_or_default().to_owned(),
            reason: super::transport::reason(&error),
        })?;
        Ok(Client { http, base, authorization })
    }
}

/// The `Authorization` header for a token.
pub(super) fn authorization(token: &SecretString) -> Result<HeaderValue, ClientError> {
    let token = token.expose_secret().trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ClientError::Token);
    }
    let mut value = HeaderValue::from_str(&format!("Token {token}")).map_err(|_| ClientError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn parse_base(text: &str) -> Result<Url, ClientError> {
    let refuse = |reason: &str| ClientError::Address { url: text.to_owned(), reason: reason.to_owned() };

    let mut url = match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        // `localhost:8000` parses, with `localhost` as its scheme.
        Ok(_) => return Err(refuse("it must begin with http:// or https://")),
        Err(_) if !text.contains("://") => return Err(refuse("it must begin with http:// or https://")),
        Err(error) => return Err(refuse(&error.to_string())),
    };
    if !url.username().is_empty() || url.password().is_some() {
        // Not repeated in the message: it holds a password.
        return Err(ClientError::Address {
            url: format!("{}://..@{}", url.scheme(), url.host_str().unwrap_or_default()),
            reason: "it must not hold a user name or password".to_owned(),
        });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it must not have a `?` or a `#`"));
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_brought_to_one_form() {
        for (given, kept) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000/"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
            ("http://127.0.0.1:8000//", "http://127.0.0.1:8000/"),
            ("https://Example.org:443/people", "https://example.org/people/"),
            (" http://[::1]:8000 ", "http://[::1]:8000/"),
        ] {
            assert_eq!(Client::new(given, None).unwrap().base_url().as_str(), kept);
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_with_the_reason() {
        for (given, reason) in [
            ("localhost:8000", "http://"),
            ("127.0.0.1:8000", "http://"),
            ("ftp://example.org", "http://"),
            ("", "http://"),
            ("http://", "empty host"),
            ("http://example.org/?a=b", "`?`"),
            ("http://example.org/#a", "`#`"),
        ] {
            let error = Client::new(given, None).unwrap_err().to_string();
            assert!(error.contains(reason), "{given}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let error = Client::new("http://ada:s3cret@example.org/", None).unwrap_err().to_string();
        assert!(error.contains("example.org") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_token_shows_in_no_debug_output_and_must_fit_a_header() {
        let client = Client::new("http://example.org/", Some(&SecretString::from("s3cret"))).unwrap();
        assert!(client.has_token());
        assert!(!format!("{client:?}").contains("s3cret"));
        for token in ["", "a b", "a\nb", "é"] {
            let error = Client::new("http://example.org/", Some(&SecretString::from(token))).unwrap_err();
            assert!(matches!(error, ClientError::Token), "{token:?}");
        }
    }
}
