//! Answers that are lists: a page of them, or all of them in constant memory.

use std::future::Future;

use futures_util::{Stream, StreamExt, stream};
use poem::{
    Body, IntoResponse, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use profiles_core::{
    Error,
    store::{Rows, Slice, Start},
};
use serde::Serialize;

use super::{
    answer::{json_bytes, to_json},
    base_url::RequestPath,
    cursor::{Cursors, Place},
    error::ApiError,
    etag::{documented, tagged},
    pagination::{CursorBody, PageBody, PageNumber, PageSize, Pagination, link},
    query::QueryText,
    routes::Context,
};

/// Rows that a bare array reads at a time: the memory that a list of any length costs.
const CHUNK: usize = 500;

/// A list that clients read: which rows it has and in which order, and how they look.
pub(crate) trait Listing: Send + Sync + Sized + 'static {
    type Row: Send + 'static;
    /// Where a row stands in the list.
    type Key: Clone + Send + 'static;
    type Wire: Serialize + 'static;

    /// How many rows the whole list has.
    fn count(&self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// A part of it.
    fn read(&self, slice: Slice<Self::Key>) -> impl Future<Output = Result<Rows<Self::Row>, Error>> + Send;

    /// The same rows in the opposite order.
    fn turned(&self) -> Self;

    /// Whether to skip rows costs the same however many they are.
    fn skips_freely(&self) -> bool;

    /// What it shows and in which order, the same for the same list: cursors are bound to it.
    fn identity(&self) -> Vec<u8>;

    fn key(row: &Self::Row) -> Self::Key;

    /// A key for a cursor.
    fn write_key(&self, key: &Self::Key) -> Vec<u8>;

    /// A key from a cursor of this list.
    fn read_key(&self, bytes: &[u8]) -> Option<Self::Key>;

    fn wire(&self, row: &Self::Row) -> Self::Wire;
}

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
        let description = "A page of the list; where the server is configured for cursors, a page without `count`; \
                           where it is configured without pages, the bare array of all rows";
        let content = vec![MetaMediaType { content_type: "application/json", schema: P::schema_ref() }];
        let link = MetaHeader {
            name: "Link".to_owned(),
            description: Some("The pages `first`, `prev` and `next`, as RFC 8288 has it".to_owned()),
            required: false,
            deprecated: false,
            schema: <String as Type>::schema_ref(),
        };
        let response = MetaResponse {
            description,
            status: Some(200),
            status_range: None,
            content,
            headers: vec![link, documented()],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        P::register(registry);
    }
}

/// What a client asks of any list, beside what it shows.
pub(crate) struct Paging {
    pub(crate) page: QueryText,
    pub(crate) page_size: QueryText,
    pub(crate) cursor: QueryText,
}

/// A page as every style has it.
struct Page<T> {
    rows: Vec<T>,
    next: Option<String>,
    previous: Option<String>,
}

impl<P> List<P> {
    /// The list as the settings have it: a page, or all of it.
    pub(crate) async fn answer<L: Listing>(
        context: &Context,
        request: &Request,
        paging: &Paging,
        listing: L,
    ) -> Result<Self, ApiError> {
        let path = RequestPath::of(request).to_owned();
        let url = context.base_url(request).absolute(&path);
        let query = request.uri().query().unwrap_or_default();
        let size = |size, max| PageSize { default: size, max }.asked(paging.page_size.0.as_deref());
        let (response, next, previous) = match context.settings.pagination {
            Pagination::None => (all(listing).await?, None, None),
            Pagination::PageNumber { size: default, max_size } => {
                let (size, count) = (size(default, max_size)?, listing.count().await?);
                let freely = listing.skips_freely();
                let page = PageNumber::find(paging.page.0.as_deref(), size, count, freely)?;
                let start = Start::Skip(page.skip());
                let rows = listing.read(Slice { start, limit: size }).await?.rows;
                let (next, previous) = (page.next(&url, query), page.previous(&url, query));
                let results = rows.iter().map(|row| listing.wire(row)).collect();
                let body = PageBody { count, next: next.clone(), previous: previous.clone(), results };
                (page_response(&body)?, next, previous)
            }
            Pagination::Cursor { size: default, max_size } => {
                let limit = size(default, max_size)?;
                let cursors = Cursors::new(context.core.mail_secret(), &path, listing.identity());
                let to = |place: &Place| link(&url, query, "cursor", Some(&cursors.write(place)));
                let first = link(&url, query, "cursor", None);
                let place = cursors.asked(paging.cursor.0.as_deref())?;
                let Page { rows, next, previous } = page_at(&listing, place, limit, first, to).await?;
                let results = rows.iter().map(|row| listing.wire(row)).collect();
                let body = CursorBody { next: next.clone(), previous: previous.clone(), results };
                (page_response(&body)?, next, previous)
            }
        };
        let mut list = Self { response, shape: std::marker::PhantomData };
        if context.settings.links {
            let page = if matches!(context.settings.pagination, Pagination::Cursor { .. }) { "cursor" } else { "page" };
            let first = link(&url, query, page, None);
            list.add_links([("first", Some(first)), ("prev", previous), ("next", next)]);
        }
        Ok(list)
    }

    /// The header `Link` of RFC 8288.
    fn add_links(&mut self, links: [(&str, Option<String>); 3]) {
        let links = links.into_iter().filter_map(|(relation, url)| Some(format!("<{}>; rel=\"{relation}\"", url?)));
        let links = links.collect::<Vec<_>>().join(", ");
        // A path that is no text of a header can't be a list's.
        if let Ok(links) = HeaderValue::from_str(&links) {
            self.response.headers_mut().insert(header::LINK, links);
        }
    }
}

/// The page at a place, and the addresses of those beside it. A page that was reached from another one has it beside it,
/// even if all its rows are gone by now.
async fn page_at<L: Listing>(
    listing: &L,
    place: Option<Place>,
    limit: usize,
    first: String,
    to: impl Fn(&Place) -> String,
) -> Result<Page<L::Row>, ApiError> {
    let key = |bytes: &[u8]| listing.read_key(bytes).ok_or(ApiError::InvalidCursor);
    let bytes_of = |row: &L::Row| listing.write_key(&L::key(row));
    let after = |rows: &[L::Row]| rows.last().map(|row| to(&Place::After(bytes_of(row))));
    let before = |rows: &[L::Row]| rows.first().map(|row| to(&Place::Before(bytes_of(row))));
    Ok(match place {
        None => {
            let Rows { rows, more } = listing.read(Slice { start: Start::Skip(0), limit }).await?;
            Page { next: after(&rows).filter(|_| more), previous: None, rows }
        }
        Some(Place::After(bytes)) => {
            let Rows { rows, more } = listing.read(Slice { start: Start::After(key(&bytes)?), limit }).await?;
            // If nothing is left here, what was before it is the end of the list.
            let previous = before(&rows).unwrap_or_else(|| to(&Place::End));
            Page { next: after(&rows).filter(|_| more), previous: Some(previous), rows }
        }
        Some(Place::Before(bytes)) => {
            let Rows { rows, more } = listing.read(Slice { start: Start::Before(key(&bytes)?), limit }).await?;
            let next = after(&rows).unwrap_or(first);
            Page { next: Some(next), previous: before(&rows).filter(|_| more), rows }
        }
        Some(Place::End) => {
            let Rows { mut rows, more } = listing.turned().read(Slice { start: Start::Skip(0), limit }).await?;
            rows.reverse();
            Page { next: None, previous: before(&rows).filter(|_| more), rows }
        }
    })
}

/// Every row, read in chunks while the client takes them. The first chunk is read at once, so that what fails, fails
/// before the answer has begun.
async fn all<L: Listing>(listing: L) -> Result<Response, Error> {
    let first = listing.read(Slice { start: Start::Skip(0), limit: CHUNK }).await?;
    let after = first.rows.last().map(L::key).filter(|_| first.more);
    let mut text = vec![b'['];
    write_rows(&listing, &mut text, &first.rows)?;
    let Some(after) = after else {
        text.push(b']');
        return Ok(json_bytes(StatusCode::OK, text));
    };
    let body = stream::iter([Ok::<_, std::io::Error>(text)]).chain(rest_of(listing, after));
    Ok(json_bytes(StatusCode::OK, Body::from_bytes_stream(body)))
}

/// The rows behind `after`, as pieces of text. A failure breaks the connection off: half a list must not look whole.
fn rest_of<L: Listing>(
    listing: L,
    after: L::Key,
) -> impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static {
    stream::unfold((Some(after), listing), move |(after, listing)| async move {
        let after = after?;
        let chunk = listing.read(Slice { start: Start::After(after), limit: CHUNK }).await;
        let piece = chunk.and_then(|chunk| {
            let next = chunk.rows.last().map(L::key).filter(|_| chunk.more);
            let mut text = Vec::new();
            if !chunk.rows.is_empty() {
                text.push(b',');
            }
            write_rows(&listing, &mut text, &chunk.rows)?;
            text.extend(next.is_none().then_some(b']'));
            Ok((text, next))
        });
        match piece {
            Ok((text, next)) => Some((Ok(text), (next, listing))),
            Err(error) => {
                tracing::error!(%error, "a list broke off");
                Some((Err(std::io::Error::other(error)), (None, listing)))
            }
        }
    })
}

/// A page, with the tag that a client may name when it asks again.
fn page_response(page: &impl Serialize) -> Result<Response, ApiError> {
    let page = to_json(page).map_err(|_| ApiError::Internal)?;
    Ok(tagged(json_bytes(StatusCode::OK, page.clone()), &page))
}

/// Writes rows with commas between them.
fn write_rows<L: Listing>(listing: &L, text: &mut Vec<u8>, rows: &[L::Row]) -> Result<(), Error> {
    for (at, row) in rows.iter().enumerate() {
        text.extend((at > 0).then_some(b','));
        text.extend(to_json(&listing.wire(row)).map_err(|error| Error::Unavailable(error.into()))?);
    }
    Ok(())
}
