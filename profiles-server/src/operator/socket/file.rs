//! The file that a socket is found by.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::SocketError;

/// Bytes of a path that fit into `sockaddr_un` beside the NUL at its end.
pub(super) const LONGEST_PATH: usize = 107;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// A socket's file, which goes when this does.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Unless somebody has put another one into its place.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            // What stays is what a crash leaves: the next start removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// Makes a socket there that none but this account can open, in the place of one that nobody listens on.
pub(super) async fn listen(path: PathBuf) -> Result<(UnixListener, SocketFile), SocketError> {
    if path.as_os_str().len() > LONGEST_PATH {
        return Err(SocketError::TooLong(path));
    }
    make_way(&path).await?;
    make(&path).map_err(|error| SocketError::Io { path, error })
}

/// Nobody can connect before `listen`, so the mode is right from the first moment on, whatever the umask is.
fn make(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let file = SocketFile { path: path.to_owned(), identity: identity(&fs::symlink_metadata(path)?) };
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok((socket.listen(BACKLOG)?, file))
}

/// Removes a socket that a crash has left, and nothing else.
async fn make_way(path: &Path) -> Result<(), SocketError> {
    let failed = |error| SocketError::Io { path: path.to_owned(), error };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(SocketError::Occupied(path.to_owned())),
        Ok(_) => match UnixStream::connect(path).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(failed(error)),
            // It has a listener, be it one whose queue is full.
            _ => Err(SocketError::InUse(path.to_owned())),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
