//! The control socket: a running server does what an operator asks for.
//!
//! Who can open it, may do everything: it has mode 0600 from before the first connection on.

mod file;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use profiles_core::Core;
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    select,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use self::file::SocketFile;
use super::{
    data::DataId,
    lines::{LONGEST_LINE, Line, read_line},
    protocol,
};
use crate::config::Storage;

/// Connections at once; more of them wait.
const CONNECTIONS: usize = 8;
/// How long a client may take for a line, or for taking one.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait after `accept` has failed.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Why there is no control socket. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    /// The system takes no such path.
    #[error("the path {} has {} bytes, and a socket's can't have more than {}: set control_socket to a shorter one",
            .0.display(), .0.as_os_str().len(), file::LONGEST_PATH)]
    TooLong(PathBuf),
    /// Another server listens there.
    #[error("another server listens on {}: set control_socket to another path", .0.display())]
    InUse(PathBuf),
    /// There is something that is no socket.
    #[error("{} is there, and no socket: move it away, or set control_socket to another path", .0.display())]
    Occupied(PathBuf),
    /// It can't be made.
    #[error("{} can't be made: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A socket that listens. Its file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    listener: UnixListener,
    file: SocketFile,
    data: DataId,
}

impl ControlSocket {
    /// Listens there, for this account alone and for commands about the database of `storage`, which is open. What a
    /// crash has left there is replaced.
    ///
    /// # Errors
    /// It can't, or another server does.
    pub(crate) async fn bind(path: PathBuf, storage: &Storage) -> Result<Self, SocketError> {
        let data = DataId::of(storage).map_err(|error| SocketError::Io { path: path.clone(), error })?;
        let (listener, file) = file::listen(path).await?;
        Ok(Self { listener, file, data })
    }

    /// Answers until `stop` turns true or its sender is gone; commands that are under way are finished.
    pub(crate) async fn run(self, core: Arc<Core>, mut stop: watch::Receiver<bool>) {
        let Self { listener, file, data } = self;
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        while !*stop.borrow() {
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
                let (stream, _) = listener.accept().await?;
                Ok::<_, io::Error>((place, stream))
            };
            select! {
                next = next => match next {
                    Ok((place, stream)) => {
                        let (core, stop) = (Arc::clone(&core), stop.clone());
                        connections.spawn(async move {
                            // A client that is gone needs no answer.
                            let _ = converse(stream, &core, data, stop).await;
                            drop(place);
                        });
                    }
                    Err(_) => sleep(BACK_OFF).await,
                },
                Some(_) = connections.join_next() => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        // Whoever comes now is to find nobody, and not wait.
        drop((listener, file));
        while connections.join_next().await.is_some() {}
    }
}

/// Answers line by line, until the client leaves, is too slow or talks nonsense.
async fn converse(stream: UnixStream, core: &Core, data: DataId, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let line = select! {
            line = timeout(PATIENCE, read_line(&mut stream)) => line??,
            _ = stop.changed() => return Ok(()),
        };
        match line {
            Line::Whole(request) => {
                let reply = protocol::perform(core, data, &request).await;
                timeout(PATIENCE, stream.write_all(&reply)).await??;
            }
            Line::TooLong => {
                let reply = protocol::refusal(format!("a request has at most {LONGEST_LINE} bytes"));
                return timeout(PATIENCE, stream.write_all(&reply)).await?;
            }
            Line::End => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
