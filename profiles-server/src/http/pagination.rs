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
    /// `next`, `previous`, `results`, with `?cursor=`: a row that is there all the time is shown once, whatever comes and
    /// goes meanwhile.
    Cursor {
        /// Rows of a page unless the client says otherwise.
        size: usize,
        /// The most that `?page_size=` may ask for; `None` ignores it.
        max_size: Option<usize>,
    },
    /// Every row, in a bare array.
    None,
}

/// Rows that may be skipped to reach a page, where that costs time in proportion. What lies beyond is an invalid page.
pub(crate) const MAX_SKIP: u64 = 1_000_000;

/// More rows of a page than any server gives: who asks for more has made a mistake.
const ABSURD_SIZE: i64 = 10_000;

/// How many rows a page may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    pub(crate) default: usize,
    pub(crate) max: Option<usize>,
}

impl PageSize {
    /// What a client gets that asks for this.
    ///
    /// # Errors
    /// No number, or an absurd one; nothing is wrong where it is ignored.
    pub(crate) fn asked(self, size: Option<&str>) -> Result<usize, ApiError> {
        let (Some(max), Some(text)) = (self.max, size.filter(|size| !size.is_empty())) else {
            return Ok(self.default.max(1));
        };
        let refused = |message: &str| ApiError::Parameter { name: "page_size", message: message.to_owned() };
        match python::int(text) {
            None => Err(refused("A valid integer is required.")),
            Some(..1) => Err(refused("Ensure this value is greater than or equal to 1.")),
            Some(size) if size > ABSURD_SIZE => {
                Err(refused(&format!("Ensure this value is less than or equal to {max}.")))
            }
            Some(size) => Ok(usize::try_from(size).unwrap_or(max).min(max).max(1)),
        }
    }
}

/// A page of a list whose length is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageNumber {
    pub(crate) number: u64,
    pub(crate) size: usize,
    last: u64,
}

impl PageNumber {
    /// Finds the page in a list of `count` rows, of which any number may be skipped, or no more than [`MAX_SKIP`].
    ///
    /// # Errors
    /// [`ApiError::InvalidPage`]: no number, or no such page.
    pub(crate) fn find(page: Option<&str>, size: usize, count: u64, skips_freely: bool) -> Result<Self, ApiError> {
        let last = count.div_ceil(size as u64).max(1);
        let number = match page {
            None | Some("") => 1,
            Some("last") => last,
            Some(text) => python::int(text).and_then(|page| u64::try_from(page).ok()).ok_or(ApiError::InvalidPage)?,
        };
        let page = Self { number, size, last };
        let exists = (1..=last).contains(&number) && (skips_freely || page.skip() <= MAX_SKIP);
        if exists { Ok(page) } else { Err(ApiError::InvalidPage) }
    }

    /// Rows before this page.
    pub(crate) fn skip(self) -> u64 {
        self.number.saturating_sub(1).saturating_mul(self.size as u64)
    }

    /// The URL of the next page, if there is one.
    pub(crate) fn next(self, url: &str, query: &str) -> Option<String> {
        (self.number < self.last).then(|| link(url, query, "page", Some(&(self.number + 1).to_string())))
    }

    /// The URL of the previous page, if there is one; that of the first page names no page.
    pub(crate) fn previous(self, url: &str, query: &str) -> Option<String> {
        (self.number > 1).then(|| {
            let number = Some(self.number - 1).filter(|number| *number > 1).map(|number| number.to_string());
            link(url, query, "page", number.as_deref())
        })
    }
}

/// A URL with its query sorted by key, and with this value of this parameter instead of its own, or with none.
pub(crate) fn link(url: &str, query: &str, name: &str, value: Option<&str>) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key != name)
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
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

/// The body of a page with cursors.
#[derive(Debug, Serialize)]
pub(crate) struct CursorBody<T> {
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
    pub(crate) results: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(page: &str, count: u64) -> Option<u64> {
        PageNumber::find(Some(page), 3, count, false).ok().map(|page| page.number)
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
    fn a_page_is_as_far_away_as_the_list_can_skip() {
        assert!(PageNumber::find(Some("400000"), 3, 3_000_000, true).is_ok());
        assert!(PageNumber::find(Some("400000"), 3, 3_000_000, false).is_err());
    }

    #[test]
    fn the_size_may_be_asked_for_up_to_a_maximum() {
        let size = |text: &str, max| PageSize { default: 10, max }.asked(Some(text)).ok();
        assert_eq!(size("25", Some(100)), Some(25));
        assert_eq!(size("5000", Some(100)), Some(100));
        assert_eq!(size("", Some(100)), Some(10));
        for refused in ["0", "-1", "x", "1e9", "1000000000", "9999999999999999999999"] {
            assert_eq!(size(refused, Some(100)), None, "{refused}");
            assert_eq!(size(refused, None), Some(10), "{refused}");
        }
        assert_eq!(size("25", None), Some(10));
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
