//! Errors as clients see them.

use std::time::Duration;

use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use profiles_api::Detail;
use profiles_core::{Error, FieldErrors, Kind, permissions::Denied};
use serde_json::{Map, Value};

use super::{answer::json_response, authentication::ANONYMOUS_STATUS, json::JsonError};

/// Everything that an operation can answer instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// What the core says.
    #[error(transparent)]
    Core(#[from] Error),
    /// No operation, or no row, of that name.
    #[error("Not found.")]
    NotFound,
    /// There is no such page.
    #[error("Invalid page.")]
    InvalidPage,
    /// A cursor that was not made for this list.
    #[error("Invalid cursor")]
    InvalidCursor,
    /// A parameter of the query does not do.
    #[error("{message}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// Why.
        message: String,
    },
    /// `Accept` leaves nothing.
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    /// The view exists, the method does not.
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(String),
    /// Credentials were presented, and are bad.
    #[error("{0}")]
    BadCredentials(&'static str),
    /// Logging out, without what there is to log out of.
    #[error("You should be logged in to logout. Check whether the token is passed.")]
    NoToken,
    /// A session without the proof that its own pages sent the request.
    #[error("CSRF Failed: {0}")]
    Csrf(String),
    /// No JSON.
    #[error("JSON parse error - {0}")]
    Json(JsonError),
    /// No form.
    #[error("Multipart form parse error - {0}")]
    Multipart(String),
    /// JSON, but no object.
    #[error("Invalid data. Expected a dictionary, but got {0}.")]
    NotAnObject(&'static str),
    /// `null`.
    #[error("No data provided")]
    NoData,
    /// More form fields than are read.
    #[error("The form has more than {0} fields; send fewer.")]
    TooManyFields(usize),
    /// A longer body than is read.
    #[error("The request body is larger than {0} bytes; send less.")]
    TooLarge(usize),
    /// A body of a type that is not read.
    #[error("Unsupported media type \"{0}\" in request.")]
    MediaType(String),
    /// The body did not arrive.
    #[error("The request body could not be read.")]
    Unreadable,
    /// A text in the query has a NUL.
    #[error("Null characters are not allowed.")]
    NullCharacter,
    /// The row is not as `If-Match` has it.
    #[error("The row has changed. Read it again.")]
    PreconditionFailed,
    /// An `Idempotency-Key` that is none.
    #[error("The Idempotency-Key must be 1 to 255 printable ASCII characters.")]
    IdempotencyKey,
    /// No place for another live feed.
    #[error("There are too many streams, try again later.")]
    TooManyStreams,
    /// A fault of this program; the log knows more.
    #[error("A server error occurred.")]
    Internal,
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Core(errors.into())
    }
}

impl ApiError {
    fn http_status(&self) -> StatusCode {
        match self {
            Self::Core(Error::Denied(Denied::Unauthenticated)) | Self::BadCredentials(_) => StatusCode::UNAUTHORIZED,
            Self::Core(Error::Denied(_)) | Self::Csrf(_) => StatusCode::FORBIDDEN,
            Self::Core(Error::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Core(Error::Missing(_)) | Self::NotFound | Self::InvalidPage | Self::InvalidCursor => {
                StatusCode::NOT_FOUND
            }
            Self::Core(Error::Invalid(_))
            | Self::Json(_)
            | Self::Multipart(_)
            | Self::NotAnObject(_)
            | Self::NoData
            | Self::NoToken
            | Self::TooManyFields(_)
            | Self::Unreadable
            | Self::Parameter { .. }
            | Self::IdempotencyKey
            | Self::NullCharacter => StatusCode::BAD_REQUEST,
            Self::Core(Error::KeyReused) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Core(Error::UnderWay) => StatusCode::CONFLICT,
            Self::PreconditionFailed | Self::Core(Error::Changed) => StatusCode::PRECONDITION_FAILED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Core(_) | Self::TooManyStreams => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Core(Error::Invalid(errors)) => by_field(errors),
            Self::NotAnObject(_) | Self::NoData => {
                Value::Object(Map::from_iter([("non_field_errors".to_owned(), vec![self.to_string()].into())]))
            }
            Self::NullCharacter => vec![self.to_string()].into(),
            Self::Parameter { name, message } => {
                Value::Object(Map::from_iter([((*name).to_owned(), vec![message.clone()].into())]))
            }
            Self::Core(Error::Missing(Kind::Profile)) => detail("No Profile matches the given query."),
            Self::Core(Error::Missing(Kind::Status)) => detail("No ProfileStatus matches the given query."),
            Self::Core(Error::Missing(_)) => detail("Not found."),
            Self::Core(Error::Changed) => detail(&Self::PreconditionFailed.to_string()),
            Self::Core(Error::KeyReused) => detail(KEY_REUSED),
            Self::Core(Error::UnderWay) => detail(UNDER_WAY),
            Self::Core(Error::Throttled { retry_after }) => detail(&throttled(retry_after.as_secs())),
            other => detail(&other.to_string()),
        }
    }
}

const KEY_REUSED: &str = "This Idempotency-Key was used for another request.";
const UNDER_WAY: &str = "A request with this Idempotency-Key is being done.";

/// Django REST framework's message.
fn throttled(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Request was throttled. Expected available in {seconds} {unit}.")
}

fn detail(text: &str) -> Value {
    Value::Object(Map::from_iter([("detail".to_owned(), text.into())]))
}

fn by_field(errors: &FieldErrors) -> Value {
    let texts = |errors: &[profiles_core::FieldError]| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
    errors.iter().map(|(field, errors)| (field.to_owned(), Value::from(texts(errors)))).collect::<Map<_, _>>().into()
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.http_status()
    }

    fn as_response(&self) -> Response {
        match self {
            Self::Core(Error::Busy) => tracing::warn!("a request was refused because there are too many at once"),
            Self::Core(error @ Error::Unavailable(cause)) => {
                tracing::error!(%error, %cause, "a request could not be served");
            }
            _ => {}
        }
        let mut response = json_response(self.http_status(), &self.body());
        let wait = match self {
            Self::Core(Error::Throttled { retry_after }) => Some(retry_after.as_secs()),
            other => (other.http_status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.as_response()
    }
}

/// The messages of each field, by its name; what belongs to no field stands under `non_field_errors`.
struct ValidationErrors;

impl ValidationErrors {
    fn schema() -> MetaSchemaRef {
        let messages = <Vec<String>>::schema_ref();
        let mut schema = MetaSchema::new("object");
        schema.title = Some("ValidationErrors".to_owned());
        schema.description =
            Some("The messages of each field, by its name; `non_field_errors` for what belongs to none.");
        schema.additional_properties = Some(Box::new(messages));
        schema.example = Some(serde_json::json!({ "status_content": ["This field is required."] }));
        MetaSchemaRef::Inline(Box::new(schema))
    }
}

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let response = |status, description, schema| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: "application/json", schema }],
            headers: vec![],
        };
        let detail = |status, description, example: Self| {
            let mut schema = MetaSchema::ANY;
            schema.all_of = vec![Detail::schema_ref()];
            schema.example = Some(example.body());
            response(status, description, MetaSchemaRef::Inline(Box::new(schema)))
        };
        let denied = |denied: Denied| Self::Core(denied.into());
        MetaResponses {
            responses: vec![
                response(400, "The body can't be read, or a field does not do", ValidationErrors::schema()),
                detail(ANONYMOUS_STATUS, "Credentials are missing or bad", denied(Denied::Unauthenticated)),
                detail(403, "The caller may not do this, or the CSRF check failed", denied(Denied::Forbidden)),
                detail(404, "There is no such row or page", Self::NotFound),
                detail(405, "The path has no such method", Self::MethodNotAllowed("TRACE".to_owned())),
                detail(406, "`Accept` leaves nothing to answer with", Self::NotAcceptable),
                detail(409, "A request with this `Idempotency-Key` is being done", Self::Core(Error::UnderWay)),
                detail(412, "The row is not as `If-Match` has it", Self::PreconditionFailed),
                detail(413, "The body is too large", Self::TooLarge(2_621_440)),
                detail(415, "The body is of a type that is not read", Self::MediaType("text/plain".to_owned())),
                detail(422, "This `Idempotency-Key` was used for another request", Self::Core(Error::KeyReused)),
                detail(
                    429,
                    "Tried too often; `Retry-After` says in how many seconds it may be tried again",
                    Self::Core(Error::Throttled { retry_after: Duration::from_mins(1) }),
                ),
                detail(
                    503,
                    "Too busy, or the database is unavailable; `Retry-After` says when to try again",
                    Self::Core(Error::Busy),
                ),
            ],
        }
    }

    fn register(registry: &mut Registry) {
        Detail::register(registry);
    }
}
