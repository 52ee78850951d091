//! The body of a request, until an operation asks for it.

use std::marker::PhantomData;

use poem::{Body, Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};

use super::{
    body::Bodies,
    error::ApiError,
    form::{self, Form},
    headers,
};

/// A body that is read only when an operation asks for it, which is after it knows that the caller may send one. `T`
/// documents its shape.
pub(crate) struct Input<T> {
    content_type: String,
    body: Option<Body>,
    bodies: Option<Bodies>,
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
        let bodies = request.data::<Bodies>().cloned();
        Ok(Self { content_type: content_type(request), body: body.take().ok(), bodies, shape: PhantomData })
    }
}

impl<T> Input<T> {
    /// Reads the body.
    ///
    /// # Errors
    /// It is too large, of another type, malformed, or no object.
    pub(crate) async fn read(self) -> Result<Form, ApiError> {
        let bodies = self.bodies.ok_or(ApiError::Internal)?;
        let bytes = form::bytes(&self.content_type, self.body.unwrap_or_default(), &bodies).await?;
        Form::parse(&self.content_type, &bytes)
    }
}

pub(crate) fn content_type(request: &Request) -> String {
    headers::text(request.headers(), header::CONTENT_TYPE).unwrap_or_default()
}
