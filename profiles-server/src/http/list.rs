//! Answers that are lists: a page of them, or all of them in constant memory.

use std::future::Future;

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
    answer::{json_bytes, to_json},
    error::ApiError,
    etag::{documented, tagged},
    pagination::{PageBody, PageNumber, PageQuery, Pagination},
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
        let headers = vec![documented()];
        let response = MetaResponse { description, status: Some(200), status_range: None, content, headers };
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

    /// The list as the settings have it: a page of `read`'s rows, or all of them.
    pub(crate) async fn answer<T, Id, W, F, Fut>(
        pagination: Pagination,
        asked: Asked<'_>,
        count: impl Future<Output = Result<u64, Error>>,
        read: F,
        row: RowShape<T, Id, W>,
    ) -> Result<Self, ApiError>
    where
        T: Send + 'static,
        Id: Copy + Send + 'static,
        W: Serialize + 'static,
        F: Fn(Slice<Id>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Rows<T>, Error>> + Send + 'static,
    {
        let Pagination::PageNumber { size, max_size } = pagination else { return Ok(Self::all(read, row).await?) };
        let count = count.await?;
        let page = PageNumber::find(&asked.page, size, max_size, count)?;
        let rows = read(Slice { start: Start::Skip(page.skip()), limit: page.size }).await?.rows;
        let query = asked.request.uri().query().unwrap_or_default();
        let (next, previous) = (page.next(&asked.url, query), page.previous(&asked.url, query));
        let results = rows.iter().map(row.wire).collect();
        let page = to_json(&PageBody { count, next, previous, results }).map_err(|_| ApiError::Internal)?;
        Ok(Self::new(tagged(json_bytes(StatusCode::OK, page.clone()), &page)))
    }

    /// Every row, read in chunks while the client takes them. The first chunk is read at once, so that what fails,
    /// fails before the answer has begun.
    async fn all<T, Id, W, F, Fut>(read: F, row: RowShape<T, Id, W>) -> Result<Self, Error>
    where
        T: Send + 'static,
        Id: Copy + Send + 'static,
        W: Serialize + 'static,
        F: Fn(Slice<Id>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Rows<T>, Error>> + Send + 'static,
    {
        let first = read(Slice { start: Start::Skip(0), limit: CHUNK }).await?;
        let after = first.rows.last().map(row.id).filter(|_| first.more);
        let mut text = vec![b'['];
        write_rows(&mut text, &first.rows, row.wire)?;
        let Some(after) = after else {
            text.push(b']');
            return Ok(Self::new(json_bytes(StatusCode::OK, text)));
        };
        let body = stream::iter([Ok::<_, std::io::Error>(text)]).chain(rest_of(read, after, row));
        Ok(Self::new(json_bytes(StatusCode::OK, Body::from_bytes_stream(body))))
    }
}

/// The rows behind `after`, as pieces of text. A failure breaks the connection off: half a list must not look whole.
fn rest_of<T, Id, W, F, Fut>(
    read: F,
    after: Id,
    row: RowShape<T, Id, W>,
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
            let next = chunk.rows.last().map(row.id).filter(|_| chunk.more);
            let mut text = Vec::new();
            if !chunk.rows.is_empty() {
                text.push(b',');
            }
            write_rows(&mut text, &chunk.rows, row.wire)?;
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

/// Writes rows with commas between them.
fn write_rows<T, W: Serialize>(text: &mut Vec<u8>, rows: &[T], wire: fn(&T) -> W) -> Result<(), Error> {
    for (at, row) in rows.iter().enumerate() {
        text.extend((at > 0).then_some(b','));
        text.extend(to_json(&wire(row)).map_err(|error| Error::Unavailable(error.into()))?);
    }
    Ok(())
}

/// What the client asked of a list.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) page: PageQuery,
    /// The absolute URL of the list, for the links between its pages.
    pub(crate) url: String,
}

/// How a row is told from others, and how it looks on the wire.
pub(crate) struct RowShape<T, Id, W> {
    pub(crate) id: fn(&T) -> Id,
    pub(crate) wire: fn(&T) -> W,
}

impl<T, Id, W> Clone for RowShape<T, Id, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, Id, W> Copy for RowShape<T, Id, W> {}
