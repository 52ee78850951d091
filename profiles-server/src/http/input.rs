//! The body of a request, until an operation asks for it.

use std::marker::PhantomData;

use poem::{Body, Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};

use super::{error::ApiError, form::Form, headers};

/// The most bytes of body that a request may have; put into the request by the contract.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A body that is read only when an operation asks for it, which is after it knows that the caller may send one. `T`
/// documents its shape.
pub(crate) struct Input<T> {
    content_type: String,
    body: Option<Body>,
    limit: usize,
    shape: PhantomData<fn() -> T>,
}

impl<'a, T: Type> ApiExtractor<'a> for Input<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];
        let content = types.map(|content_type| MetaMediaType { content_type, schema: T::schema_ref() }).into();
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let limit = request.data::<BodyLimit>().map_or(0, |limit| limit.0);
        Ok(Self { content_type: content_type(request), body: body.take().ok(), limit, shape: PhantomData })
    }
}

impl<T> Input<T> {
    /// Reads the body.
    ///
    /// # Errors
    /// It is too large, of another type, malformed, or no object.
    pub(crate) async fn read(self) -> Result<Form, ApiError> {
        let bytes = read_bytes(self.body.unwrap_or_default(), self.limit).await?;
        Form::parse(&self.content_type, &bytes).await
    }
}

pub(crate) fn content_type(request: &Request) -> String {
    headers::text(request.headers(), header::CONTENT_TYPE).unwrap_or_default()
}

/// The whole body, bounded.
pub(crate) async fn read_bytes(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    match body.into_bytes_limit(limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(poem::error::ReadBodyError::PayloadTooLarge) => Err(ApiError::TooLarge(limit)),
        Err(_) => Err(ApiError::Unreadable),
    }
}
