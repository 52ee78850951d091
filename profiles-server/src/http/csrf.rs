//! Cross-site request forgery: a session proves nothing unless its own pages sent the request.
//!
//! The rules are those of Django's `CsrfViewMiddleware`: the `Origin` must be ours, and the token that a script reads
//! from the cookie must come back in a header or a form field, where no other site can put it.

use poem::{
    Request,
    http::{Method, header},
};
use profiles_core::env::{Entropy, EntropyError, random_text};
use subtle::ConstantTimeEq;

use super::{base_url::BaseUrl, cookies, headers};

/// Characters of a token's secret.
const SECRET_LENGTH: usize = 32;
/// A masked token: the mask and the masked secret, as Django's templates print it.
const MASKED_LENGTH: usize = 2 * SECRET_LENGTH;
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEADER: &str = "X-Csrftoken";

/// Makes a token: 32 random letters and digits.
pub(crate) fn new_token(entropy: &dyn Entropy) -> Result<String, EntropyError> {
    random_text(ALPHABET, SECRET_LENGTH, entropy)
}

/// Whether requests with this method change nothing and need no proof.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether the request carries a cookie that can't be one of our tokens, so that the answer should replace it.
pub(crate) fn has_broken_cookie(request: &Request) -> bool {
    cookies::get(request, cookies::CSRF).is_some_and(|cookie| secret_of(&cookie).is_err())
}

/// What must come back in a request that a session authenticates and that changes something.
pub(crate) struct Secret(String);

impl Secret {
    /// The secret of the request's cookie, if the request came from our own pages.
    ///
    /// # Errors
    /// Django's words for what is wrong.
    pub(crate) fn of(request: &Request, base: &BaseUrl<'_>) -> Result<Self, String> {
        check_origin(request, base)?;
        let cookie = cookies::get(request, cookies::CSRF).ok_or("CSRF cookie not set.")?;
        secret_of(&cookie).map(Self).map_err(|reason| format!("CSRF cookie {reason}."))
    }

    /// Whether the request knows the secret. `form_token` is the field `csrfmiddlewaretoken` of a form.
    ///
    /// # Errors
    /// Django's words for what is wrong.
    pub(crate) fn check(&self, request: &Request, form_token: Option<&str>) -> Result<(), String> {
        let sent = headers::text(request.headers(), HEADER);
        let (token, source) = match (form_token.filter(|token| !token.is_empty()), sent.as_deref()) {
            (Some(token), _) => (token, "POST".to_owned()),
            (None, Some(token)) => (token, format!("the '{HEADER}' HTTP header")),
            (None, None) => return Err("CSRF token missing.".to_owned()),
        };
        let token = secret_of(token).map_err(|reason| format!("CSRF token from {source} {reason}."))?;
        let same: bool = token.as_bytes().ct_eq(self.0.as_bytes()).into();
        if same { Ok(()) } else { Err(format!("CSRF token from {source} incorrect.")) }
    }
}

fn check_origin(request: &Request, base: &BaseUrl<'_>) -> Result<(), String> {
    if let Some(origin) = headers::text(request.headers(), header::ORIGIN) {
        let refusal = || format!("Origin checking failed - {origin} does not match any trusted origins.");
        return if base.trusts(&origin) { Ok(()) } else { Err(refusal()) };
    }
    if !base.is_https() {
        return Ok(());
    }
    // Over HTTPS somebody on the network path could have planted the cookie over HTTP; the Referer can't be forged so.
    let Some(referer) = headers::text(request.headers(), header::REFERER) else {
        return Err("Referer checking failed - no Referer.".to_owned());
    };
    let Some((scheme, host, rest)) = split_url(&referer) else {
        return Err("Referer checking failed - Referer is malformed.".to_owned());
    };
    if scheme != "https" {
        return Err("Referer checking failed - Referer is insecure while host is secure.".to_owned());
    }
    let refusal = || format!("Referer checking failed - https://{host}{rest} does not match any trusted origins.");
    if base.trusts(&format!("https://{host}")) { Ok(()) } else { Err(refusal()) }
}

/// The scheme in lower case, the host with its port, and what follows, as Python's `urlsplit` takes a URL apart; `None`
/// where Django finds one of the first two missing, or a bracket without the other.
fn split_url(url: &str) -> Option<(String, &str, &str)> {
    let (scheme, rest) = url.trim_start_matches(|c: char| c <= ' ').split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let rest = rest.strip_prefix("//").filter(|_| is_scheme)?;
    let (host, rest) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let is_host = !host.is_empty() && host.contains('[') == host.contains(']');
    is_host.then(|| (scheme.to_ascii_lowercase(), host, rest))
}

/// The secret of a token, masked or bare.
fn secret_of(token: &str) -> Result<String, &'static str> {
    // Code points, as everything that the original counts.
    if !matches!(token.chars().count(), SECRET_LENGTH | MASKED_LENGTH) {
        return Err("has incorrect length");
    }
    let positions: Option<Vec<usize>> =
        token.bytes().map(|byte| ALPHABET.iter().position(|known| *known == byte)).collect();
    let Some(positions) = positions else { return Err("has invalid characters") };
    if token.len() == SECRET_LENGTH {
        return Ok(token.to_owned());
    }
    let (mask, masked) = positions.split_at(SECRET_LENGTH);
    let plain = masked.iter().zip(mask).map(|(masked, mask)| (masked + ALPHABET.len() - mask) % ALPHABET.len());
    Ok(plain.filter_map(|at| ALPHABET.get(at)).map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use profiles_core::env::SystemEntropy;

    use super::*;

    fn check(request: &Request, base: &BaseUrl<'_>, form_token: Option<&str>) -> Result<(), String> {
        Secret::of(request, base)?.check(request, form_token)
    }

    fn masked(secret: &str, mask: &str) -> String {
        let at = |c: u8| ALPHABET.iter().position(|known| *known == c).unwrap();
        let cipher = secret.bytes().zip(mask.bytes()).map(|(s, m)| char::from(ALPHABET[(at(s) + at(m)) % 62]));
        mask.chars().chain(cipher).collect()
    }

    #[test]
    fn a_token_is_good_bare_and_masked() {
        let base = BaseUrl::fixed("http://here.example");
        let token = new_token(&SystemEntropy).unwrap();
        for sent in [token.clone(), masked(&token, &new_token(&SystemEntropy).unwrap())] {
            let request = Request::builder().method(Method::POST).header("Cookie", format!("csrftoken={token}"));
            let request = request.header("X-CSRFToken", sent.as_str()).finish();
            assert_eq!(check(&request, &base, None), Ok(()));
        }
    }

    #[test]
    fn everything_else_is_refused_in_djangos_words() {
        let base = BaseUrl::fixed("http://here.example");
        let good = "a".repeat(32);
        let cookie = format!("csrftoken={good}");
        for (headers, message) in [
            (vec![], "CSRF cookie not set."),
            (vec![("Cookie", cookie.as_str())], "CSRF token missing."),
            (
                vec![("Cookie", &cookie), ("X-CSRFToken", "abc")],
                "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.",
            ),
            (
                vec![("Cookie", &cookie), ("X-CSRFToken", &"-".repeat(32))],
                "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.",
            ),
            (
                vec![("Cookie", &cookie), ("X-CSRFToken", &"b".repeat(32))],
                "CSRF token from the 'X-Csrftoken' HTTP header incorrect.",
            ),
            (
                vec![("Cookie", &cookie), ("X-CSRFToken", &good), ("Origin", "http://evil.example")],
                "Origin checking failed - http://evil.example does not match any trusted origins.",
            ),
        ] {
            let mut request = Request::builder().method(Method::POST);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            assert_eq!(check(&request.finish(), &base, None), Err(message.to_owned()));
        }
        let request = Request::builder().method(Method::POST).header("Cookie", cookie.as_str()).finish();
        assert_eq!(check(&request, &base, Some(&good)), Ok(()));
    }

    #[test]
    fn over_https_a_missing_origin_asks_for_the_referer() {
        let base = BaseUrl::fixed("https://here.example");
        let good = "a".repeat(32);
        let request = |referer: Option<&str>| {
            let request = Request::builder().method(Method::POST).header("Cookie", format!("csrftoken={good}"));
            let request = request.header("X-CSRFToken", good.as_str());
            referer.into_iter().fold(request, |request, referer| request.header("Referer", referer)).finish()
        };
        assert!(check(&request(None), &base, None).is_err());
        assert!(check(&request(Some("http://here.example/x")), &base, None).is_err());
        assert!(check(&request(Some("https://evil.example/x")), &base, None).is_err());
        for good in ["https://here.example/x", "https://here.example", "HTTPS://here.example?x"] {
            assert_eq!(check(&request(Some(good)), &base, None), Ok(()), "{good}");
        }
        for malformed in ["null", "", "https://", "https:///x", "https://[", "//here.example/", "1s://here.example/"] {
            let refusal = "Referer checking failed - Referer is malformed.".to_owned();
            assert_eq!(check(&request(Some(malformed)), &base, None), Err(refusal), "{malformed}");
        }
        for foreign in ["https://Here.example/x", "https://here.example:1/x", "https://evil.example"] {
            let refusal = format!("Referer checking failed - {foreign} does not match any trusted origins.");
            assert_eq!(check(&request(Some(&foreign.replacen("https", "HTTPS", 1))), &base, None), Err(refusal));
        }
    }
}
