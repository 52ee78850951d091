//! Sessions, tokens and cookies.

use std::{fmt, str::FromStr, time::Duration};

use super::{choice::choice, setting::settings, value::as_written};

const MINUTE: Duration = Duration::from_mins(1);
const YEARS: Duration = Duration::from_hours(24 * 366 * 10);

settings! {
    /// Sessions, tokens and cookies.
    pub struct Sessions {
        /// Whether a login opens a session, with a cookie, beside its token.
        "session_login" => session_login: bool = true;
        /// Seconds that a session lasts.
        "session_age" => session_age: Duration = Duration::from_hours(24 * 14),
            MINUTE..=YEARS;
        /// Seconds that a session may lie unused; unless set, as long as it lasts.
        "session_idle" => session_idle: Option<Duration> = None, Some(MINUTE)..=Some(YEARS);
        /// Seconds that the token of a login lasts; unless set, for ever.
        "token_age" => token_age: Option<Duration> = None, Some(MINUTE)..=Some(YEARS);
        /// Seconds that the token of a login may lie unused; unless set, as long as it lasts.
        "token_idle" => token_idle: Option<Duration> = None, Some(MINUTE)..=Some(YEARS);
        /// Whether cookies are for https only: "always", "never", or "auto" when `public_url` is https.
        "secure_cookies" => secure_cookies: SecureCookies = SecureCookies::Auto;
        /// Other origins whose pages may send requests with a session, like `https://app.example` or
        /// `https://*.app.example`; separated by commas in a flag or variable.
        "trusted_origins" => trusted_origins: Vec<TrustedOrigin> = Vec::new();
    }
}

choice! {
    /// Whether cookies are for https only.
    pub enum SecureCookies {
        /// When the public URL is https.
        Auto = "auto",
        /// They are.
        Always = "always",
        /// They are not.
        Never = "never",
    }
}

/// `scheme://host[:port]`, in lower case; `*.` before the host stands for all below it, as in Django's
/// `CSRF_TRUSTED_ORIGINS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedOrigin(String);

impl TrustedOrigin {
    /// As it is written, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrustedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map(|rest| rest.strip_prefix("*.").unwrap_or(rest));
        let plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
        match host {
            Some(host) if !host.is_empty() && plain(host) => Ok(Self(text)),
            _ => Err(format!("must hold origins like https://app.example, without a path, not {text:?}")),
        }
    }
}

impl fmt::Display for TrustedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_written!(TrustedOrigin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        for good in ["https://app.example", "http://localhost:3000", "https://*.app.example", "http://[::1]:80"] {
            assert!(good.parse::<TrustedOrigin>().is_ok(), "{good}");
        }
        for bad in ["", "*", "app.example", "https://", "https://*.", "https://app.example/", "https://a*.example"] {
            assert!(bad.parse::<TrustedOrigin>().is_err(), "{bad}");
        }
    }
}
