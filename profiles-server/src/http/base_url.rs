//! Where this server is, as its clients see it: for absolute links, and to know our own pages from others'.

use poem::{Request, http::header};

/// The scheme and host that a request was sent to, and the other origins that are trusted.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl<'a> {
    origin: String,
    mount: String,
    trusted: &'a [String],
}

impl<'a> BaseUrl<'a> {
    /// From the configured public URL, or else from the `Host` header, as Django does.
    pub(crate) fn of(request: &Request, public_url: Option<&str>, trusted: &'a [String]) -> Self {
        let origin = public_url.map_or_else(
            || format!("http://{}", host(request)),
            // As browsers write an origin.
            |url| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase(),
        );
        let prefix = public_url.and_then(|url| url.splitn(4, '/').nth(3)).unwrap_or_default().trim_end_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let MountPoint(mounted) = request.data().cloned().unwrap_or_default();
        Self { origin, mount: format!("{prefix}{mounted}"), trusted }
    }

    #[cfg(test)]
    pub(crate) fn fixed(origin: &str) -> Self {
        Self { origin: origin.to_owned(), mount: String::new(), trusted: &[] }
    }

    /// The absolute URL of a path below the mount point.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.mount)
    }

    /// The path, as clients have to write it, of a path below the mount point.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.mount)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Whether an `Origin` is ours, or configured as trusted (`https://*.example.org` trusts every host below).
    pub(crate) fn trusts(&self, origin: &str) -> bool {
        origin == self.origin || self.trusted.iter().any(|trusted| trusts(trusted, origin))
    }
}

fn trusts(trusted: &str, origin: &str) -> bool {
    match trusted.split_once("://*.") {
        Some((scheme, domain)) => origin.split_once("://").is_some_and(|(own, host)| {
            own.eq_ignore_ascii_case(scheme)
                && host.len() > domain.len()
                && host.to_ascii_lowercase().ends_with(&format!(".{}", domain.to_ascii_lowercase()))
        }),
        None => trusted.eq_ignore_ascii_case(origin),
    }
}

/// The `Host` header, if it can be one; it is echoed into links, so nothing else may pass.
fn host(request: &Request) -> &str {
    let named = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let named = named.or_else(|| request.uri().authority().map(poem::http::uri::Authority::as_str));
    let valid = |host: &&str| {
        !host.is_empty()
            && host.len() <= 255
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_'))
    };
    named.filter(valid).unwrap_or("localhost")
}

/// The path below the mount point that a request came for, which the router does not see as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestPath(pub(crate) String);

impl RequestPath {
    /// The path, with its suffix if it has one.
    pub(crate) fn of(request: &Request) -> &str {
        request.data::<Self>().map_or_else(|| request.uri().path(), |path| &path.0)
    }
}

/// What a host application has taken off the path before the request came to us: `/accounts`, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MountPoint(String);

impl MountPoint {
    /// Notes in a request where we are mounted. Only who gets it first can tell: from then on its path is changed.
    pub(crate) fn note(request: &mut Request) {
        let mount = Self::between(request.original_uri().path(), request.uri().path());
        request.set_data(mount);
    }

    fn between(original: &str, current: &str) -> Self {
        Self(original.strip_suffix(current).unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_use_the_host_unless_a_public_url_is_set() {
        let request = Request::builder().uri_str("/api/").header("Host", "a.example:8000").finish();
        assert_eq!(BaseUrl::of(&request, None, &[]).absolute("/api/"), "http://a.example:8000/api/");
        let base = BaseUrl::of(&request, Some("https://B.example/X/"), &[]);
        assert_eq!(base.absolute("/api/"), "https://b.example/X/api/");
        assert!(base.trusts("https://b.example"));
        let evil = Request::builder().header("Host", "a\"><script>").finish();
        assert_eq!(BaseUrl::of(&evil, None, &[]).absolute("/"), "http://localhost/");
    }

    #[test]
    fn links_begin_where_we_are_mounted() {
        let mut request = Request::builder().uri_str("/api/profiles").header("Host", "a.example").finish();
        request.set_data(MountPoint::between("/accounts/api/profiles/", "/api/profiles/"));
        assert_eq!(BaseUrl::of(&request, None, &[]).absolute("/api/"), "http://a.example/accounts/api/");
        let base = BaseUrl::of(&request, Some("https://b.example/x"), &[]);
        assert_eq!(base.absolute("/api/"), "https://b.example/x/accounts/api/");
        assert_eq!(base.path("/api/"), "/x/accounts/api/");
    }

    #[test]
    fn trusted_origins_may_have_a_wildcard() {
        let request = Request::builder().header("Host", "a.example").finish();
        let trusted = ["https://*.example.org".to_owned(), "https://one.example".to_owned()];
        let base = BaseUrl::of(&request, None, &trusted);
        for (origin, expected) in [
            ("http://a.example", true),
            ("http://A.example", false),
            ("https://a.example", false),
            ("https://x.example.org", true),
            ("https://example.org", false),
            ("http://x.example.org", false),
            ("https://one.example", true),
            ("https://evilexample.org", false),
            ("null", false),
        ] {
            assert_eq!(base.trusts(origin), expected, "{origin}");
        }
    }
}
