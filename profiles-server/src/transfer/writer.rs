//! Writing an export.

use std::io::{self, BufWriter, Write};

use data_encoding::{BASE64, HEXLOWER};
use profiles_core::{Core, Piece, env::Clock as _, env::SystemClock};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::spawn_blocking,
};

use super::{Counts, End, FORMAT, Header, LastLine, PICTURE, Picture, VERSION};

/// Pieces that wait to be written.
const WAITING: usize = 4;

/// Why there is no export. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// What is held can't be read.
    #[error("{}", crate::operator::with_cause(.0))]
    Core(#[from] profiles_core::Error),
    /// It can't be written.
    #[error("the export can't be written: {0}")]
    Io(#[from] io::Error),
}

/// Writes everything that is held, and flushes it; `tell` hears of the number of rows now and then.
///
/// # Errors
/// It can't be read, or not be written: then what was written has no end, and is refused by who reads it.
pub(crate) async fn write(
    core: &Core,
    out: impl Write + Send + 'static,
    tell: impl FnMut(u64) + Send + 'static,
) -> Result<Counts, WriteError> {
    let (to, pieces) = mpsc::channel(WAITING);
    let writing = spawn_blocking(move || write_all(out, pieces, tell));
    let sent = core.export(to).await;
    let written = writing.await.map_err(io::Error::other)?;
    match (sent, written) {
        // A writer that has failed takes no more, which is not the cause.
        (_, Err(error)) => Err(error.into()),
        (Err(error), Ok(_)) => Err(error.into()),
        (Ok(()), Ok(counts)) => Ok(counts),
    }
}

fn write_all(out: impl Write, mut pieces: Receiver<Piece>, mut tell: impl FnMut(u64)) -> io::Result<Counts> {
    let mut lines = Lines { out: BufWriter::with_capacity(1 << 16, out), hash: Sha256::new(), line: Vec::new() };
    let program = concat!("profiles-server ", env!("CARGO_PKG_VERSION")).to_owned();
    lines.put(&Header { format: FORMAT.to_owned(), version: VERSION, program, at: SystemClock.now().to_string() })?;
    let (mut counts, mut rows, mut whole) = (Counts::default(), 0, false);
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Rows(records) => {
                for record in records {
                    counts.add(record.kind_name());
                    lines.put(&record)?;
                    whole = matches!(record, profiles_core::store::Record::Numbers(_));
                    rows += 1;
                }
            }
            Piece::Picture { file, content, at } => {
                counts.add(PICTURE);
                let (row, file, data) = (PICTURE.to_owned(), file.to_string(), BASE64.encode(&content));
                lines.put(&Picture { row, file, at: at.as_micros(), data })?;
                rows += 1;
            }
        }
        tell(rows);
    }
    if whole {
        let sha256 = HEXLOWER.encode(&lines.hash.clone().finalize());
        lines.put(&LastLine { end: End { rows: counts.clone(), sha256 } })?;
    }
    lines.out.flush()?;
    Ok(counts)
}

/// Lines, and the hash of all that were put so far.
struct Lines<W: Write> {
    out: BufWriter<W>,
    hash: Sha256,
    line: Vec<u8>,
}

impl<W: Write> Lines<W> {
    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        self.hash.update(&self.line);
        self.out.write_all(&self.line)
    }
}
