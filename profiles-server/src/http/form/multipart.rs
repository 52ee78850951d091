//! Multipart bodies, with the original's rules for what is a field and what a file.

use tokio::io::AsyncReadExt as _;

use super::MAX_FIELDS;
use crate::http::{
    error::ApiError,
    media::{MediaType, parameters},
};

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
/// The type is not one that says how the body is divided, or there are too many parts.
pub(super) async fn parse(content_type: &str, bytes: &[u8]) -> Result<Vec<(String, Part)>, ApiError> {
    let boundary = boundary(content_type).map_err(ApiError::Multipart)?;
    // A body that breaks off keeps what it has, as in Django's parser; a complete one ends before this.
    let between = if bytes.ends_with(b"\r\n") && !bytes.ends_with(b"\r\n\r\n") { "" } else { "\r\n" };
    let end = format!("{between}--{boundary}--\r\n");
    let mut parts = multer::Multipart::with_reader(bytes.chain(end.as_bytes()), boundary);
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    while let Ok(Some(part)) = parts.next_field().await {
        if texts.len() + files.len() == MAX_FIELDS {
            return Err(ApiError::TooManyFields(MAX_FIELDS));
        }
        let disposition = part.headers().get("content-disposition");
        let disposition = String::from_utf8_lossy(disposition.map_or(b"", |value| value.as_bytes())).into_owned();
        let parameter = |name| parameters(&disposition).filter(|(key, _)| key == name).last().map(|(_, value)| value);
        let Ok(content) = part.bytes().await else { break };
        let Some(name) = parameter("name").map(|name| name.trim().to_owned()) else { continue };
        match parameter("filename").filter(|filename| !filename.is_empty()) {
            None => texts.push((name, Part::Text(String::from_utf8_lossy(&content).into_owned()))),
            Some(filename) if is_file_name(&filename) => files.push((name, Part::File)),
            Some(_) => {}
        }
    }
    texts.append(&mut files);
    Ok(texts)
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
pub(super) fn shortened(name: &str) -> String {
    let name = last_part(name);
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

/// Whether something is left of a file's name when its directories are taken off; Django drops the part otherwise.
pub(super) fn is_file_name(name: &str) -> bool {
    !matches!(last_part(name), "" | "." | "..")
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=b";

    async fn read(body: &str) -> Vec<(String, Part)> {
        parse(TYPE, body.replace('\n', "\r\n").as_bytes()).await.unwrap()
    }

    fn text(name: &str, text: &str) -> (String, Part) {
        (name.to_owned(), Part::Text(text.to_owned()))
    }

    #[tokio::test]
    async fn a_name_of_a_file_makes_a_file() {
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
            assert_eq!(read(&body).await, parts, "{filename}");
        }
    }

    #[tokio::test]
    async fn files_come_behind_texts() {
        let body = "--b\nContent-Disposition: form-data; name=a; filename=x\n\nx\n\
                    --b\nContent-Disposition: form-data; name=a\n\ny\n--b--\n";
        assert_eq!(read(body).await, [text("a", "y"), ("a".to_owned(), Part::File)]);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_keeps_what_it_has() {
        let whole =
            "--b\nContent-Disposition: form-data; name=a\n\nx\n--b\nContent-Disposition: form-data; name=c\n\ny";
        for (end, parts) in [
            ("", vec![text("a", "x"), text("c", "y")]),
            ("\n", vec![text("a", "x"), text("c", "y")]),
            ("\n--b", vec![text("a", "x"), text("c", "y")]),
            ("\n--b--", vec![text("a", "x"), text("c", "y")]),
            ("\n--b\nContent-Disposition: form-data; name=e\n\n", vec![text("a", "x"), text("c", "y"), text("e", "")]),
            ("\n--b--\nepilogue", vec![text("a", "x"), text("c", "y")]),
        ] {
            assert_eq!(read(&format!("{whole}{end}")).await, parts, "{end:?}");
        }
        assert_eq!(read("--b\nContent-Disposition: form-data; na").await, []);
        assert_eq!(read("no parts").await, []);
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
