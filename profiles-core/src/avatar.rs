//! Pictures of people: from what somebody sends to files that harm nobody.
//!
//! What comes in is read by what is in it, within bounds that are checked before anything is decoded, and made anew as
//! two squares: nothing of the sender's file is kept but its pixels. The files lie beside the store, in an
//! [`AvatarStore`], named after their content. They are durable before a profile points at them, and go when none does.

mod extent;
mod folder;
mod memory;
mod picture;
mod studio;

use std::io;

use async_trait::async_trait;

pub use self::{folder::FolderAvatars, memory::MemoryAvatars, picture::AvatarRules};
pub(crate) use self::{picture::Picture, studio::Studio};
use crate::model::{AvatarFile, Timestamp};

/// Where the files of pictures are kept. One process uses it at a time: the one that has the store.
#[async_trait]
pub trait AvatarStore: Send + Sync {
    /// Keeps a file, durably when it returns, and whole or not at all. One of this name that is there already has the
    /// same content, and is as old as `at` from now on.
    async fn put(&self, file: AvatarFile, content: Vec<u8>, at: Timestamp) -> io::Result<()>;

    /// What is in a file; `None` if there is none of this name.
    async fn get(&self, file: AvatarFile) -> io::Result<Option<Vec<u8>>>;

    /// Removes a file. One that is not there is passed over.
    async fn remove(&self, file: AvatarFile) -> io::Result<()>;

    /// The files whose digest begins with this byte, each with the moment at which it was put last; in no order.
    async fn list(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>>;
}
