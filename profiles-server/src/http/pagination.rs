//! Lists, cut into pages.

use serde::Serialize;

use super::{error::ApiError, python, query};

/// How lists are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pagination {
    /// `count`, `next`, `previous`, `results`, with `?page=`.
    PageNumber {
        /// Rows of a page unless the client says otherwise.
        size: usize,
        /// The most that `?page_size=` may ask for; `None` ignores it, as the original does.
        max_size: Option<usize>,
    },
    /// Every row, in a bare array.
    None,
}

/// Rows that may be skipped to reach a page. What lies beyond is an invalid page: skipping costs time in proportion.
pub(crate) const MAX_SKIP: u64 = 1_000_000;

/// What the client asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageQuery {
    pub(crate) page: Option<String>,
    pub(crate) page_size: Option<String>,
}

/// A page of a list whose length is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageNumber {
    pub(crate) number: u64,
    pub(crate) size: usize,
    last: u64,
}

impl PageNumber {
    /// Finds the page in a list of `count` rows.
    ///
    /// # Errors
    /// [`ApiError::InvalidPage`]: no number, or no such page.
    pub(crate) fn find(
        query: &PageQuery,
        default_size: usize,
        max_size: Option<usize>,
        count: u64,
    ) -> Result<Self, ApiError> {
        let asked = query.page_size.as_deref().and_then(python::int).and_then(|size| usize::try_from(size).ok());
        let asked = asked.filter(|size| *size > 0);
        let size = max_size.zip(asked).map_or(default_size, |(max, asked)| asked.min(max)).max(1);
        let last = count.div_ceil(size as u64).max(1);
        let number = match query.page.as_deref() {
            None | Some("") => 1,
            Some("last") => last,
            Some(text) => python::int(text).and_then(|page| u64::try_from(page).ok()).ok_or(ApiError::InvalidPage)?,
        };
        let page = Self { number, size, last };
        let exists = (1..=last).contains(&number) && page.skip() <= MAX_SKIP;
        if exists { Ok(page) } else { Err(ApiError::InvalidPage) }
    }

    /// Rows before this page.
    pub(crate) fn skip(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size as u64)
    }

    /// The URL of the next page, if there is one.
    pub(crate) fn next(self, url: &str, query: &str) -> Option<String> {
        (self.number < self.last).then(|| link(url, query, Some(self.number + 1)))
    }

    /// The URL of the previous page, if there is one; that of the first page names no page.
    pub(crate) fn previous(self, url: &str, query: &str) -> Option<String> {
        (self.number > 1).then(|| link(url, query, Some(self.number - 1).filter(|number| *number > 1)))
    }
}

/// A URL with its query sorted by key and `page` replaced.
fn link(url: &str, query: &str, page: Option<u64>) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key != "page")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    pairs.extend(page.map(|number| ("page".to_owned(), number.to_string())));
    // Stable, so that several values of one key keep their order.
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    let query = query::encoded(pairs);
    if query.is_empty() { url.to_owned() } else { format!("{url}?{query}") }
}

/// The body of a page.
#[derive(Debug, Serialize)]
pub(crate) struct PageBody<T> {
    pub(crate) count: u64,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
    pub(crate) results: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(page: &str, count: u64) -> Option<u64> {
        let query = PageQuery { page: Some(page.to_owned()), page_size: None };
        PageNumber::find(&query, 3, None, count).ok().map(|page| page.number)
    }

    #[test]
    fn pages_are_found_as_the_original_finds_them() {
        for (page, count, number) in [
            ("", 7, Some(1)),
            ("1", 7, Some(1)),
            ("3", 7, Some(3)),
            ("4", 7, None),
            ("0", 7, None),
            ("-1", 7, None),
            ("last", 7, Some(3)),
            ("last", 0, Some(1)),
            (" last", 7, None),
            (" ", 7, None),
            (" +2 ", 7, Some(2)),
            ("0_2", 7, Some(2)),
            ("٢", 7, Some(2)),
            ("1", 0, Some(1)),
            ("2", 0, None),
            ("1.0", 7, None),
            ("abc", 7, None),
            ("99999999999999999999", 7, None),
            ("400000", 3_000_000, None),
        ] {
            assert_eq!(find(page, count), number, "{page} of {count}");
        }
    }

    #[test]
    fn the_size_may_be_asked_for_up_to_a_maximum() {
        let size = |text: &str, max| {
            let query = PageQuery { page: None, page_size: Some(text.to_owned()) };
            PageNumber::find(&query, 10, max, 1000).unwrap().size
        };
        assert_eq!(size("25", Some(100)), 25);
        assert_eq!(size("1000000000", Some(100)), 100);
        for ignored in ["0", "-1", "x", ""] {
            assert_eq!(size(ignored, Some(100)), 10);
        }
        assert_eq!(size("25", None), 10);
    }

    #[test]
    fn links_keep_the_other_parameters_sorted() {
        let page = PageNumber { number: 2, size: 3, last: 3 };
        let query = "username=x&page=2&a=%C3%A9+b";
        assert_eq!(page.next("http://h/l/", query).unwrap(), "http://h/l/?a=%C3%A9+b&page=3&username=x");
        assert_eq!(page.previous("http://h/l/", query).unwrap(), "http://h/l/?a=%C3%A9+b&username=x");
        assert_eq!(page.next("u", "a=~*(").unwrap(), "u?a=~%2A%28&page=3");
        assert_eq!(PageNumber { number: 3, ..page }.next("u", ""), None);
        assert_eq!(PageNumber { number: 2, ..page }.previous("u", "page=2").unwrap(), "u");
    }
}
