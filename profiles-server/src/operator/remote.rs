//! The side of the control socket that asks.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::UnixStream,
    time::{sleep, timeout},
};

use super::{
    OperatorError, Subject,
    data::DataId,
    lines::{LONGEST_LINE, Line, read_line},
    protocol,
};
use crate::config::Storage;

/// How long it may take to reach a server.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long to wait between two tries when the server's queue of connections is full.
const RETRY: Duration = Duration::from_millis(50);

/// A server that does what we ask. Each command has a connection of its own: between two pages of a list somebody may
/// read for an hour.
pub(super) struct Remote {
    path: PathBuf,
    data: DataId,
}

impl Remote {
    /// The server that listens there; `None` if none does. The database is there, and in use.
    pub(super) async fn find(path: PathBuf, storage: &Storage) -> Result<Option<Self>, OperatorError> {
        let closed = |socket, error| OperatorError::Closed { data_dir: storage.data_dir.clone(), socket, error };
        let data = match DataId::of(storage) {
            Ok(data) => data,
            Err(error) => return Err(closed(path, error)),
        };
        match connect(&path).await {
            Ok(_) => Ok(Some(Self { path, data })),
            // None was made, or one was left by a crash.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(None),
            // Its path is too long: the server has none either.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(None),
            Err(error) => Err(closed(path, error)),
        }
    }

    /// Has this done.
    pub(super) async fn ask<S: Subject>(&self, command: S) -> Result<S::Answer, OperatorError> {
        let request = protocol::request(self.data, command.into())?;
        let answered = timeout(S::PATIENCE, exchange(&self.path, &request)).await;
        let reply = answered.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        let reply = reply.map_err(|error| OperatorError::Unanswered { socket: self.path.clone(), error })?;
        protocol::answer(&reply)
    }
}

async fn connect(path: &Path) -> io::Result<UnixStream> {
    let connect = async {
        loop {
            match UnixStream::connect(path).await {
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(RETRY).await,
                other => return other,
            }
        }
    };
    timeout(PATIENCE, connect).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

async fn exchange(path: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = BufReader::new(connect(path).await?);
    stream.write_all(request).await?;
    match read_line(&mut stream).await? {
        Line::Whole(reply) => Ok(reply),
        Line::TooLong => Err(io::Error::other(format!("its answer is longer than {LONGEST_LINE} bytes"))),
        Line::End => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;
    use crate::operator::user;

    /// What is made of a server that reads a request and answers with this.
    async fn told(answer: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let remote = Remote { path, data: DataId::numbered(1) };
        let server = async {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            assert!(matches!(read_line(&mut stream).await.unwrap(), Line::Whole(_)));
            // Who has heard enough hangs up.
            let _ = stream.write_all(answer).await;
        };
        let (asked, ()) = tokio::join!(remote.ask(user::List { after: None }), server);
        asked.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_may_have_done_it() {
        let half = br#"{"version":1,"answer":["#;
        for answer in [&b""[..], half, &vec![b'x'; LONGEST_LINE + 1]] {
            let told = told(answer).await;
            assert!(told.starts_with("the running server did not answer through /"), "{told}");
            assert!(told.ends_with("it may have done what it was asked all the same"), "{told}");
        }
        for answer in [&b"hunter2\n"[..], b"{\"version\":1}\n", b"{\"version\":1,\"answer\":7}\n"] {
            assert_eq!(told(answer).await, "the running server's answer makes no sense");
        }
    }
}
