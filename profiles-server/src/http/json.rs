//! JSON request bodies, read as the original reads them.
//!
//! Clients of a Django service see the messages of CPython's `json` module, and depend on what Python makes of numbers
//! (`1e22` becomes the text `1e+22`), of lone surrogates and of duplicate keys. No Rust parser keeps those, so this is
//! one: it accepts the language of `json.loads` less `NaN` and `Infinity`, keeps the members of a top-level object with
//! the items of their lists, and of values further down only that they were well formed. Nesting is limited, where Python runs out of stack.

mod number;
mod scanner;
#[cfg(test)]
mod tests;

use std::fmt;

use self::scanner::Scanner;

/// Levels of nesting that are read; no field of this API needs more than one.
const MAX_DEPTH: usize = 100;

/// Items of a list that are read; no field of this API takes as many.
pub(crate) const MAX_ITEMS: usize = 100;

/// A value, as far as a field of a form needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool,
    /// A number, already as the text that Python's `str()` gives.
    Number {
        text: String,
        is_float: bool,
    },
    Text(Text),
    /// The first [`MAX_ITEMS`] of its items, and whether there are more; none of a list within another value.
    List {
        items: Vec<Json>,
        more: bool,
    },
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The name of the Python type, which error messages use.
    pub(crate) fn python_type(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool => "bool",
            Self::Number { is_float: false, .. } => "int",
            Self::Number { is_float: true, .. } => "float",
            Self::Text(_) => "str",
            Self::List { .. } => "list",
            Self::Object(_) => "dict",
        }
    }
}

/// Text that may have held a lone surrogate, which no Rust string can: U+FFFD stands in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) surrogate: Option<u16>,
}

/// Why a body is not JSON, in CPython's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Bytes that are not UTF-8.
    Encoding(String),
    /// Something else than the grammar has here.
    Syntax { message: &'static str, line: usize, column: usize, position: usize },
    /// `NaN`, `Infinity`, `-Infinity`.
    Constant(&'static str),
    /// An integer of so many digits, which would cost quadratic time to convert.
    Digits(usize),
    /// More than [`MAX_DEPTH`] levels.
    Depth,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(message) => f.write_str(message),
            Self::Syntax { message, line, column, position } => {
                write!(f, "{message}: line {line} column {column} (char {position})")
            }
            Self::Constant(name) => write!(f, "Out of range float values are not JSON compliant: '{name}'"),
            Self::Digits(digits) => write!(
                f,
                "Exceeds the limit (4300 digits) for integer string conversion: value has {digits} digits; use \
                 sys.set_int_max_str_digits() to increase the limit"
            ),
            Self::Depth => write!(f, "nested more than {MAX_DEPTH} levels deep"),
        }
    }
}

/// Reads a whole body.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    Scanner::new(decode(bytes)?).document()
}

fn decode(bytes: &[u8]) -> Result<&str, JsonError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let start = error.valid_up_to();
    let Some(length) = error.error_len() else {
        // A sequence cut off at the very end: Python's stream reader waits for the rest and never sees it.
        return Ok(bytes.get(..start).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default());
    };
    let first = bytes.get(start).copied().unwrap_or_default();
    let starts_nothing = matches!(first, 0x80..=0xc1 | 0xf5..=0xff);
    let reason = if starts_nothing { "invalid start byte" } else { "invalid continuation byte" };
    Err(JsonError::Encoding(if length == 1 {
        format!("'utf-8' codec can't decode byte 0x{first:02x} in position {start}: {reason}")
    } else {
        format!("'utf-8' codec can't decode bytes in position {start}-{}: {reason}", start + length - 1)
    }))
}
