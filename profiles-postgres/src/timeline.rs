//! The list of statuses.

use profiles_core::{
    model::{Status, StatusId, Timestamp, UsernameKey},
    store::{Result, Rows, Slice, Start, StatusFilter, StatusOrder},
};
use sqlx::query;

use crate::{
    ranks::Ranked,
    row::{get, get_number, number},
    statuses::status,
    store::Inner,
};

/// Which numbers a list may show, and whose statuses.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The account, if the list is of one.
    owner: Option<i64>,
    /// The first number that may be shown.
    from: i64,
    /// The first after them that may not.
    to: i64,
}

/// Rows behind a number up to another, read upwards or downwards, of all or of one account. They are limited before the
/// names are looked up, so that no statistics can mislead the planner.
macro_rules! page {
    ($owner:literal, $direction:literal) => {
        concat!(
            "select s.*, a.username, a.profile from (select * from statuses where id >= $1 and id < $2 and ($6::bigint is null or created_at < $6) ",
            $owner,
            " order by id ",
            $direction,
            " offset $4 limit $5) s join accounts a on a.id = s.account order by s.id ",
            $direction
        )
    };
}

impl Inner {
    pub(crate) async fn list_statuses(
        &self,
        filter: &StatusFilter,
        order: StatusOrder,
        slice: Slice<StatusId>,
    ) -> Result<Rows<Status>> {
        let nothing = Rows { rows: Vec::new(), more: false };
        let Some(mut span) = self.span(filter).await? else { return Ok(nothing) };
        let turned = matches!(slice.start, Start::Before(_));
        let order = if turned { order.turned() } else { order };
        let mut skip = 0;
        match slice.start {
            Start::Skip(0) => {}
            Start::Skip(count) if span.owner.is_some() => skip = number(count),
            Start::Skip(count) => {
                let Some(narrowed) = self.skip(span, count, order).await? else { return Ok(nothing) };
                span = narrowed;
            }
            Start::After(id) | Start::Before(id) => match order {
                StatusOrder::OldestFirst => span.from = span.from.max(number(id.get()).saturating_add(1)),
                StatusOrder::NewestFirst => span.to = span.to.min(number(id.get())),
            },
        }
        let statement = match (span.owner.is_some(), order) {
            (false, StatusOrder::OldestFirst) => page!("and $3::bigint is null", "asc"),
            (false, StatusOrder::NewestFirst) => page!("and $3::bigint is null", "desc"),
            (true, StatusOrder::OldestFirst) => page!("and account = $3", "asc"),
            (true, StatusOrder::NewestFirst) => page!("and account = $3", "desc"),
        };
        let limit = i64::try_from(slice.limit).unwrap_or(i64::MAX).saturating_add(1);
        // What is posted between two looks does not count as earlier than it was.
        let until = filter.until.map(Timestamp::as_micros);
        let statement =
            || query(statement).bind(span.from).bind(span.to).bind(span.owner).bind(skip).bind(limit).bind(until);
        let mut rows = self.rows_anywhere(statement).await?.iter().map(status).collect::<Result<Vec<_>>>()?;
        let more = rows.len() > slice.limit;
        rows.truncate(slice.limit);
        if turned {
            rows.reverse();
        }
        Ok(Rows { rows, more })
    }

    pub(crate) async fn count_statuses(&self, filter: &StatusFilter) -> Result<u64> {
        let Some(span) = self.span(filter).await? else { return Ok(0) };
        let row = match (span.owner, filter.is_by_time()) {
            (None, false) => self.row_anywhere(|| query("select count as rows from status_book")).await?,
            (Some(owner), false) => {
                self.row_anywhere(|| query("select count as rows from status_counts where account = $1").bind(owner))
                    .await?
            }
            (None, true) => {
                let to = self.rows_before(Ranked::Statuses, span.to).await?;
                return Ok(to.saturating_sub(self.rows_before(Ranked::Statuses, span.from).await?));
            }
            (Some(owner), true) => {
                let statement = || {
                    query("select count(*) as rows from statuses where account = $1 and id >= $2 and id < $3")
                        .bind(owner)
                        .bind(span.from)
                        .bind(span.to)
                };
                self.row_anywhere(statement).await?
            }
        };
        row.as_ref().map_or(Ok(0), |row| get_number(row, "rows"))
    }

    /// What a filter leaves; `None` if that is nothing.
    async fn span(&self, filter: &StatusFilter) -> Result<Option<Span>> {
        let owner = if filter.is_by_owner() {
            let Some(owner) = self.owner(filter).await? else { return Ok(None) };
            Some(owner)
        } else {
            None
        };
        let from = match filter.since {
            Some(since) => self.first_at(since).await?,
            None => 0,
        };
        let to = match filter.until {
            Some(until) => self.first_at(until).await?,
            None => i64::MAX,
        };
        Ok((from < to).then_some(Span { owner, from, to }))
    }

    /// The account with this name, case included, or this profile, or both.
    async fn owner(&self, filter: &StatusFilter) -> Result<Option<i64>> {
        if filter.username.as_ref().is_some_and(|name| name.contains('\0')) {
            return Ok(None);
        }
        let key = filter.username.as_deref().map(UsernameKey::of);
        let by_name = "select id from accounts where username_key = $1 and username = $2 \
             and ($3::bigint is null or profile = $3)";
        let by_profile = "select id from accounts where profile = $3 and $1::text is null and $2::text is null";
        let statement = || {
            query(if key.is_some() { by_name } else { by_profile })
                .bind(key.as_ref().map(UsernameKey::as_str))
                .bind(filter.username.as_deref())
                .bind(filter.profile.map(|profile| number(profile.get())))
        };
        self.row_anywhere(statement).await?.as_ref().map(|row| get(row, "id")).transpose()
    }

    /// The first number that was posted then or later. Moments never decrease with the numbers.
    async fn first_at(&self, at: Timestamp) -> Result<i64> {
        let statement = || {
            query("select id from statuses where created_at >= $1 order by created_at, id limit 1").bind(at.as_micros())
        };
        self.row_anywhere(statement).await?.as_ref().map_or(Ok(i64::MAX), |row| get(row, "id"))
    }

    /// The span without its first rows, in this order; `None` if it has no more than those.
    async fn skip(&self, span: Span, count: u64, order: StatusOrder) -> Result<Option<Span>> {
        match order {
            StatusOrder::OldestFirst => {
                let before = self.rows_before(Ranked::Statuses, span.from).await?;
                let first = self.row_at(Ranked::Statuses, before.saturating_add(count)).await?;
                Ok(first.filter(|first| *first < span.to).map(|first| Span { from: first, ..span }))
            }
            StatusOrder::NewestFirst => {
                let end = self.rows_before(Ranked::Statuses, span.to).await?;
                let Some(place) = end.checked_sub(1).and_then(|last| last.checked_sub(count)) else { return Ok(None) };
                let first = self.row_at(Ranked::Statuses, place).await?;
                Ok(first.filter(|first| *first >= span.from).map(|first| Span { to: first.saturating_add(1), ..span }))
            }
        }
    }
}
