//! Which data a command is for.

use std::{fs, io, os::unix::fs::MetadataExt};

use serde::{Deserialize, Serialize};

use crate::config::Storage;

/// The directory of a database, whatever path leads to it. Two servers may be told of one path for their control
/// sockets, and a command must not reach the wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DataId {
    device: u64,
    inode: u64,
}

impl DataId {
    /// Of the database of this configuration, which is there.
    pub(super) fn of(storage: &Storage) -> io::Result<Self> {
        let directory = fs::metadata(storage.store_dir())?;
        Ok(Self { device: directory.dev(), inode: directory.ino() })
    }

    #[cfg(test)]
    pub(super) const fn numbered(inode: u64) -> Self {
        Self { device: 1, inode }
    }
}
