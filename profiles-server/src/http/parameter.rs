//! A text that a request carries beside its body, documented by the operation that takes it.

use std::marker::PhantomData;

use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef, Registry},
    types::Type,
};

/// Where in a request such texts are.
pub(crate) trait Place: Send + Sync + 'static {
    /// As the document calls it.
    fn documented() -> MetaParamIn;

    /// The text of this name there.
    fn read(request: &Request, name: &str) -> Option<String>;
}

/// One such text; `None` if the request has none of its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameter<P>(pub(crate) Option<String>, PhantomData<fn() -> P>);

impl<'a, P: Place> ApiExtractor<'a> for Parameter<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

    type ParamType = String;
    type ParamRawType = String;

    fn register(registry: &mut Registry) {
        <String as Type>::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(P::documented())
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    fn param_raw_type(&self) -> Option<&Self::ParamRawType> {
        self.0.as_ref()
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        Ok(Self(P::read(request, options.name), PhantomData))
    }
}
