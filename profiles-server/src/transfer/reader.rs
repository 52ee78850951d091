//! Reading an export. The file may be anything: what it says is believed once its last line says so.

use std::io::{self, BufRead, Read as _};

use data_encoding::{BASE64, HEXLOWER};
use profiles_core::{Piece, model::Timestamp, store::Record};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

use super::{Counts, FORMAT, Header, LastLine, PICTURE, Picture, VERSION};

/// Bytes of the first line at most.
const LONGEST_HEADER: u64 = 4096;
/// Bytes of another line at most: a file of a picture has some hundred thousand.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// Rows that are sent at a time.
const AT_ONCE: usize = 1024;

/// Why an export can't be read. `Display` goes behind the file's name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The system does not let us.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("is no export of profiles-server; one that was compressed has to be unpacked first")]
    Foreign,
    /// It has another version.
    #[error(
        "is an export of version {0}, and this program knows version {VERSION}: use the version of \
             profiles-server that wrote it"
    )]
    Version(u32),
    /// It ends in the middle.
    #[error("is cut short: it ends after line {0}, before its end")]
    CutShort(u64),
    /// It has a line that nobody has written.
    #[error("is damaged: {why} in line {line}")]
    Damaged {
        /// Which line.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Whoever takes the rows has stopped, and says why.
    #[error("was not read to its end")]
    Stopped,
}

/// An export whose first line was read.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    hash: Sha256,
    line: Vec<u8>,
    /// The number of that line.
    number: u64,
}

impl<R: BufRead> Reader<R> {
    /// Looks whether it is one.
    ///
    /// # Errors
    /// It is not, or has another version.
    pub(crate) fn open(input: R) -> Result<Self, ReadError> {
        let mut reader = Self { input, hash: Sha256::new(), line: Vec::new(), number: 0 };
        if !reader.next_line(LONGEST_HEADER).is_ok_and(|more| more) {
            return Err(ReadError::Foreign);
        }
        match serde_json::from_slice::<Header>(&reader.line) {
            Ok(Header { format, version: VERSION, .. }) if format == FORMAT => Ok(reader),
            Ok(Header { format, version, .. }) if format == FORMAT => Err(ReadError::Version(version)),
            _ => Err(ReadError::Foreign),
        }
    }

    /// Sends everything that is in it; the last of it, without which it is not kept, once the file is known to be whole.
    /// `tell` hears of the number of rows now and then. Not to be called on an async worker.
    ///
    /// # Errors
    /// It is damaged or can't be read, or the receiver is gone.
    pub(crate) fn read(mut self, to: &Sender<Piece>, mut tell: impl FnMut(u64)) -> Result<Counts, ReadError> {
        let (mut counts, mut rows) = (Counts::default(), Vec::new());
        let numbers = loop {
            self.hash.update(&self.line);
            self.demand_line()?;
            if let Some(piece) = self.picture()? {
                counts.add(PICTURE);
                send(to, Piece::Rows(std::mem::take(&mut rows)))?;
                send(to, piece)?;
                continue;
            }
            let record: Record =
                serde_json::from_slice(&self.line).map_err(|_| self.damaged("there is no known row"))?;
            counts.add(record.kind_name());
            if matches!(record, Record::Numbers(_)) {
                break record;
            }
            rows.push(record);
            if rows.len() == AT_ONCE {
                send(to, Piece::Rows(std::mem::take(&mut rows)))?;
                tell(self.number);
            }
        };
        self.hash.update(&self.line);
        self.check_end(&counts)?;
        send(to, Piece::Rows(rows))?;
        send(to, Piece::Rows(vec![numbers]))?;
        Ok(counts)
    }

    /// The file of a picture that this line holds, if it does.
    fn picture(&self) -> Result<Option<Piece>, ReadError> {
        // As it is written; anything else is taken for a row, and is none.
        if !self.line.starts_with(br#"{"row":"picture""#) {
            return Ok(None);
        }
        let damaged = || self.damaged("there is no known picture");
        let Picture { file, at, data, .. } = serde_json::from_slice(&self.line).map_err(|_| damaged())?;
        let file = file.parse().map_err(|_| damaged())?;
        let content = BASE64.decode(data.as_bytes()).map_err(|_| damaged())?;
        Ok(Some(Piece::Picture { file, content, at: Timestamp::from_micros(at) }))
    }

    /// Reads the last line, and compares what it says.
    fn check_end(&mut self, counts: &Counts) -> Result<(), ReadError> {
        self.demand_line()?;
        let last: LastLine = serde_json::from_slice(&self.line).map_err(|_| self.damaged("there is no end"))?;
        if last.end.sha256 != HEXLOWER.encode(&self.hash.clone().finalize()) {
            return Err(self.damaged("the checksum of all before it is another than"));
        }
        if last.end.rows != *counts {
            return Err(self.damaged("there are other numbers of rows than"));
        }
        if self.next_line(1)? { Err(self.damaged("there is something after the end")) } else { Ok(()) }
    }

    fn demand_line(&mut self) -> Result<(), ReadError> {
        if self.next_line(LONGEST_LINE)? { Ok(()) } else { Err(ReadError::CutShort(self.number)) }
    }

    /// Reads a line, with its end; answers whether there is one.
    fn next_line(&mut self, longest: u64) -> Result<bool, ReadError> {
        self.line.clear();
        let read = (&mut self.input).take(longest).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        if self.line.last() == Some(&b'\n') || longest == 1 {
            self.number += 1;
            return Ok(true);
        }
        if self.line.len() as u64 == longest {
            self.number += 1;
            return Err(self.damaged("there is more than any row has"));
        }
        Err(ReadError::CutShort(self.number))
    }

    fn damaged(&self, why: &'static str) -> ReadError {
        ReadError::Damaged { line: self.number, why }
    }
}

fn send(to: &Sender<Piece>, piece: Piece) -> Result<(), ReadError> {
    to.blocking_send(piece).map_err(|_| ReadError::Stopped)
}
