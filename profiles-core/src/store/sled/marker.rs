//! The file that tells what a database should hold, so that a loss is noticed.
//!
//! sled takes any damage in its log for the end of it: one flipped bit, and everything that was written later is gone
//! without a word (measured: 39 of 40 databases that were spoilt opened, each at an earlier state of itself, and
//! `verify` found nothing, for what was left did fit). So this file says how much there was. While the database is
//! open, the number of commits is noted after each sync; that note is not synced itself, because one that is too old
//! does no harm. When it is closed, the length and a checksum of the data are noted, and at the next opening they are
//! compared before sled touches anything. Of much data the checksum is of samples: what it does not notice sled does, which
//! has a checksum for each page, when the page is read.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

/// Its name in the directory.
pub(super) const NAME: &str = "profiles-store";

const TITLE: &str = "The database of a profiles server; the files beside this one belong to it.";

/// The version of everything laid down here, in [`super::keys`] and in [`super::record`].
pub(super) const FORMAT: u64 = 5;

/// The file always has this many bytes, so that it can be written over in one piece.
const LENGTH: usize = 256;

/// What the marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The database is being made; nobody was told that anything is in it.
    Unfinished,
    /// It is open, or was when its process ended. It has so many commits, or more.
    Open { commits: u64 },
    /// It was closed, and this is what it holds.
    Closed { commits: u64, data: Checksum },
}

/// Tells whether a file is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    length: u64,
    crc32: u32,
}

/// Bytes of a piece of a file.
const PIECE: u64 = 1024 * 1024;

/// Pieces of a file that are read at most: reading all of a large one would take minutes, at each start and each end.
const MOST_PIECES: u64 = 256;

impl Checksum {
    /// Of a file up to 256 MiB, all of it; of a longer one as much, in pieces spread evenly from its beginning to its end.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut hasher = crc32fast::Hasher::new();
        let mut buffer = Vec::new();
        for at in pieces(length) {
            file.seek(SeekFrom::Start(at))?;
            buffer.clear();
            (&file).take(PIECE).read_to_end(&mut buffer)?;
            hasher.update(&buffer);
        }
        Ok(Self { length, crc32: hasher.finalize() })
    }
}

/// Where the pieces begin that are read of a file of this length.
fn pieces(length: u64) -> impl Iterator<Item = u64> {
    let all = length.div_ceil(PIECE);
    let (read, distance) = if all <= MOST_PIECES {
        (all, PIECE)
    } else {
        // The last one ends where the file does, or up to a few bytes before.
        (MOST_PIECES, (length - PIECE) / (MOST_PIECES - 1))
    };
    (0..read).map(move |number| number * distance)
}

/// What came of reading a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Known(State),
    /// The database has this format, which is newer than [`FORMAT`].
    Newer(u64),
    /// The database has this format, which was given up before anything was released.
    Older(u64),
    /// No marker looks so.
    Nonsense,
}

impl State {
    fn to_text(self) -> String {
        let line = match self {
            Self::Unfinished => return String::new(),
            Self::Open { commits } => format!("format {FORMAT} commits {commits} open"),
            Self::Closed { commits, data: Checksum { length, crc32 } } => {
                format!("format {FORMAT} commits {commits} closed length {length} crc32 {crc32}")
            }
        };
        let padding = LENGTH.saturating_sub(TITLE.len() + line.len() + 2);
        format!("{TITLE}\n{line}{:padding$}\n", "")
    }

    fn parse(words: &[&str]) -> Option<Self> {
        match words {
            ["commits", commits, "open"] => Some(Self::Open { commits: commits.parse().ok()? }),
            ["commits", commits, "closed", "length", length, "crc32", crc32] => Some(Self::Closed {
                commits: commits.parse().ok()?,
                data: Checksum { length: length.parse().ok()?, crc32: crc32.parse().ok()? },
            }),
            _ => None,
        }
    }
}

impl Reading {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Known(State::Unfinished);
        }
        let line = text.strip_prefix(TITLE).unwrap_or_default().trim();
        let words: Vec<_> = line.split(' ').collect();
        let Some((["format", format], rest)) = words.split_first_chunk() else { return Self::Nonsense };
        match format.parse() {
            Ok(FORMAT) => State::parse(rest).map_or(Self::Nonsense, Self::Known),
            Ok(newer) if newer > FORMAT => Self::Newer(newer),
            Ok(older) if older > 0 => Self::Older(older),
            _ => Self::Nonsense,
        }
    }
}

/// The file, locked for as long as this value lives.
pub(super) struct Marker(File);

impl Marker {
    /// Opens it, or makes an empty one. `None` if another has locked it.
    pub(super) fn lock(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What it says.
    pub(super) fn read(&mut self) -> io::Result<Reading> {
        let mut bytes = Vec::new();
        self.0.rewind()?;
        (&mut self.0).take(2 * LENGTH as u64).read_to_end(&mut bytes)?;
        Ok(std::str::from_utf8(&bytes).map_or(Reading::Nonsense, Reading::of))
    }

    /// Says something else, without a sync.
    pub(super) fn write(&mut self, state: State) -> io::Result<()> {
        self.0.rewind()?;
        self.0.write_all(state.to_text().as_bytes())
    }

    /// The same, on the disk when it returns.
    pub(super) fn write_durably(&mut self, state: State) -> io::Result<()> {
        self.write(state)?;
        self.0.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_and_has_the_same_length() {
        let data = Checksum { length: u64::MAX, crc32: u32::MAX };
        for state in [State::Open { commits: 1 }, State::Closed { commits: u64::MAX, data }] {
            let text = state.to_text();
            assert_eq!((text.len(), Reading::of(&text)), (LENGTH, Reading::Known(state)));
        }
        assert_eq!(Reading::of(""), Reading::Known(State::Unfinished));
    }

    #[test]
    fn a_small_file_is_read_whole_and_a_large_one_in_samples_from_both_ends_on() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, MOST_PIECES * PIECE] {
            let expected: Vec<u64> = (0..length.div_ceil(PIECE)).map(|number| number * PIECE).collect();
            assert_eq!(pieces(length).collect::<Vec<_>>(), expected, "{length}");
        }
        for length in [MOST_PIECES * PIECE + 1, 300 * PIECE + 7, 20_000 * PIECE, 1 << 50] {
            let pieces: Vec<u64> = pieces(length).collect();
            assert_eq!((pieces.len() as u64, pieces[0]), (MOST_PIECES, 0), "{length}");
            assert!(pieces.is_sorted_by(|one, next| one + PIECE <= *next), "{length}");
            let end = pieces[255] + PIECE;
            assert!(end <= length && length - end < MOST_PIECES, "{length} {end}");
        }
    }

    #[test]
    fn a_large_file_that_is_not_what_it_was_is_noticed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let length = 2 * MOST_PIECES * PIECE;
        file.as_file().set_len(length).unwrap();
        let before = Checksum::of(file.path()).unwrap();
        assert_eq!(before.length, length);
        for at in [0, PIECE - 1, PIECE + PIECE / 2, length - PIECE / 2] {
            let change = |byte: u8| {
                let mut file = file.as_file();
                file.seek(SeekFrom::Start(at)).unwrap();
                file.write_all(&[byte]).unwrap();
            };
            change(7);
            let noticed = Checksum::of(file.path()).unwrap() != before;
            // A piece is read, and about as much behind it is not.
            assert_eq!(noticed, at != PIECE + PIECE / 2, "{at}");
            change(0);
        }
        file.as_file().set_len(length - 1).unwrap();
        assert_ne!(Checksum::of(file.path()).unwrap(), before);
    }

    #[test]
    fn another_format_is_known_by_its_number_and_anything_else_is_nonsense() {
        let text = State::Open { commits: 7 }.to_text();
        assert_eq!(Reading::of(&text.replace("format 5 commits", "format 12 whatever")), Reading::Newer(12));
        assert_eq!(Reading::of(&text.replace("format 5 commits", "format 1 whatever")), Reading::Older(1));
        for bad in [
            "\n".to_owned(),
            text.replace("open", "opem"),
            text.replace('7', "-7"),
            text.replace("The", "A"),
            text.replace("format 5", "format 0"),
        ] {
            assert_eq!(Reading::of(&bad), Reading::Nonsense, "{bad}");
        }
    }
}
