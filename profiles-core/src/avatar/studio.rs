//! Making pictures without keeping others waiting, and files that come and go while people point at them.

use std::sync::Arc;

use tokio::{
    sync::{OwnedRwLockReadGuard, RwLock, RwLockWriteGuard, Semaphore},
    task::spawn_blocking,
};

use super::{AvatarRules, AvatarStore, Picture};
use crate::{Error, FieldError, FieldErrors, Result, fields::name};

/// Pictures that are made at the same time: what each costs in memory is for [`AvatarRules`] to say.
const AT_ONCE: usize = 2;
/// Pictures that are made or wait for it.
const MAX_WAITING: usize = 10;

/// The files of pictures, and the hands that make them.
pub(crate) struct Studio {
    pub(crate) files: Arc<dyn AvatarStore>,
    seats: Arc<Semaphore>,
    waiting: Semaphore,
    /// Held by many while they put files and point profiles at them, and by one alone while it makes sure that nobody
    /// points at a file and removes it. So nobody is left pointing at a file that went in between.
    pointing: Arc<RwLock<()>>,
}

impl Studio {
    pub(crate) fn new(files: Arc<dyn AvatarStore>) -> Self {
        let waiting = Semaphore::new(MAX_WAITING);
        Self { files, seats: Arc::new(Semaphore::new(AT_ONCE)), waiting, pointing: Arc::default() }
    }

    /// Makes a picture of what came.
    ///
    /// # Errors
    /// [`Error::Invalid`]: what is wrong with it. [`Error::Busy`] if too many wait.
    pub(crate) async fn develop(&self, file: Vec<u8>, rules: AvatarRules) -> Result<Picture> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(|_| Error::Busy)?;
        let making = spawn_blocking(move || {
            // Kept until the work is done, whether or not the caller waits for it.
            let _seat = seat;
            Picture::make(&file, &rules)
        });
        let made = making.await.unwrap_or_else(|failure| {
            // The decoders are others'. A file that one of them stumbles over is not an image to us either.
            tracing::error!(%failure, "a decoder of images failed");
            Err(FieldError::NotAnImage)
        });
        made.map_err(|error| FieldErrors::of(name::AVATAR, error).into())
    }

    /// From here on no file goes, until the guard does.
    pub(crate) async fn pointing(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.pointing).read_owned().await
    }

    /// From here on nobody begins to point at a file, until the guard goes.
    pub(crate) async fn removing(&self) -> RwLockWriteGuard<'_, ()> {
        self.pointing.write().await
    }
}
