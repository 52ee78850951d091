//! Answers that are lists: a page of them, or all of them in constant memory.

use std::{collections::VecDeque, future::Future};

use futures_util::{Stream, StreamExt, stream};
use poem::{Body, IntoResponse, Request, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use profiles_core::{
    Error,
    store::{Rows, Slice, Start},
};
use serde::Serialize;

use super::{
    answer::{json_bytes, json_response, to_json},
    base_url::BaseUrl,
    error::ApiError,
    pagination::{PageBody, PageNumber, PageQuery},
};

/// Rows that a bare array reads at a time: the memory that a list of any length costs.
const CHUNK: usize = 500;

/// A list as it goes out; `P` documents its shape.
pub(crate) struct List<P> {
    response: Response,
    shape: std::marker::PhantomData<fn() -> P>,
}

impl<P> IntoResponse for List<P> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<P: Type> ApiResponse for List<P> {
    fn meta() -> MetaResponses {
        let description =
            "A page of the list; where the server is configured without pages, the bare array of all rows";
        let content = vec![MetaMediaType { content_type: "application/json", schema: P::schema_ref() }];
        let response = MetaResponse { description, status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        P::register(registry);
    }
}

impl<P> List<P> {
    fn new(response: Response) -> Self {
        Self { response, shape: std::marker::PhantomData }
    }

    /// One page, with links to its neighbours.
    pub(crate) fn page<T: Serialize>(page: PageNumber, count: u64, results: Vec<T>, url: &ListUrl) -> Self {
        let (next, previous) = (page.next(&url.url, &url.query), page.previous(&url.url, &url.query));
        Self::new(json_response(StatusCode::OK, &PageBody { count, next, previous, results }))
    }

    /// Every row, read in chunks while the client takes them. The first chunk is read at once, so that what fails,
    /// fails before the answer has begun.
    pub(crate) async fn all<T, Id, W, F, Fut>(read: F, id: fn(&T) -> Id, wire: fn(T) -> W) -> Result<Self, Error>
    where
        T: Send + 'static,
        Id: Copy + Send + 'static,
        W: Serialize + 'static,
        F: Fn(Slice<Id>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Rows<T>, Error>> + Send + 'static,
    {
        let first = read(Slice { start: Start::Skip(0), limit: CHUNK }).await?;
        let after = first.rows.last().map(id).filter(|_| first.more);
        let mut text = vec![b'['];
        let separated = write_rows(&mut text, first.rows, wire, false)?;
        let Some(after) = after else {
            text.push(b']');
            return Ok(Self::new(json_bytes(StatusCode::OK, text)));
        };
        let rest = rest_of(read, after, id, wire, separated);
        let body = Body::from_bytes_stream(stream::iter([Ok::<_, std::io::Error>(text)]).chain(rest));
        Ok(Self::new(json_bytes(StatusCode::OK, body)))
    }
}

/// The rows behind `after`, as pieces of text. A failure breaks the connection off: half a list must not look whole.
fn rest_of<T, Id, W, F, Fut>(
    read: F,
    after: Id,
    id: fn(&T) -> Id,
    wire: fn(T) -> W,
    separated: bool,
) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static
where
    T: Send + 'static,
    Id: Copy + Send + 'static,
    W: Serialize + 'static,
    F: Fn(Slice<Id>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Rows<T>, Error>> + Send + 'static,
{
    stream::unfold((Some(after), read), move |(after, read)| async move {
        let after = after?;
        let chunk = read(Slice { start: Start::After(after), limit: CHUNK }).await;
        let piece = chunk.and_then(|chunk| {
            let next = chunk.rows.last().map(id).filter(|_| chunk.more);
            let mut text = Vec::new();
            write_rows(&mut text, chunk.rows, wire, separated)?;
            text.extend(next.is_none().then_some(b']'));
            Ok((text, next))
        });
        match piece {
            Ok((text, next)) => Some((Ok(text), (next, read))),
            Err(error) => {
                tracing::error!(%error, "a list broke off");
                Some((Err(std::io::Error::other(error)), (None, read)))
            }
        }
    })
}

/// Writes rows with commas between them, and before the first if there were rows before; answers whether there are
/// any by now.
fn write_rows<T, W: Serialize>(
    text: &mut Vec<u8>,
    rows: Vec<T>,
    wire: fn(T) -> W,
    mut separated: bool,
) -> Result<bool, Error> {
    for row in VecDeque::from(rows) {
        text.extend(separated.then_some(b','));
        text.extend(to_json(&wire(row)).map_err(|error| Error::Unavailable(error.into()))?);
        separated = true;
    }
    Ok(separated)
}

/// Where the list is, for the links between its pages.
pub(crate) struct ListUrl {
    url: String,
    query: String,
}

impl ListUrl {
    pub(crate) fn of(request: &Request, base: &BaseUrl<'_>, path: &str) -> Self {
        Self { url: base.absolute(path), query: request.uri().query().unwrap_or_default().to_owned() }
    }
}

/// Finds the page that was asked for.
///
/// # Errors
/// There is no such page.
pub(crate) fn find_page(
    query: &PageQuery,
    size: usize,
    max_size: Option<usize>,
    count: u64,
) -> Result<PageNumber, ApiError> {
    PageNumber::find(query, size, max_size, count)
}
