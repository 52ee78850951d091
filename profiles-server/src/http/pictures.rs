//! `/media/avatars/`: the files of pictures, and the links to them.
//!
//! A name stands for one content for ever, so whoever has a file need never ask again. What is served was encoded here;
//! should it ever be anything else than a picture, no browser runs any of it.

use std::sync::Arc;

use poem::{
    Body, Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use profiles_core::{
    Core,
    model::{AvatarFile, AvatarSize, Profile},
};

use super::{base_url::BaseUrl, error::ApiError, headers};

/// Where the files are, below the mount point.
const FOLDER: &str = "/media/avatars/";

/// A year: as good as for ever.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A picture loads nothing and runs nothing, opened by itself too.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Where the files of pictures are, as a client writes it.
#[derive(Clone, Debug)]
pub(crate) struct PictureLinks {
    /// Nothing where there are no pictures.
    base: Option<Arc<str>>,
}

impl PictureLinks {
    pub(crate) fn new(base: &BaseUrl<'_>, is_on: bool) -> Self {
        Self { base: is_on.then(|| base.absolute(FOLDER).into()) }
    }

    /// The link to the large picture that a profile shows.
    pub(crate) fn of(&self, profile: &Profile) -> Option<String> {
        let (base, avatar) = (self.base.as_deref()?, profile.avatar?);
        Some(format!("{base}{}", AvatarFile { avatar, size: AvatarSize::Large }))
    }
}

/// Serves the files.
pub(crate) struct Pictures {
    pub(crate) core: Arc<Core>,
}

impl Pictures {
    /// Whether this is the path of a file, or of what could be one.
    pub(crate) fn cover(path: &str) -> bool {
        path.starts_with(FOLDER)
    }

    async fn answer(&self, request: &Request) -> Result<Response, ApiError> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(ApiError::MethodNotAllowed(request.method().to_string()));
        }
        let name = request.uri().path().strip_prefix(FOLDER).unwrap_or_default();
        let file: AvatarFile = name.parse().map_err(|_| ApiError::NotFound)?;
        let content = self.core.avatar_file(file).await?.ok_or(ApiError::NotFound)?;
        let tag = format!("\"{name}\"");
        let has_it = headers::text(request.headers(), header::IF_NONE_MATCH).is_some_and(|known| names(&known, &tag));
        let mut response = Response::builder().status(if has_it { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        let fixed = [(header::CACHE_CONTROL, CACHING), (header::CONTENT_SECURITY_POLICY, POLICY)];
        for (name, value) in fixed {
            response = response.header(name, value);
        }
        response = response.header(header::ETAG, tag);
        if has_it {
            return Ok(response.finish());
        }
        let length = content.len();
        let body = if *request.method() == Method::HEAD { Body::empty() } else { content.into() };
        response = response.content_type(file.avatar.format.media_type()).header(header::CONTENT_LENGTH, length);
        Ok(response.body(body))
    }
}

/// Whether a list of tags names this one; a weak one is as good, since the name stands for every byte.
fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

impl Endpoint for Pictures {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self.answer(&request).await.unwrap_or_else(|error| {
            let refused = matches!(error, ApiError::MethodNotAllowed(_));
            let mut response = error.into_response();
            if refused {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            response
        }))
    }
}
