//! `GET /api/profile-status/stream/`

use poem::{
    Body, IntoResponse, Request, Response,
    http::{HeaderName, HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use profiles_core::permissions::{Action, Object};

use super::{Context, Tag, statuses::Times};
use crate::http::{authentication::Caller, error::ApiError, feed::From, headers, query::QueryText};

pub(crate) struct FeedApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Statuses")]
impl FeedApi {
    /// Follow the statuses
    ///
    /// As server-sent events: `created` and `updated` with the row, `deleted` with its number, and `reset` when the list
    /// has to be read anew. The header `Last-Event-ID` goes before the parameter. See the guide for what is told.
    #[oai(path = "/api/profile-status/stream", method = "get", operation_id = "follow_statuses")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query, with its documentation")]
    async fn follow(
        &self,
        request: &Request,
        caller: Caller,
        /// Only those of the account with exactly this username, case included.
        username: QueryText,
        /// Only those of the profile with this id.
        profile: QueryText,
        /// Only those posted then or later, by RFC 3339.
        since: QueryText,
        /// Only those posted before then.
        until: QueryText,
        /// Go on after the event with this id.
        last_event_id: QueryText,
    ) -> Result<EventStream, ApiError> {
        caller.core.authorise(caller.actor, Action::Read, Object::List)?;
        let filter = self.0.statuses_asked(username, &profile, &Times { since, until })?;
        let last = headers::text(request.headers(), HeaderName::from_static("last-event-id")).or(last_event_id.0);
        let from = From::last_event(last.as_deref());
        let stream = self.0.streams.open(caller, filter, from, self.0.settings.heartbeat).await?;
        let mut response = Response::builder().body(Body::from_bytes_stream(stream));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // nginx would keep events until it has enough of them.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        Ok(EventStream(response))
    }
}

/// A stream that has begun.
struct EventStream(Response);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for EventStream {
    fn meta() -> MetaResponses {
        let mut schema = MetaSchema::new("string");
        schema.example = Some("id: 7\nevent: deleted\ndata: {\"id\":1,\"user_profile\":\"ada\"}\n\n".into());
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        let content = vec![MetaMediaType { content_type: "text/event-stream", schema }];
        let description = "Events, until one side ends it";
        let response = MetaResponse { description, status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
