//! Request bodies in memory: bounded for one request, and for all of them together.

use std::{
    ops::{Deref, Range},
    sync::Arc,
};

use futures_util::TryStreamExt as _;
use poem::Body;
use profiles_core::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;

/// Bytes of a body that are read whatever else goes on; no honest request of this API needs more.
const SMALL: usize = 16 * 1024;
/// Larger bodies that are read at the same time. Anyone may send one, as slowly as they like: what a flood of them costs
/// is this times the limit of one.
const LARGE_AT_ONCE: usize = 32;

/// Files that are read, and made into pictures, at the same time. Only accounts send any.
const FILES_AT_ONCE: usize = 12;

/// Reads bodies; put into the request by the contract, for its operation.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    limit: usize,
    large: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// The bytes of a whole body. While a large one is here, it counts.
#[derive(Debug, Default)]
pub(crate) struct WholeBody {
    bytes: Vec<u8>,
    place: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Bodies of at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)), files: Arc::new(Semaphore::new(FILES_AT_ONCE)) }
    }

    /// Bytes of a body at most.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Reads a body that may have a file of so many bytes in it beside whatever else a body may hold, and counts it as long
    /// as it is here.
    ///
    /// # Errors
    /// It is too large, it breaks off, or too many of its kind are here.
    pub(crate) async fn read_with_file(&self, body: Body, max_file: usize) -> Result<WholeBody, ApiError> {
        let place = Arc::clone(&self.files).try_acquire_owned().map_err(|_| Error::Busy)?;
        self.to_end(body, Some(place), self.limit.saturating_add(max_file)).await
    }

    /// Whether a body holds nothing; no more of it is read than tells.
    ///
    /// # Errors
    /// It breaks off.
    pub(crate) async fn is_empty(body: Body) -> Result<bool, ApiError> {
        let mut pieces = Box::pin(body.into_bytes_stream());
        while let Some(piece) = pieces.try_next().await.map_err(|_| ApiError::Unreadable)? {
            if !piece.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// It is too large, it breaks off, or it is large while too many others are.
    pub(crate) async fn read(&self, body: Body) -> Result<WholeBody, ApiError> {
        self.to_end(body, None, self.limit).await
    }

    /// Reads a body of so many bytes at most. If it is large it takes a place among the large ones, unless it has one.
    async fn to_end(
        &self,
        body: Body,
        place: Option<OwnedSemaphorePermit>,
        most: usize,
    ) -> Result<WholeBody, ApiError> {
        let mut pieces = Box::pin(body.into_bytes_stream());
        let mut whole = WholeBody { bytes: Vec::new(), place };
        while let Some(piece) = pieces.try_next().await.map_err(|_| ApiError::Unreadable)? {
            let length = whole.bytes.len() + piece.len();
            if length > most {
                return Err(ApiError::TooLarge(most));
            }
            if length > SMALL && whole.place.is_none() {
                let place = Arc::clone(&self.large).try_acquire_owned();
                whole.place = Some(place.map_err(|_| Error::Busy)?);
            }
            whole.bytes.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

impl WholeBody {
    /// What is here of it, in the same memory: a large file is not here twice.
    pub(crate) fn cut(mut self, place: Range<usize>) -> Vec<u8> {
        self.bytes.truncate(place.end);
        self.bytes.drain(..place.start.min(self.bytes.len()));
        self.bytes
    }
}

impl Deref for WholeBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<WholeBody> for Body {
    fn from(whole: WholeBody) -> Self {
        whole.bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bodies: &Bodies, length: usize) -> Result<usize, String> {
        let whole = bodies.read(Body::from(vec![b'x'; length])).await;
        whole.map(|whole| whole.len()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        let bodies = Bodies::new(SMALL + 1);
        assert_eq!(read(&bodies, 0).await, Ok(0));
        assert_eq!(read(&bodies, SMALL + 1).await, Ok(SMALL + 1));
        let message = format!("The request body is larger than {} bytes; send less.", SMALL + 1);
        assert_eq!(read(&bodies, SMALL + 2).await, Err(message));
    }

    #[tokio::test]
    async fn so_many_large_bodies_are_here_at_a_time_and_any_number_of_small_ones() {
        let bodies = Bodies::new(10 * SMALL);
        let mut large = Vec::new();
        for _ in 0..LARGE_AT_ONCE {
            large.push(bodies.read(Body::from(vec![b'x'; SMALL + 1])).await.unwrap());
        }
        assert_eq!(read(&bodies, SMALL + 1).await, Err(Error::Busy.to_string()));
        assert_eq!(read(&bodies, SMALL).await, Ok(SMALL));
        large.pop();
        assert_eq!(read(&bodies, SMALL + 1).await, Ok(SMALL + 1));
    }
}
