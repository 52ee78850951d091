//! Everything that is held, as a file: what `export` writes and `restore` reads.
//!
//! ```text
//! {"format":"profiles-server export","version":1,"program":"profiles-server 0.1.0","at":"2026-01-01T00:00:00Z"}
//! {"row":"account","account":{"id":1,..},"places":[..]}
//! {"row":"picture","file":"00ff..-large.jpg","at":1709208000000000,"data":"<base64>"}
//! {"row":"numbers","account":1,..}
//! {"end":{"rows":{"account":1,..},"sha256":"<of all bytes before this line>"}}
//! ```
//!
//! One JSON object a line, in UTF-8: a first line that says what the file is, a line for each row
//! ([`Record`](profiles_core::store::Record) has their fields) and each file of a picture, and a last line by which a file
//! that was cut short or changed is known. Neither side ever has more than some thousand rows in memory.

mod reader;
mod writer;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    reader::{ReadError, Reader},
    writer::{WriteError, write},
};

/// What the first line says that the file is.
const FORMAT: &str = "profiles-server export";
/// The version of everything in the file. One that an older program could misread is another version.
const VERSION: u32 = 1;

/// The first line, as much of it as every version has.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    #[serde(default)]
    program: String,
    #[serde(default)]
    at: String,
}

/// A file of a picture.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Picture {
    row: String,
    file: String,
    at: i64,
    data: String,
}

/// What stands in [`Picture::row`].
const PICTURE: &str = "picture";

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastLine {
    end: End,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: Counts,
    sha256: String,
}

/// How many rows there are of each kind, files of pictures among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    fn add(&mut self, kind: &str) {
        match self.0.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(kind.to_owned(), 1)),
        }
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// In words: what people know, and the rest as a number.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |kind: &str| self.0.get(kind).copied().unwrap_or_default();
        let (accounts, statuses, pictures) = (of("account"), of("status"), of(PICTURE));
        let other = self.total() - accounts - statuses - pictures;
        write!(f, "{accounts} accounts, {statuses} statuses, {pictures} files of pictures and {other} other rows")
    }
}

#[cfg(test)]
mod tests;
