//! Cookies in the form in which Django sets them.

use std::{fmt::Write as _, time::Duration};

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};
use profiles_core::model::Timestamp;

/// Of the session id.
pub(crate) const SESSION: &str = "sessionid";
/// Of the CSRF token.
pub(crate) const CSRF: &str = "csrftoken";
/// How long a browser keeps the CSRF token: 52 weeks, as Django's `CSRF_COOKIE_AGE`.
const CSRF_AGE: Duration = Duration::from_hours(364 * 24);

/// A cookie to set.
#[derive(Clone)]
pub(crate) struct SetCookie(String);

/// Names the cookie; what is in it is a secret.
impl std::fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SetCookie({}, ..)", self.0.split('=').next().unwrap_or_default())
    }
}

impl SetCookie {
    /// The session id: out of reach of scripts.
    pub(crate) fn session(id: &str, now: Timestamp, age: Duration, secure: bool) -> Self {
        Self::new(SESSION, id, now, age, true, secure)
    }

    /// The CSRF token: for the page's own script to read and send back in a header.
    pub(crate) fn csrf(token: &str, now: Timestamp, secure: bool) -> Self {
        Self::new(CSRF, token, now, CSRF_AGE, false, secure)
    }

    /// Takes the session id away.
    pub(crate) fn end_session() -> Self {
        Self(format!("{SESSION}=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax"))
    }

    fn new(name: &str, value: &str, now: Timestamp, age: Duration, http_only: bool, secure: bool) -> Self {
        let mut text = format!("{name}={value}");
        if let Some(date) = http_date(now.plus(age)) {
            let _ = write!(text, "; expires={date}");
        }
        text.push_str(if http_only { "; HttpOnly" } else { "" });
        let _ = write!(text, "; Max-Age={}; Path=/; SameSite=Lax", age.as_secs());
        text.push_str(if secure { "; Secure" } else { "" });
        Self(text)
    }

    /// Whether an answer sets a cookie of this name.
    pub(crate) fn is_set_in(response: &Response, name: &str) -> bool {
        let set = response.headers().get_all(header::SET_COOKIE).into_iter();
        let mut names = set.filter_map(|value| value.as_bytes().split(|byte| *byte == b'=').next());
        names.any(|set| set == name.as_bytes())
    }

    pub(crate) fn append_to(&self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// RFC 9110's date: `Sun, 22 Nov 2026 10:45:44 GMT`.
fn http_date(moment: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_second(moment.as_seconds()).ok()?;
    Some(moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// A cookie of the request; of several with one name the last, as Django reads them.
pub(crate) fn get(request: &Request, name: &str) -> Option<String> {
    let headers = request.headers().get_all(header::COOKIE).into_iter();
    let texts: Vec<_> = headers.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let mut pairs = texts.iter().flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.rfind(|(key, _)| key.trim() == name)?;
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(unquoted.unwrap_or(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_look_like_djangos() {
        let now = Timestamp::from_micros(0);
        let session = SetCookie::session("abc", now, Duration::from_hours(336), false);
        let expected =
            "sessionid=abc; expires=Thu, 15 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax";
        assert_eq!(session.0, expected);
        assert!(SetCookie::csrf("abc", now, true).0.ends_with("; Max-Age=31449600; Path=/; SameSite=Lax; Secure"));
        assert_eq!(format!("{session:?}"), "SetCookie(sessionid, ..)");
    }

    #[test]
    fn the_last_of_several_cookies_counts() {
        let request = Request::builder().header("Cookie", "a=1; sessionid=x; sessionid=\"y\"").finish();
        assert_eq!(get(&request, SESSION), Some("y".to_owned()));
        assert_eq!(get(&request, CSRF), None);
    }

    #[test]
    fn white_space_and_foreign_bytes_hide_no_cookie() {
        let odd = HeaderValue::from_bytes(b"a; b=\xff; sessionid = x ; csrftoken=\xc3\xa9").unwrap();
        let request = Request::builder().header("Cookie", odd).finish();
        assert_eq!(get(&request, SESSION), Some("x".to_owned()));
        assert_eq!(get(&request, CSRF), Some("é".to_owned()));
    }
}
