//! The query string, as Django reads it: of several values the last counts.

use std::borrow::Cow;

use poem::Request;
use poem_openapi::registry::MetaParamIn;
use profiles_core::model::Timestamp;

use super::{
    error::ApiError,
    parameter::{Parameter, Place},
    python,
};

/// One parameter of the query, documented by the operation that takes it.
pub(crate) type QueryText = Parameter<InQuery>;

/// See [`QueryText`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InQuery;

impl Place for InQuery {
    fn documented() -> MetaParamIn {
        MetaParamIn::Query
    }

    fn read(request: &Request, name: &str) -> Option<String> {
        last(request, name)
    }
}

/// The last value of this name.
pub(crate) fn last(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
}

/// What a list is ordered by: of the names between commas, the first that is one of `fields`, and whether a `-` before it
/// turns the order round. Others are passed over, as Django REST framework's `OrderingFilter` does it; every field that a
/// list can be ordered by is unique or nearly so, so a second name would order nothing.
pub(crate) fn ordering<T: Copy>(asked: Option<&str>, fields: &[(&str, T)]) -> Option<(T, bool)> {
    asked?.split(',').map(python::strip).find_map(|name| {
        let (name, descends) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        fields.iter().find(|(field, _)| *field == name).map(|(_, field)| (*field, descends))
    })
}

/// A whole number that names a row; `None` if nothing was said.
///
/// # Errors
/// It is none.
pub(crate) fn number(name: &'static str, text: Option<&str>) -> Result<Option<u64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    // As in a path, a row has one address.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let refused = || ApiError::Parameter { name, message: "A valid integer is required.".to_owned() };
    // One that is too large names no row.
    if digits { Ok(Some(text.parse().unwrap_or(u64::MAX))) } else { Err(refused()) }
}

/// A moment by RFC 3339, rounded up to the microseconds that moments are kept in; `None` if nothing was said.
///
/// # Errors
/// It is none.
pub(crate) fn moment(name: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let refused = || ApiError::Parameter {
        name,
        message: "Datetime has wrong format. Use this format instead: YYYY-MM-DDThh:mm:ss[.uuuuuu][+HH:MM|-HH:MM|Z]."
            .to_owned(),
    };
    let moment: jiff::Timestamp = text.parse().map_err(|_| refused())?;
    let micros = moment.as_nanosecond().div_euclid(1000) + i128::from(moment.as_nanosecond().rem_euclid(1000) > 0);
    Ok(Some(Timestamp::from_micros(i64::try_from(micros).map_err(|_| refused())?)))
}

/// A query string, written as Python's `urlencode` writes it.
pub(crate) fn encoded(pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    query.replace("%7E", "~").replace('*', "%2A")
}

/// A query string or form as text: UTF-8, or else Latin-1 as a whole, as in the original; what is percent-encoded in
/// it is UTF-8 in any case.
pub(crate) fn readable(bytes: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes.into(),
        Err(_) => bytes.iter().copied().map(char::from).collect::<String>().into_bytes().into(),
    }
}

/// The terms of `?search=`: split at white space and commas, but not inside quotes; every term must be found.
///
/// The rule is Django REST framework's `search_smart_split` over Django's `smart_split`.
///
/// # Errors
/// A NUL, which no database finds.
pub(crate) fn search_terms(search: &str) -> Result<Vec<String>, ApiError> {
    if search.contains('\0') {
        return Err(ApiError::NullCharacter);
    }
    let mut terms = Vec::new();
    let mut rest = search.trim_start_matches(python::is_space);
    while !rest.is_empty() {
        let (word, tail) = rest.split_at(word_length(rest));
        rest = tail.trim_start_matches(python::is_space);
        let word = word.trim_matches(',');
        if let Some(phrase) = unquoted(word) {
            terms.push(phrase);
        } else {
            let words = word.split(',').filter(|term| !term.is_empty());
            terms.extend(words.map(|term| python::strip(term).to_owned()));
        }
    }
    Ok(terms)
}

/// Bytes of the first word: text and quoted phrases without white space between them. A quote that nothing closes is
/// a character like any other.
fn word_length(text: &str) -> usize {
    let to_space = text.find(python::is_space).unwrap_or(text.len());
    let (mut length, mut has_phrase) = (0, false);
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        if python::is_space(c) {
            break;
        }
        if matches!(c, '"' | '\'') {
            let Some(phrase) = phrase_length(rest, c) else { break };
            length += phrase;
            has_phrase = true;
        } else {
            length += c.len_utf8();
        }
    }
    if has_phrase { length } else { to_space.max(1) }
}

/// Bytes of a quoted phrase with its quotes, if it is closed.
fn phrase_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The text of a word that is one quoted phrase. A quote alone is the empty phrase, which is in every text.
fn unquoted(word: &str) -> Option<String> {
    let quote = word.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let rest = word.strip_prefix(quote)?;
    let inside = if rest.is_empty() { rest } else { rest.strip_suffix(quote)? };
    Some(inside.replace(&format!("\\{quote}"), &quote.to_string()).replace("\\\\", "\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_split_as_the_original_splits_them() {
        for (search, terms) in [
            ("", vec![]),
            ("  ", vec![]),
            ("new york", vec!["new", "york"]),
            ("a,b, c", vec!["a", "b", "c"]),
            ("\"new york\" x", vec!["new york", "x"]),
            ("'a b'", vec!["a b"]),
            ("\"open end", vec!["\"open", "end"]),
            (",,\"a b\",", vec!["a b"]),
            ("%_%", vec!["%_%"]),
            ("\"a \\\" b\"", vec!["a \" b"]),
            ("it's", vec!["it's"]),
            ("\"", vec![""]),
            ("ada '", vec!["ada", ""]),
            ("\"\" ,',", vec!["", ""]),
            ("x\"a b\"y", vec!["x\"a b\"y"]),
            ("\u{3000}é\u{3000}", vec!["é"]),
            ("a\u{1c}b", vec!["a", "b"]),
        ] {
            assert_eq!(search_terms(search).unwrap(), terms, "{search:?}");
        }
        assert!(search_terms("a\0").is_err());
    }

    #[test]
    fn the_first_known_name_orders() {
        let fields = [("id", 1), ("username", 2)];
        for (asked, found) in [
            ("id", Some((1, false))),
            ("-id", Some((1, true))),
            ("city, -username,id", Some((2, true))),
            ("city", None),
            ("", None),
            ("--id", None),
            ("ID", None),
        ] {
            assert_eq!(ordering(Some(asked), &fields), found, "{asked:?}");
        }
        assert_eq!(ordering(None, &fields), None);
    }

    #[test]
    fn moments_are_read_and_rounded_up() {
        let at = |text| moment("since", Some(text)).map(|at| at.map(Timestamp::as_micros)).ok();
        assert_eq!(at("1970-01-01T00:00:01Z"), Some(Some(1_000_000)));
        assert_eq!(at("1970-01-01T01:00:00.5+01:00"), Some(Some(500_000)));
        assert_eq!(at("1970-01-01T00:00:00.0000001Z"), Some(Some(1)));
        assert_eq!(at("1969-12-31T23:59:59.9999999Z"), Some(Some(0)));
        for bad in ["", "yesterday", "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "1709208000"] {
            assert_eq!(at(bad), None, "{bad}");
        }
        assert_eq!(moment("since", None).ok(), Some(None));
    }

    #[test]
    fn numbers_of_rows_are_digits() {
        assert_eq!(number("profile", Some("007")).ok(), Some(Some(7)));
        assert_eq!(number("profile", Some("99999999999999999999999")).ok(), Some(Some(u64::MAX)));
        for bad in ["", "-1", "+1", "x", "1_0", "1.0"] {
            assert!(number("profile", Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_latin1() {
        assert_eq!(*readable("é".as_bytes()), *"é".as_bytes());
        assert_eq!(*readable(b"\xe9\xc3\xa9"), *"éÃ©".as_bytes());
    }

    #[test]
    fn the_last_value_counts() {
        let request = Request::builder().uri_str("/?a=1&a=2%20x+y&b=").finish();
        assert_eq!(last(&request, "a"), Some("2 x y".into()));
        assert_eq!(last(&request, "b"), Some(String::new()));
        assert_eq!(last(&request, "c"), None);
    }
}
