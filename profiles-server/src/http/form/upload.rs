//! A form with a file in it: the one body that may be larger than the others.

use std::io;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use multer::{Field, Multipart};
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use profiles_api::AvatarClear;
use profiles_core::AvatarUpload;

use super::{Form, Json, Kind, MAX_FIELDS, Value, multipart};
use crate::http::{body::Bodies, error::ApiError, input::content_type, media::parameters};

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
            let _place = bodies.place_for_file()?;
            let parts = Parts { name, max_file, max_rest: bodies.limit() };
            return parts.read(self.body, boundary).await;
        }
        let bytes = super::bytes(&self.content_type, self.body, &bodies).await?;
        let form = Form::parse(&self.content_type, &bytes).await?;
        Ok(match form.get(name) {
            None => Sent::Nothing,
            Some(Value::Json(Json::Null)) => Sent::Null,
            Some(Value::Json(Json::Text(text))) if form.is_html && text.text.is_empty() => Sent::Null,
            Some(_) => Sent::Other,
        })
    }
}

/// What is read of the parts of a form, and how much.
struct Parts<'a> {
    name: &'a str,
    max_file: usize,
    max_rest: usize,
}

impl Parts<'_> {
    /// Bytes of a whole form at most.
    fn whole(&self) -> usize {
        self.max_file.saturating_add(self.max_rest)
    }

    /// A file wins over a text of the same name, and the last over those before it.
    async fn read(&self, body: Body, boundary: String) -> Result<Sent, ApiError> {
        let mut parts = Multipart::new(bounded(body, self.whole(), &boundary), boundary);
        let (mut text, mut file, mut rest) = (Sent::Nothing, Sent::Nothing, 0);
        for count in 0.. {
            let Some(mut part) = self.unless_broken(parts.next_field().await)?.flatten() else { break };
            if count == MAX_FIELDS {
                return Err(ApiError::TooManyFields(MAX_FIELDS));
            }
            let (name, file_name) = names(&part);
            let is_ours = name.is_some_and(|name| name.trim() == self.name);
            match file_name.filter(|file_name| !file_name.is_empty()) {
                Some(file_name) if is_ours && multipart::is_file_name(&file_name) => {
                    let Some(content) = self.content(&mut part, self.max_file).await? else { break };
                    file = Sent::File(AvatarUpload { file_name: multipart::shortened(&file_name), content });
                }
                other => {
                    let Some(content) = self.content(&mut part, self.max_rest - rest).await? else { break };
                    rest += content.len();
                    if is_ours && other.is_none() {
                        text = if content.is_empty() { Sent::Null } else { Sent::Other };
                    }
                }
            }
        }
        Ok(if matches!(file, Sent::Nothing) { text } else { file })
    }

    /// All that a part holds; nothing if it breaks off.
    async fn content(&self, part: &mut Field<'_>, most: usize) -> Result<Option<Vec<u8>>, ApiError> {
        let mut content = Vec::new();
        loop {
            match self.unless_broken(part.chunk().await)? {
                None => return Ok(None),
                Some(None) => return Ok(Some(content)),
                Some(Some(piece)) if content.len() + piece.len() > most => return Err(ApiError::TooLarge(most)),
                Some(Some(piece)) => content.extend_from_slice(&piece),
            }
        }
    }

    /// What was read; nothing where the form breaks off, of which what came before is kept, as the original does.
    fn unless_broken<T>(&self, read: Result<T, multer::Error>) -> Result<Option<T>, ApiError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(multer::Error::StreamReadFailed(error)) => {
                let too_large =
                    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::FileTooLarge);
                Err(if too_large { ApiError::TooLarge(self.whole()) } else { ApiError::Unreadable })
            }
            Err(
                multer::Error::ReadHeaderFailed(_)
                | multer::Error::DecodeHeaderName { .. }
                | multer::Error::DecodeHeaderValue { .. },
            ) => Err(ApiError::Multipart("a part has headers that can't be read".to_owned())),
            Err(_) => Ok(None),
        }
    }
}

/// The names of the field and of the file that a part has.
fn names(part: &Field<'_>) -> (Option<String>, Option<String>) {
    let disposition = part.headers().get("content-disposition");
    let disposition = String::from_utf8_lossy(disposition.map_or(b"", |value| value.as_bytes())).into_owned();
    let parameter =
        |name| parameters(&disposition).filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned());
    (parameter("name"), parameter("filename"))
}

/// The bytes of a body up to this many, and an end for one that has none.
fn bounded(body: Body, most: usize, boundary: &str) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + use<> {
    let mut left = most;
    let pieces = body.into_bytes_stream().map_err(io::Error::other).and_then(move |piece| {
        let fits = left.checked_sub(piece.len());
        left = fits.unwrap_or_default();
        let piece = fits.map(|_| Vec::from(piece)).ok_or_else(|| io::ErrorKind::FileTooLarge.into());
        async move { piece }
    });
    pieces.chain(stream::iter([Ok(format!("\r\n--{boundary}--\r\n").into_bytes())]))
}
