//! A form with a file in it: the one body that may be larger than the others.

use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use profiles_api::AvatarClear;
use profiles_core::AvatarUpload;

use super::{Form, Json, Kind, Value, multipart, parts};
use crate::http::{
    body::{Bodies, WholeBody},
    error::ApiError,
    input::content_type,
};

/// What a form says of a file.
#[derive(Debug)]
pub(crate) enum Sent {
    /// Nothing: it stays as it is.
    Nothing,
    /// That there is to be none.
    Null,
    /// This.
    File(AvatarUpload),
    /// Something that is no file.
    Other,
}

/// A body with a file, which is read only when an operation asks for it, as an [`Input`](crate::http::input::Input) is.
pub(crate) struct Upload {
    content_type: String,
    body: Body,
    bodies: Option<Bodies>,
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        AvatarClear::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let mut file = MetaSchema::new_with_format("string", "binary");
        file.description = Some("A PNG, JPEG, GIF or WebP image.");
        let mut form = MetaSchema::new("object");
        form.properties = vec![("avatar", MetaSchemaRef::Inline(Box::new(file)))];
        let form = MetaSchemaRef::Inline(Box::new(form));
        let content = vec![
            MetaMediaType { content_type: "multipart/form-data", schema: form },
            MetaMediaType { content_type: "application/json", schema: AvatarClear::schema_ref() },
        ];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let bodies = request.data::<Bodies>().cloned();
        Ok(Self { content_type: content_type(request), body: body.take().unwrap_or_default(), bodies })
    }
}

impl Upload {
    /// Reads the body for the field of this name: a file of at most `max_file` bytes, beside whatever else a body may
    /// hold.
    ///
    /// # Errors
    /// It is too large, of another type, or malformed; or too many files are being read.
    pub(crate) async fn read(self, name: &str, max_file: usize) -> Result<Sent, ApiError> {
        let bodies = self.bodies.ok_or(ApiError::Internal)?;
        if Kind::of(&self.content_type) == Some(Kind::Multipart) {
            let boundary = match multipart::boundary(&self.content_type) {
                Ok(boundary) => boundary,
                Err(message) => {
                    // Without a body there is nothing to divide.
                    let is_empty = Bodies::is_empty(self.body).await?;
                    return if is_empty { Ok(Sent::Nothing) } else { Err(ApiError::Multipart(message)) };
                }
            };
            let body = bodies.read_with_file(self.body, max_file).await?;
            return sent(name, body, &boundary, (max_file, bodies.limit()));
        }
        let bytes = super::bytes(&self.content_type, self.body, &bodies).await?;
        let form = Form::parse(&self.content_type, &bytes)?;
        Ok(match form.get(name) {
            None => Sent::Nothing,
            Some(Value::Json(Json::Null)) => Sent::Null,
            Some(Value::Json(Json::Text(text))) if form.is_html && text.text.is_empty() => Sent::Null,
            Some(_) => Sent::Other,
        })
    }
}

/// What the last file of this name in a form is, or else the last text: a file wins over a text.
fn sent(name: &str, body: WholeBody, boundary: &str, (max_file, max_rest): (usize, usize)) -> Result<Sent, ApiError> {
    let (mut text, mut file, mut rest) = (Sent::Nothing, None, 0_usize);
    for part in multipart::named(&body, boundary) {
        let part = part?;
        let length = part.content.len();
        match part.file_name {
            Some(file_name) if part.name == name => {
                if length > max_file {
                    return Err(ApiError::TooLarge(max_file));
                }
                file = Some((file_name, part.content, part.is_base64));
            }
            other => {
                rest = rest.saturating_add(length);
                if rest > max_rest {
                    return Err(ApiError::TooLarge(max_rest));
                }
                if other.is_none() && part.name == name {
                    text = if length == 0 { Sent::Null } else { Sent::Other };
                }
            }
        }
    }
    let Some((file_name, content, is_base64)) = file else { return Ok(text) };
    let content = body.cut(content);
    let content = if is_base64 { decoded(&content)? } else { content };
    Ok(Sent::File(AvatarUpload { file_name, content }))
}

/// A file that is written in base 64; unlike a text it must be whole.
fn decoded(content: &[u8]) -> Result<Vec<u8>, ApiError> {
    let is_whole = content.iter().filter(|byte| !byte.is_ascii_whitespace()).count() % 4 == 0;
    let decoded = parts::base64(content).filter(|_| is_whole);
    decoded.ok_or_else(|| ApiError::Multipart("Could not decode base64 data.".to_owned()))
}
