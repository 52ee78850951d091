//! A list of refused passwords of the operator's own.

use std::{
    fmt,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{self, BufRead, BufReader},
    path::Path,
};

use crate::password::text::listed;

/// Passwords that are refused: one a line, in UTF-8. Case, and white space around a password, are ignored, as with the
/// common passwords; so are empty lines, and a byte order mark at the beginning.
///
/// Kept are eight bytes of each password, its hash, sorted. Two passwords with one hash would be taken for the same:
/// among ten million, a password that is not listed meets that once in 10^12 times.
///
/// ```
/// use profiles_core::password::Blocklist;
///
/// let list = Blocklist::read("Analytical Engine\nbernoulli\n".as_bytes())?;
/// assert!(list.contains("analytical engine") && list.contains("BERNOULLI"));
/// assert!(!list.contains("analytical"));
/// # Ok::<(), profiles_core::password::BlocklistError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Blocklist(Vec<u64>);

/// Why there is no list. `Display` completes a sentence that begins with the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlocklistError {
    /// It can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is a directory, a pipe, or the like.
    #[error("is not a file")]
    NotAFile,
    /// It is larger than [`Blocklist::MAX_BYTES`].
    #[error("has more than {} MB: keep the most common passwords, and none that other rules refuse", Blocklist::MAX_BYTES >> 20)]
    TooLarge,
    /// A line is not UTF-8.
    #[error("is not UTF-8 text at line {line}: convert it, with iconv for example")]
    NotText {
        /// Which one, from 1.
        line: usize,
    },
}

impl Blocklist {
    /// The bytes that a list may have.
    pub const MAX_BYTES: u64 = 64 << 20;

    /// Reads a file, line by line.
    ///
    /// # Errors
    /// It is no file, can't be read, is too large, or not UTF-8.
    pub fn open(path: &Path) -> Result<Self, BlocklistError> {
        // Before it is opened, as opening a pipe would wait for a writer.
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(BlocklistError::NotAFile);
        }
        if metadata.len() > Self::MAX_BYTES {
            return Err(BlocklistError::TooLarge);
        }
        Self::read(BufReader::new(File::open(path)?))
    }

    /// Reads a list from anywhere.
    ///
    /// # Errors
    /// Reading fails, or what is read is too large or not UTF-8.
    pub fn read(list: impl BufRead) -> Result<Self, BlocklistError> {
        let mut list = list.take(Self::MAX_BYTES + 1);
        let (mut digests, mut bytes) = (Vec::new(), Vec::new());
        for line in 1.. {
            bytes.clear();
            let length = list.read_until(b'\n', &mut bytes)?;
            if list.limit() == 0 {
                return Err(BlocklistError::TooLarge);
            }
            if length == 0 {
                break;
            }
            let text = str::from_utf8(&bytes).map_err(|_| BlocklistError::NotText { line })?;
            let text = if line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
            let password = listed(text);
            if !password.is_empty() {
                digests.push(digest(&password));
            }
        }
        digests.sort_unstable();
        digests.dedup();
        digests.shrink_to_fit();
        Ok(Self(digests))
    }

    /// Whether the password stands in the list.
    pub fn contains(&self, password: &str) -> bool {
        self.0.binary_search(&digest(&listed(password))).is_ok()
    }

    /// How many passwords there are; two that differ by case alone are one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blocklist({} passwords)", self.len())
    }
}

/// The same in every process, so that every server refuses the same.
fn digest(password: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(password.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(list: Result<Blocklist, BlocklistError>) -> String {
        list.unwrap_err().to_string()
    }

    #[test]
    fn lines_are_passwords_in_any_case_and_with_any_end() {
        let list = "\u{feff}Erste\r\n\n   \nzweite  \n# kein Kommentar\nЛЮБОВЬ\nzwei worte\nERSTE\nletzte";
        let list = Blocklist::read(list.as_bytes()).unwrap();
        assert_eq!((list.len(), format!("{list:?}").as_str()), (6, "Blocklist(6 passwords)"));
        for listed in ["erste", "ZWEITE", " zweite", "# kein kommentar", "любовь", "Zwei Worte", "letzte"] {
            assert!(list.contains(listed), "{listed}");
        }
        for other in ["", " ", "zwei", "zweiworte", "\u{feff}erste", "letzte\0", "любов"] {
            assert!(!list.contains(other), "{other:?}");
        }
        assert!(Blocklist::read("\n\r\n \n".as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn long_lines_are_passwords_too() {
        let long = "Lang und länger ".repeat(700);
        let list = Blocklist::read(format!("kurz\n{long}\nNUL\0NUL\n").as_bytes()).unwrap();
        assert!(list.contains(&long) && list.contains("kurz") && list.contains("nul\0nul") && list.len() == 3);
        assert!(!list.contains(long.trim_start_matches("Lang ")));
    }

    #[test]
    fn what_is_not_text_is_told_by_line() {
        assert_eq!(
            refusal(Blocklist::read(b"eins\ncaf\xe9\n".as_slice())),
            "is not UTF-8 text at line 2: convert it, with iconv for example"
        );
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_in_memory() {
        let too_large = "has more than 64 MB: keep the most common passwords, and none that other rules refuse";
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.txt");
        File::create(&path).unwrap().set_len(Blocklist::MAX_BYTES + 1).unwrap();
        assert_eq!(refusal(Blocklist::open(&path)), too_large);
        // A file that grows while it is read.
        assert_eq!(refusal(Blocklist::read(BufReader::new(io::repeat(b'a')))), too_large);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert_eq!(refusal(Blocklist::open(Path::new("/dev/zero"))), "is not a file");
        assert_eq!(refusal(Blocklist::open(&std::env::temp_dir())), "is not a file");
        let missing = refusal(Blocklist::open(Path::new("/nowhere/list.txt")));
        assert!(missing.starts_with("can't be read: No such file"), "{missing}");
    }
}
