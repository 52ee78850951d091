//! Lists, however the server sends them.

use std::marker::PhantomData;

use reqwest::{Method, Url};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Client, ClientError, LIST_LIMIT};
use crate::Row;

/// Rows of a page to ask for: as many as a server gives unless it is set up otherwise. One may give fewer, or take no
/// wishes at all.
const PAGE_SIZE: usize = 100;

/// A list that is fetched page by page.
///
/// Servers send a list whole, as a bare array, or in pages that each name the next one; both look the same here. A
/// next page is fetched only from the server the client was made for.
#[derive(Debug)]
pub struct Pages<'a, T> {
    client: &'a Client,
    next: Option<Url>,
    rows: PhantomData<fn() -> T>,
}

/// What pages have in common; only those with numbers have a count.
#[derive(Deserialize)]
struct AnyPage<T> {
    next: Option<String>,
    results: Vec<T>,
}

impl<'a, T: DeserializeOwned + Row> Pages<'a, T> {
    pub(super) fn starting_at(client: &'a Client, url: Url) -> Self {
        Self { client, next: Some(url), rows: PhantomData }
    }

    /// The rows of the next page, or `None` after the last one. After an error there are no more pages.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        let Some(url) = self.next.take() else { return Ok(None) };
        let answer = self.client.exchange_within(LIST_LIMIT, self.client.request_to(Method::GET, url.clone())).await?;
        if answer.first_byte() == Some(b'[') {
            return Ok(Some(answer.json()?));
        }
        let page: AnyPage<T> = answer.json()?;
        if let Some(next) = page.next {
            let next = url.join(&next).ok().filter(|next| next.origin() == self.client.base.origin() && *next != url);
            // With the token in every request, a page elsewhere would give the token away.
            self.next = Some(next.ok_or_else(|| answer.unexpected("its next page is not on this server".to_owned()))?);
        }
        Ok(Some(page.results))
    }

    /// The first `limit` rows; all of them if there are fewer.
    pub async fn take(mut self, limit: usize) -> Result<Vec<T>, ClientError> {
        if let Some(url) = &mut self.next {
            let size = limit.clamp(1, PAGE_SIZE);
            // The server repeats it in the address of each next page.
            url.query_pairs_mut().append_pair("page_size", &size.to_string());
        }
        let mut rows = Vec::new();
        while rows.len() < limit {
            let Some(page) = self.next_page().await? else { break };
            rows.extend(page);
        }
        rows.truncate(limit);
        Ok(rows)
    }
}
