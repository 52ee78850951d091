//! Multipart bodies, with the original's rules for what is a field and what a file.

use std::ops::Range;

use super::{
    MAX_FIELDS,
    parts::{self, RawPart, RawParts},
};
use crate::http::{error::ApiError, media::MediaType};

/// Characters of a boundary at most, as Django's parser has it.
const MAX_BOUNDARY: usize = 201;

/// Characters of a file's name at most, as Django keeps it.
const MAX_FILE_NAME: usize = 255;

/// What a part of a body holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    File,
}

/// The parts of a body with their names: texts in their order, and behind them the files, which therefore win over
/// texts of the same name.
///
/// # Errors
/// The type is not one that says how the body is divided, the body can't be divided, or there are too many parts.
pub(super) fn parse(content_type: &str, bytes: &[u8]) -> Result<Vec<(String, Part)>, ApiError> {
    let boundary = boundary(content_type).map_err(ApiError::Multipart)?;
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for part in named(bytes, &boundary) {
        let NamedPart { name, file_name, is_base64, content } = part?;
        if file_name.is_some() {
            files.push((name, Part::File));
        } else {
            let content = bytes.get(content).unwrap_or_default();
            let decoded = is_base64.then(|| parts::base64(content)).flatten();
            let text = String::from_utf8_lossy(decoded.as_deref().unwrap_or(content)).into_owned();
            texts.push((name, Part::Text(text)));
        }
    }
    texts.append(&mut files);
    Ok(texts)
}

/// A part with a name: a file if it has that of one too.
#[derive(Debug)]
pub(super) struct NamedPart {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) is_base64: bool,
    pub(super) content: Range<usize>,
}

/// The parts of a body that have names, in their order. A file of whose name nothing is left but directories is none.
pub(super) fn named(bytes: &[u8], boundary: &str) -> impl Iterator<Item = Result<NamedPart, ApiError>> {
    let with_name = |part: RawPart| {
        let name = part.parameter("name")?.trim().to_owned();
        let file_name = part.parameter("filename").filter(|name| !name.is_empty()).map(|name| shortened(&name));
        let is_there = file_name.as_deref().is_none_or(|name| !matches!(name, "" | "." | ".."));
        is_there.then_some(NamedPart { name, file_name, is_base64: part.is_base64, content: part.content })
    };
    let parts = RawParts::new(bytes, boundary).enumerate().map(|(count, part)| match part {
        Err(message) => Err(ApiError::Multipart(message)),
        Ok(_) if count == MAX_FIELDS => Err(ApiError::TooManyFields(MAX_FIELDS)),
        Ok(part) => Ok(part),
    });
    parts.filter_map(move |part| part.map(with_name).transpose())
}

/// The boundary that a content type names, or what Django's parser says of one that names none.
pub(super) fn boundary(content_type: &str) -> Result<String, String> {
    if !content_type.starts_with("multipart/") {
        return Err(format!("Invalid Content-Type: {content_type}"));
    }
    if !content_type.is_ascii() {
        return Err(format!("Invalid non-ASCII Content-Type in multipart: {content_type}"));
    }
    let boundary = MediaType::parse(content_type).parameter("boundary");
    let valid = |boundary: &str| {
        (1..=MAX_BOUNDARY).contains(&boundary.len())
            && !boundary.ends_with(' ')
            && boundary.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    match boundary {
        Some(boundary) if valid(&boundary) => Ok(boundary.into_owned()),
        other => Err(format!("Invalid boundary in multipart: {}", other.as_deref().unwrap_or("None"))),
    }
}

/// A file's name without its directories, and no longer than any is kept: what is cut off stands before its extension.
fn shortened(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let length = name.chars().count();
    if length <= MAX_FILE_NAME {
        return name.to_owned();
    }
    // Dots in front begin no extension.
    let hidden = name.len() - name.trim_start_matches('.').len();
    let at = name.rfind('.').filter(|at| *at >= hidden).unwrap_or(name.len());
    let (stem, extension) = name.split_at_checked(at).unwrap_or((name, ""));
    let extension: String = extension.chars().take(MAX_FILE_NAME).collect();
    let left = MAX_FILE_NAME.saturating_sub(extension.chars().count());
    stem.chars().take(left).chain(extension.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b";

    fn read(body: &str) -> Vec<(String, Part)> {
        parse(TYPE, body.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    fn text(name: &str, text: &str) -> (String, Part) {
        (name.to_owned(), Part::Text(text.to_owned()))
    }

    #[test]
    fn a_name_of_a_file_makes_a_file() {
        for (filename, parts) in [
            ("", vec![text("a", "x")]),
            ("; filename=\"\"", vec![text("a", "x")]),
            ("; filename=\"x.txt\"", vec![("a".to_owned(), Part::File)]),
            ("; filename=x", vec![("a".to_owned(), Part::File)]),
            ("; filename*=utf-8''x", vec![("a".to_owned(), Part::File)]),
            ("; FILENAME=x", vec![("a".to_owned(), Part::File)]),
            ("; filename=\"/tmp/\"", vec![]),
            ("; filename=\"..\"", vec![]),
            ("; filename=\"c:\\\\x\"", vec![("a".to_owned(), Part::File)]),
        ] {
            let body = format!("--b\nContent-Disposition: form-data; name=\" a \"{filename}\n\nx\n--b--\n");
            assert_eq!(read(&body), parts, "{filename}");
        }
    }

    #[test]
    fn files_come_behind_texts() {
        let body = "--b\nContent-Disposition: form-data; name=a; filename=x\n\nx\n\
                    --b\nContent-Disposition: form-data; name=a\n\ny\n--b--\n";
        assert_eq!(read(body), [text("a", "y"), ("a".to_owned(), Part::File)]);
    }

    #[test]
    fn a_text_may_be_written_in_base_64() {
        for (content, decoded) in [("aGVsbG8=", "hello"), ("aGVsbG8", "aGVsbG8")] {
            let head = "Content-Disposition: form-data; name=a\nContent-Transfer-Encoding: base64";
            assert_eq!(read(&format!("--b\n{head}\n\n{content}\n--b--\n")), [text("a", decoded)]);
        }
    }

    #[test]
    fn a_long_name_of_a_file_keeps_its_extension() {
        let x = |length: usize| "x".repeat(length);
        for (name, kept) in [
            ("/a/b\\c.png".to_owned(), "c.png".to_owned()),
            (format!("{}.png", x(251)), format!("{}.png", x(251))),
            (format!("{}.png", x(252)), format!("{}.png", x(251))),
            (x(300), x(255)),
            (format!("..{}", x(300)), format!("..{}", x(253))),
            (format!("a.{}", x(300)), format!(".{}", x(254))),
            (format!("{}.png", "é".repeat(300)), format!("{}.png", "é".repeat(251))),
        ] {
            assert_eq!(shortened(&name), kept);
        }
    }

    #[test]
    fn the_boundary_is_one_that_can_be() {
        let long = |length: usize| format!("multipart/form-data; boundary={}", "x".repeat(length));
        for (content_type, expected) in [
            ("multipart/form-data; boundary=\"a;b c\"", Ok("a;b c".to_owned())),
            ("multipart/form-data; charset=utf-8; Boundary=b", Ok("b".to_owned())),
            ("multipart/form-data", Err("Invalid boundary in multipart: None".to_owned())),
            ("multipart/form-data; boundary=\"\"", Err("Invalid boundary in multipart: ".to_owned())),
            (
                "Multipart/form-data; boundary=b",
                Err("Invalid Content-Type: Multipart/form-data; boundary=b".to_owned()),
            ),
            (
                "multipart/form-data; boundary=é",
                Err("Invalid non-ASCII Content-Type in multipart: multipart/form-data; boundary=é".to_owned()),
            ),
            (&long(201), Ok("x".repeat(201))),
            (&long(202), Err(format!("Invalid boundary in multipart: {}", "x".repeat(202)))),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
    }
}
