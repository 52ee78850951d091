//! One's own picture.

use std::{convert::Infallible, time::Duration};

use futures_util::stream;
use reqwest::{
    Body, Method,
    multipart::{Form, Part},
};

use super::{Client, ClientError};
use crate::{Avatar, AvatarClear};

/// Bytes that are handed to the connection at a time.
const PIECE: usize = 16 * 1024;

/// How long sending a picture may take as a whole. The client's own time limit holds for the answer.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(15);

impl Client {
    /// Shows this image as the picture of the account that the token belongs to. `progress` is told how many bytes are on
    /// their way, each time there are more.
    ///
    /// The name says nothing to the server but by its ending: it goes by what is in the file.
    pub async fn set_avatar(
        &self,
        file_name: &str,
        image: Vec<u8>,
        mut progress: impl FnMut(u64) + Send + Sync + 'static,
    ) -> Result<Avatar, ClientError> {
        let length = count(image.len());
        let mut at = 0;
        let pieces = std::iter::from_fn(move || {
            let piece = image.get(at..)?.chunks(PIECE).next()?.to_vec();
            at += piece.len();
            progress(count(at));
            Some(Ok::<_, Infallible>(piece))
        });
        let part = Part::stream_with_length(Body::wrap_stream(stream::iter(pieces)), length);
        let form = Form::new().part("avatar", part.file_name(file_name.to_owned()));
        let request = self.request(Method::PUT, "api/avatar/")?.timeout(UPLOAD_TIMEOUT).multipart(form);
        self.exchange(request).await?.json()
    }

    /// Takes the picture away.
    pub async fn clear_avatar(&self) -> Result<Avatar, ClientError> {
        self.exchange(self.request(Method::PUT, "api/avatar/")?.json(&AvatarClear::default())).await?.json()
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
