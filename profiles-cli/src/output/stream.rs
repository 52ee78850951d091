//! JSON of a server, too long to be kept, on its way to standard output.

use std::{
    io::{self, Write},
    str,
};

use super::visible::json_visible;

/// Passes JSON on with every control character in its JSON spelling, as all other results have it. A program reads the
/// same values from it.
#[derive(Debug)]
pub(crate) struct VisibleJson<W> {
    to: W,
    /// The beginning of a character whose end is still to come: 3 bytes at most.
    begun: Vec<u8>,
}

impl<W: Write> VisibleJson<W> {
    /// On the way to this.
    pub(crate) fn new(to: W) -> Self {
        Self { to, begun: Vec::new() }
    }

    fn pass(&mut self, text: &str) -> io::Result<()> {
        // White space between values is no part of a string, where it would be spelt out already.
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.to.write_all(b"\n")?;
            }
            self.to.write_all(json_visible(&line.replace(['\t', '\r'], " ")).as_bytes())?;
        }
        Ok(())
    }
}

impl<W: Write> Write for VisibleJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let whole = match str::from_utf8(&all) {
            Ok(_) => all.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "the JSON of the server is not UTF-8")),
        };
        self.begun = all.split_off(whole);
        self.pass(&String::from_utf8_lossy(&all))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_the_same_and_no_terminal_is_steered_however_it_is_cut() {
        let value = serde_json::json!({ "bio": "Zoë 東京 😀 \u{1b}[2J\u{9b}31m\u{202e}", "list": [1, "a\nb"] });
        let compact = value.to_string();
        let indented = serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n\t");
        for json in [&compact, &indented] {
            for piece in [1, 2, 3, json.len()] {
                let mut out = Vec::new();
                let mut stream = VisibleJson::new(&mut out);
                json.as_bytes().chunks(piece).for_each(|bytes| stream.write_all(bytes).unwrap());
                let shown = String::from_utf8(out).unwrap();
                assert!(!shown.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{shown:?}");
                assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
            }
        }
    }

    #[test]
    fn what_is_not_utf8_is_refused() {
        let error = VisibleJson::new(io::sink()).write_all(b"{\"a\":\"\xff\"}").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
