//! Media types as Django REST framework compares them, and the choice of what to answer with.

use std::borrow::Cow;

use super::python;

/// A media type from a header: lower-case names, parameters as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType<'a> {
    main: String,
    sub: String,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    /// Anything can be parsed; what makes no sense matches nothing.
    pub(crate) fn parse(text: &'a str) -> Self {
        let (full, parameters) = text.split_once(';').unwrap_or((text, ""));
        let full = full.trim().to_ascii_lowercase();
        let (main, sub) = full.split_once('/').unwrap_or((&full, ""));
        Self { main: main.to_owned(), sub: sub.to_owned(), parameters }
    }

    /// Whether this satisfies `main/sub`; either half may be `*`.
    pub(crate) fn covers(&self, main: &str, sub: &str) -> bool {
        (self.main == "*" || self.main == main) && (self.sub == "*" || self.sub == sub)
    }

    /// A parameter's value; of several the last counts.
    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        parameters(self.parameters).filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }
}

/// The parameters of a header such as `Content-Type` or `Content-Disposition`, behind its first semicolon: names in
/// lower case, values without their quotes. A name that ends in `*` carries its value percent-encoded (RFC 2231); such stand
/// last, so that they win over plain ones of the same name, as in Python.
pub(crate) fn parameters(text: &str) -> impl Iterator<Item = (String, Cow<'_, str>)> {
    let (mut in_quotes, mut escaped) = (false, false);
    let ends_parameter = move |c: char| {
        let is_quote = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        in_quotes ^= is_quote;
        c == ';' && !in_quotes
    };
    let all = text.split(ends_parameter).filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
    });
    let (encoded, plain): (Vec<_>, Vec<_>) = all.partition(|(name, _)| name.ends_with('*'));
    let encoded =
        encoded.into_iter().map(|(name, value)| (name.trim_end_matches('*').to_owned(), decoded(&value).into()));
    plain.into_iter().chain(encoded)
}

/// The text between quotes, with its escapes undone; anything else as it is.
fn unquoted(value: &str) -> Cow<'_, str> {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if inside.contains('\\') => inside.replace("\\\\", "\\").replace("\\\"", "\"").into(),
        Some(inside) => inside.into(),
        None => value.into(),
    }
}

/// RFC 2231's `charset'language'text`; the charset is taken to be UTF-8, which it is everywhere.
fn decoded(value: &str) -> String {
    let text = value.splitn(3, '\'').nth(2).unwrap_or(value);
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// How an answer is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rendering {
    /// Spaces of indentation, if asked for by `Accept: application/json; indent=4`.
    pub(crate) indent: Option<usize>,
}

/// What is answered nearly everywhere.
pub(crate) const JSON: (&str, &str) = ("application", "json");

/// Why there is no answer that the client would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNegotiable {
    /// 404: `?format=` or the suffix names a format that does not exist.
    UnknownFormat,
    /// 406: `Accept` leaves nothing.
    NotAcceptable,
}

/// Chooses by `?format=` or suffix, then by `Accept`, which must cover this type. JSON is the one format that has a name; `api`, the original's browsable HTML, is
/// known by name and never acceptable. Quality values are ignored, as the original does.
pub(crate) fn negotiate(
    format: Option<&str>,
    accept: Option<&str>,
    (main, sub): (&str, &str),
) -> Result<Rendering, NotNegotiable> {
    match format {
        None | Some("" | "json") => {}
        Some("api") => return Err(NotNegotiable::NotAcceptable),
        Some(_) => return Err(NotNegotiable::UnknownFormat),
    }
    let accept = accept.unwrap_or("*/*");
    let covering = accept.split(',').map(|part| MediaType::parse(python::strip(part)));
    let best = covering.filter(|media| media.covers(main, sub)).max_by_key(specificity);
    let media = best.ok_or(NotNegotiable::NotAcceptable)?;
    if sub != "json" {
        return Ok(Rendering::default());
    }
    let indent = media.parameter("indent").and_then(|text| python::int(&text));
    Ok(Rendering { indent: indent.and_then(|spaces| usize::try_from(spaces.min(8)).ok()).filter(|spaces| *spaces > 0) })
}

fn specificity(media: &MediaType<'_>) -> u8 {
    let says_more = parameters(media.parameters).any(|(name, _)| name != "q");
    u8::from(media.main != "*") + u8::from(media.sub != "*") + u8::from(says_more)
}

/// Indents compact JSON as Python's `json.dumps(indent=n)` does.
pub(crate) fn indented(json: &[u8], spaces: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut previous = 0;
    let new_line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * spaces));
    };
    for &byte in json {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            out.push(byte);
        } else {
            let closes = matches!(byte, b'}' | b']');
            let empty = matches!((previous, byte), (b'{', b'}') | (b'[', b']'));
            if matches!(previous, b'{' | b'[') && !empty {
                depth += 1;
                new_line(&mut out, depth);
            }
            if closes && !empty {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
            }
            out.push(byte);
            match byte {
                b',' => new_line(&mut out, depth),
                b':' => out.push(b' '),
                b'"' => in_string = true,
                _ => {}
            }
        }
        previous = byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_no_json() {
        let stream = ("text", "event-stream");
        for (accept, acceptable) in
            [("text/event-stream", true), ("text/*", true), ("*/*; indent=4", true), ("application/json", false)]
        {
            let answer = negotiate(None, Some(accept), stream);
            assert_eq!(answer.ok(), acceptable.then_some(Rendering { indent: None }), "{accept}");
        }
    }

    #[test]
    fn accept_is_read_as_the_original_reads_it() {
        for (accept, acceptable) in [
            (None, true),
            (Some("*/*"), true),
            (Some("application/*"), true),
            (Some("APPLICATION/JSON"), true),
            (Some("application/json; version=1"), true),
            (Some("text/html;q=0.1, application/json"), true),
            (Some("application/json;q=0"), true),
            (Some("application/xml"), false),
            (Some(""), false),
            (Some("zzz"), false),
            (Some("*"), false),
            (Some("text/html"), false),
            (Some("text/html, */*;q=0.1"), true),
        ] {
            assert_eq!(negotiate(None, accept, JSON).is_ok(), acceptable, "{accept:?}");
        }
    }

    #[test]
    fn format_comes_before_accept() {
        assert_eq!(negotiate(Some("xml"), Some("*/*"), JSON), Err(NotNegotiable::UnknownFormat));
        assert_eq!(negotiate(Some("api"), Some("application/json"), JSON), Err(NotNegotiable::NotAcceptable));
        assert!(negotiate(Some("json"), None, JSON).is_ok() && negotiate(Some(""), None, JSON).is_ok());
        assert_eq!(negotiate(Some("json"), Some("image/png"), JSON), Err(NotNegotiable::NotAcceptable));
    }

    #[test]
    fn parameters_are_read_with_their_quotes() {
        let media = MediaType::parse(
            "a/b; X=\"1;y=2\" ; y = \"q\\\"\\\\\"; z=1; z=2; n; f*=utf-8''%C3%A9%20x; f=1; g*=plain; h=\"open",
        );
        for (name, value) in [("x", "1;y=2"), ("y", "q\"\\"), ("z", "2"), ("f", "é x"), ("g", "plain"), ("h", "\"open")]
        {
            assert_eq!(media.parameter(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(media.parameter("n"), None);
    }

    #[test]
    fn indentation_is_asked_for_in_pythons_numbers() {
        for (indent, spaces) in
            [("4", Some(4)), ("9", Some(8)), ("\" +2\"", Some(2)), ("0", None), ("-1", None), ("2.0", None), ("", None)]
        {
            let accept = format!("application/json; indent={indent}");
            assert_eq!(negotiate(None, Some(&accept), JSON), Ok(Rendering { indent: spaces }), "{indent}");
        }
        let twice = "application/json; indent=4; indent=2";
        assert_eq!(negotiate(None, Some(twice), JSON), Ok(Rendering { indent: Some(2) }));
    }

    #[test]
    fn indentation_is_pythons() {
        let accept = Some("*/*, application/json; indent=2");
        assert_eq!(negotiate(None, accept, JSON), Ok(Rendering { indent: Some(2) }));
        let text = indented(br#"{"a":[1,{"b":"x, \"y\": {}"}],"c":{},"d":[]}"#, 2);
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, \\\"y\\\": {}\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
