//! Files of pictures in memory.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::AvatarStore;
use crate::model::{AvatarFile, Timestamp};

/// Keeps everything behind one lock and forgets it when it is dropped: for tests, and for programs that need nothing kept.
#[derive(Default)]
pub struct MemoryAvatars {
    files: Mutex<BTreeMap<AvatarFile, (Vec<u8>, Timestamp)>>,
}

impl MemoryAvatars {
    fn files(&self) -> MutexGuard<'_, BTreeMap<AvatarFile, (Vec<u8>, Timestamp)>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AvatarStore for MemoryAvatars {
    async fn put(&self, file: AvatarFile, content: Vec<u8>, at: Timestamp) -> io::Result<()> {
        self.files().insert(file, (content, at));
        Ok(())
    }

    async fn get(&self, file: AvatarFile) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files().get(&file).map(|(content, _)| content.clone()))
    }

    async fn remove(&self, file: AvatarFile) -> io::Result<()> {
        self.files().remove(&file);
        Ok(())
    }

    async fn list(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>> {
        let files = self.files();
        let listed = files.iter().filter(|(file, _)| file.avatar.digest.first() == Some(&first));
        Ok(listed.map(|(file, (_, at))| (*file, *at)).collect())
    }
}

/// How many there are, and nothing of what is in them.
impl fmt::Debug for MemoryAvatars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAvatars").field("files", &self.files().len()).finish()
    }
}
