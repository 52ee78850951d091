//! A multipart body taken apart as Django's parser does it, so that a form says the same to both.
//!
//! It is more lenient than RFC 7578: whatever stands between two boundaries is a part, wherever they are; lines of its
//! head that make no sense are passed over; one without a `Content-Disposition` is none.

use std::ops::Range;

use memchr::memmem;

use crate::http::media::parameters;

/// Bytes of a part within which its head must end.
const MAX_HEAD: usize = 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A part that has a `Content-Disposition`.
#[derive(Debug)]
pub(super) struct RawPart {
    disposition: String,
    /// Whether its content is written in base 64.
    pub(super) is_base64: bool,
    /// Where in the body its content is.
    pub(super) content: Range<usize>,
}

impl RawPart {
    /// A parameter of its disposition; of several the last counts.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        parameters(&self.disposition).filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
    }
}

/// The parts of a body, in their order; an error is what Django's parser says of a body that it can't read.
pub(super) struct RawParts<'a> {
    body: &'a [u8],
    delimiter: Vec<u8>,
    /// What is left; `None` behind the last part.
    at: Option<usize>,
}

impl<'a> RawParts<'a> {
    pub(super) fn new(body: &'a [u8], boundary: &str) -> Self {
        Self { body, delimiter: format!("--{boundary}").into_bytes(), at: Some(0) }
    }

    /// Where the next piece between two boundaries is, without the line break before the second.
    fn piece(&mut self) -> Option<Range<usize>> {
        let start = self.at?;
        let rest = self.body.get(start..)?;
        let Some(length) = memmem::find(rest, &self.delimiter) else {
            self.at = None;
            return Some(start..self.body.len());
        };
        self.at = Some(start + length + self.delimiter.len());
        let piece = rest.get(..length)?;
        let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
        let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
        Some(start..start + piece.len())
    }
}

impl Iterator for RawParts<'_> {
    type Item = Result<RawPart, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let place = self.piece()?;
            let piece = self.body.get(place.clone())?;
            let start = piece.get(..MAX_HEAD).unwrap_or(piece);
            let Some(end) = memmem::find(start, END_OF_HEAD) else {
                if start.len() == MAX_HEAD {
                    return Some(Err("Request max total header size exceeded.".to_owned()));
                }
                continue;
            };
            let head = Head::parse(piece.get(..end)?);
            if let Some(disposition) = head.disposition {
                let content = place.start + end + END_OF_HEAD.len()..place.end;
                return Some(Ok(RawPart { disposition, is_base64: head.is_base64, content }));
            }
        }
    }
}

#[derive(Default)]
struct Head {
    disposition: Option<String>,
    is_base64: bool,
}

impl Head {
    /// Of two lines with one name the last counts.
    fn parse(bytes: &[u8]) -> Self {
        let mut head = Self::default();
        for line in split_lines(bytes).filter_map(|line| std::str::from_utf8(line).ok()) {
            let main = line.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match main.split_once(':') {
                Some(("content-disposition", _)) => head.disposition = Some(line.to_owned()),
                Some(("content-transfer-encoding", value)) => head.is_base64 = value.trim() == "base64",
                _ => {}
            }
        }
        head
    }
}

fn split_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let all = rest?;
        let at = memmem::find(all, b"\r\n");
        rest = at.and_then(|at| all.get(at + 2..));
        all.get(..at.unwrap_or(all.len()))
    })
}

/// Base 64 as Python's `b64decode` reads it: what is none of its letters is passed over, and nothing is read behind the
/// padding; `None` if it breaks off.
pub(super) fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut bits, mut letters, mut padding) = (0_u32, 0, 0);
    for byte in bytes {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                if letters >= 2 && letters + padding >= 4 {
                    return Some(out);
                }
                continue;
            }
            _ => continue,
        };
        (bits, padding) = ((bits << 6) | u32::from(value), 0);
        letters = (letters + 1) % 4;
        if letters != 1 {
            // A letter brings six bits, so that each but the first of four completes a byte.
            let left = [0, 0, 4, 2].get(letters).copied().unwrap_or_default();
            out.push(u8::try_from((bits >> left) & 0xff).ok()?);
        }
    }
    (letters == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and content of each part.
    fn read(body: &[u8]) -> Result<Vec<(String, String)>, String> {
        let show = |part: RawPart| {
            let content = String::from_utf8_lossy(&body[part.content.clone()]).into_owned();
            (part.parameter("name").unwrap_or_default(), content)
        };
        RawParts::new(body, "bb").map(|part| part.map(show)).collect()
    }

    const HEAD: &str = "\r\nContent-Disposition: form-data; name=a";

    #[test]
    fn a_part_is_what_stands_between_two_boundaries() {
        let one = |content: &str| Ok(vec![("a".to_owned(), content.to_owned())]);
        for (body, parts) in [
            (format!("--bb{HEAD}\r\n\r\nx\r\n--bb--\r\n"), one("x")),
            (format!("--bb{HEAD}\r\n\r\nx--bb--"), one("x")),
            (format!("--bb{HEAD}\r\n\r\nx\n--bb"), one("x")),
            (format!("--bb{HEAD}\r\n\r\nx\r\n\r\n--bb"), one("x\r\n")),
            (format!("--bb{HEAD}\r\n\r\nx\r\n"), one("x\r\n")),
            (format!("--bb{HEAD}\r\n\r\nx\r\n--b"), one("x\r\n--b")),
            (format!("--bb{HEAD}\r\n\r\n"), one("")),
            (format!("before--bb--\r\n--bb{HEAD}\r\n\r\nx\r\n--bb--"), one("x")),
            (format!("--bb{HEAD}\r\n\r"), Ok(vec![])),
            ("--bb\r\n\r\nx\r\n--bb".to_owned(), Ok(vec![])),
            ("--bb\r\nX: y; name=a\r\n\r\nx\r\n--bb".to_owned(), Ok(vec![])),
            ("no parts".to_owned(), Ok(vec![])),
            (String::new(), Ok(vec![])),
        ] {
            assert_eq!(read(body.as_bytes()), parts, "{body:?}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_passed_over() {
        for line in ["nonsense", " folded", "X Y: z", ": x", "X:\0\u{7f}", &["X: y"; 100].join("\r\n")] {
            for head in [format!("\r\n{line}{HEAD}"), format!("{HEAD}\r\n{line}")] {
                let body = format!("--bb{head}\r\n\r\nx\r\n--bb--");
                assert_eq!(read(body.as_bytes()), Ok(vec![("a".to_owned(), "x".to_owned())]), "{body:?}");
            }
        }
        assert_eq!(read(b"--bb\r\nContent-Disposition: form-data; name=\xff\r\n\r\nx\r\n--bb--"), Ok(vec![]));
    }

    #[test]
    fn a_head_has_an_end_soon() {
        let body = |length: usize| format!("--bb{HEAD}\r\nX: {}\r\n\r\nx\r\n--bb--", "y".repeat(length));
        let fits = MAX_HEAD - HEAD.len() - "\r\nX: \r\n\r\n".len();
        assert!(read(body(fits).as_bytes()).is_ok());
        let refusal = Err("Request max total header size exceeded.".to_owned());
        assert_eq!(read(body(fits + 1).as_bytes()), refusal);
        assert_eq!(read("x".repeat(MAX_HEAD).as_bytes()), refusal);
        assert_eq!(read("x".repeat(MAX_HEAD - 1).as_bytes()), Ok(vec![]));
    }

    #[test]
    fn base_64_is_read_as_python_reads_it() {
        for (text, bytes) in [
            ("", Some("")),
            ("aGVsbG8=", Some("hello")),
            ("aGVsbG8h", Some("hello!")),
            ("aA==", Some("h")),
            ("aG\r\nVs bG8=*", Some("hello")),
            ("aA==aA==", Some("h")),
            ("=aGVs", Some("hel")),
            ("!!!!", Some("")),
            ("aGVsbG8", None),
            ("aA=", None),
            ("a", None),
            ("a===", None),
        ] {
            assert_eq!(base64(text.as_bytes()).as_deref(), bytes.map(str::as_bytes), "{text:?}");
        }
    }
}
