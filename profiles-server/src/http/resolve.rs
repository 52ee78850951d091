//! From a path to a view, as Django's URL patterns and the final-slash rule have it.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    python,
    view::{Slash, VIEWS, View},
};

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// A view.
    View(Target),
    /// A view, if only the path ended in a slash.
    AppendSlash,
    /// Nothing.
    Unknown,
}

/// A view, and what the path says beyond it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) view: &'static View,
    /// The text where the row's number stands.
    pub(crate) row: Option<RowId>,
    /// The text where a name stands.
    pub(crate) name: Option<String>,
    /// The format named by a suffix.
    pub(crate) format: Option<String>,
    /// The path, decoded.
    pub(crate) path: String,
}

/// What stands where a row's number should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowId {
    /// Decimal digits: a number, though there may be no such row.
    Number(u64),
    /// A number to Python's `int()` that names no row here: signed, or with underscores.
    NoSuchRow,
    /// No number.
    NotANumber,
}

/// Resolves a path below the mount point, percent-encoded as it came.
pub(crate) fn resolve(path: &str) -> Resolved {
    let path = decode(path);
    match find(&path) {
        Some(target) => Resolved::View(target),
        None if !path.ends_with('/') && find(&format!("{path}/")).is_some() => Resolved::AppendSlash,
        None => Resolved::Unknown,
    }
}

fn find(path: &str) -> Option<Target> {
    VIEWS.iter().find_map(|view| matches(view, path))
}

fn matches(view: &'static View, path: &str) -> Option<Target> {
    let (prefix, ends, behind) = match view.path.split_once('{') {
        // A name may have a dot in it.
        Some((prefix, place)) if place.starts_with("name") => (prefix, &['/'][..], place.strip_prefix("name}")?),
        Some((prefix, place)) => (prefix, &['/', '.'][..], place.strip_prefix("id}")?),
        None => (view.path, &[][..], ""),
    };
    let rest = path.strip_prefix(prefix)?;
    let (row, name, tail) = if ends.is_empty() {
        (None, None, rest)
    } else {
        let (text, tail) = rest.split_at_checked(rest.find(ends).unwrap_or(rest.len()))?;
        if text.is_empty() {
            return None;
        }
        let tail = tail.strip_prefix(behind)?;
        if view.path.contains("{name}") {
            (None, Some(text.to_owned()), tail)
        } else {
            (Some(RowId::parse(text)), None, tail)
        }
    };
    let format = match tail {
        "/" => None,
        "" if view.slash == Slash::Optional => None,
        _ if view.suffixes => Some(suffix(view, tail)?),
        _ => return None,
    };
    Some(Target { view, row, name, format, path: path.to_owned() })
}

/// `.json` or `.json/`; the root's is `/.json`.
fn suffix(view: &View, tail: &str) -> Option<String> {
    let tail = if view.path == "/api" { tail.strip_prefix('/')? } else { tail };
    let name = tail.strip_prefix('.')?;
    let name = name.strip_suffix('/').unwrap_or(name);
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    valid.then(|| name.to_owned())
}

impl RowId {
    fn parse(text: &str) -> Self {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map_or(Self::NoSuchRow, Self::Number);
        }
        // Python reads more as numbers than digits. To us a row has one address, so none of these finds it; only the
        // message tells them from words.
        if python::int(text).is_some() { Self::NoSuchRow } else { Self::NotANumber }
    }
}

/// A path with what a URL may not hold percent-encoded, as Django's `escape_uri_path` does.
pub(crate) fn encode(path: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b':')
        .remove(b'@')
        .remove(b'&')
        .remove(b'+')
        .remove(b'$')
        .remove(b',')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'!')
        .remove(b'~')
        .remove(b'*')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')');
    utf8_percent_encode(path, KEPT).to_string()
}

/// A query string with what a URL may not hold percent-encoded, as Django's `iri_to_uri` does.
pub(crate) fn encode_query(query: &str) -> String {
    const ENCODED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
    utf8_percent_encode(query, ENCODED).to_string()
}

/// Percent-decodes; what is not UTF-8 stays encoded, as Django keeps it.
pub(crate) fn decode(path: &str) -> String {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(path: &str) -> String {
        match resolve(path) {
            Resolved::View(Target { view, row, format, .. }) => format!("{} {row:?} {format:?}", view.name),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn paths_are_encoded_as_django_encodes_them() {
        for (path, encoded) in [
            ("/api/%70rofiles", "/api/profiles"),
            ("/x/a%2Fb c", "/x/a/b%20c"),
            ("/é;=[]{}|\\\"%", "/%C3%A9%3B%3D%5B%5D%7B%7D%7C%5C%22%25"),
            ("/%FF", "/%25FF"),
            ("/:@&+$,-_.!~*'()", "/:@&+$,-_.!~*'()"),
        ] {
            assert_eq!(encode(&decode(path)), encoded);
        }
    }

    #[test]
    fn queries_are_encoded_as_django_encodes_them() {
        for (query, encoded) in [
            ("a=1&b=%20+x", "a=1&b=%20+x"),
            ("{|}\\^`<>\" ", "%7B%7C%7D%5C%5E%60%3C%3E%22%20"),
            ("/#%[]=:;$&()+,!?*@'~-._", "/#%[]=:;$&()+,!?*@'~-._"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(encode_query(query), encoded);
        }
    }

    #[test]
    fn paths_lead_where_django_leads_them() {
        for (path, expected) in [
            ("/api/", "Api Root None None"),
            ("/api/.json", "Api Root None Some(\"json\")"),
            ("/api", "AppendSlash"),
            ("/api/profiles/", "Profile List None None"),
            ("/api/profiles", "AppendSlash"),
            ("/api/profiles.json", "Profile List None Some(\"json\")"),
            ("/api%2Fprofiles/", "Profile List None None"),
            ("/api/profiles/7/", "Profile Instance Some(Number(7)) None"),
            ("/api/profiles/007/", "Profile Instance Some(Number(7)) None"),
            ("/api/profiles/7", "AppendSlash"),
            ("/api/profiles/7.json", "Profile Instance Some(Number(7)) Some(\"json\")"),
            ("/api/profiles/1.0/", "Profile Instance Some(Number(1)) Some(\"0\")"),
            ("/api/profiles/abc/", "Profile Instance Some(NotANumber) None"),
            ("/api/profiles/-1/", "Profile Instance Some(NoSuchRow) None"),
            ("/api/profiles/1_000/", "Profile Instance Some(NoSuchRow) None"),
            ("/api/profiles/1__0/", "Profile Instance Some(NotANumber) None"),
            ("/api/profiles/99999999999999999999/", "Profile Instance Some(NoSuchRow) None"),
            ("/api/profiles/%00/", "Profile Instance Some(NotANumber) None"),
            ("/api/profiles/%FF/", "Profile Instance Some(NotANumber) None"),
            ("/api/profiles/%D9%A3/", "Profile Instance Some(NoSuchRow) None"),
            ("/api/profiles/%C2%B2/", "Profile Instance Some(NotANumber) None"),
            ("/api/profile-status/3/", "Profile Status Instance Some(Number(3)) None"),
            ("/api/rest-auth/login", "Login None None"),
            ("/api/rest-auth/login/", "Login None None"),
            ("/api/rest-auth/registration", "AppendSlash"),
            ("/api/rest-auth/login.json", "Unknown"),
            ("/api/rest-auth/", "Unknown"),
            ("/api/rest-auth/xlogin/", "Unknown"),
            ("/api/Profiles/", "Unknown"),
            ("/api//profiles/", "Unknown"),
            ("/api/profiles/%2e%2e/", "Unknown"),
            ("/api/profiles/7/x/", "Unknown"),
            ("/api/profiles/7/statuses/", "Profile Statuses Some(Number(7)) None"),
            ("/api/profiles/7/statuses", "AppendSlash"),
            ("/api/profiles/7/statuses.json", "Profile Statuses Some(Number(7)) Some(\"json\")"),
            ("/api/profiles/x/statuses/", "Profile Statuses Some(NotANumber) None"),
            ("/api/profiles/7/statuses/x/", "Unknown"),
            ("/api/profiles/by-username/a.b@c/", "Profile By Username None None"),
            ("/api/profiles/by-username/%D0%96/", "Profile By Username None None"),
            ("/api/profiles/by-username/ada", "AppendSlash"),
            ("/api/profiles/by-username/", "Profile Instance Some(NotANumber) None"),
            ("/api/profiles/by-username/a/b/", "Unknown"),
            ("/nope", "Unknown"),
            ("", "Unknown"),
        ] {
            assert_eq!(show(path), expected, "{path}");
        }
    }
}
