//! The list of profiles, and searching it.
//!
//! What is searched stands folded beside the rows, with indexes of its trigrams (`pg_trgm`), so that three letters or more
//! lead to the rows that may contain them; fewer are compared with all.

use std::fmt::Write as _;

use profiles_core::{
    model::{Profile, ProfileId},
    store::{ProfileFilter, ProfileOrder, ProfilePosition, Result, Rows, Slice, Start},
};
use sqlx::{AssertSqlSafe, query};

use crate::{
    profiles::profile,
    ranks::Ranked,
    read::Statement,
    row::{get_number, number},
    store::Inner,
};

/// A part of the list as the database understands it.
struct Part {
    /// Terms as patterns.
    patterns: Vec<String>,
    by_username: bool,
    ascending: bool,
    /// Rows behind this one in the order that is read.
    after: Option<ProfilePosition>,
    skip: u64,
    limit: i64,
}

impl Inner {
    pub(crate) async fn list_profiles(
        &self,
        filter: &ProfileFilter,
        order: ProfileOrder,
        slice: Slice<ProfilePosition>,
    ) -> Result<Rows<Profile>> {
        let Some(patterns) = patterns(filter) else { return Ok(Rows { rows: Vec::new(), more: false }) };
        let turned = matches!(slice.start, Start::Before(_));
        let order = if turned { order.turned() } else { order };
        let ascending = matches!(order, ProfileOrder::Id | ProfileOrder::Username);
        let (after, skip) = match slice.start {
            Start::Skip(count) => (None, count),
            Start::After(position) | Start::Before(position) => (Some(position), 0),
        };
        let limit = i64::try_from(slice.limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut part = Part { patterns, by_username: order.is_by_username(), ascending, after, skip, limit };
        if skip > 0 && part.patterns.is_empty() && !part.by_username {
            let Some(start) = self.place_of_profile(skip, ascending).await? else {
                return Ok(Rows { rows: Vec::new(), more: false });
            };
            part.after = Some(start);
            part.skip = 0;
        }
        let text = part.text();
        let rows = self.rows_anywhere(|| part.bind(&text)).await?;
        let mut rows = rows.iter().map(profile).collect::<Result<Vec<_>>>()?;
        let more = rows.len() > slice.limit;
        rows.truncate(slice.limit);
        if turned {
            rows.reverse();
        }
        Ok(Rows { rows, more })
    }

    pub(crate) async fn count_profiles(&self, filter: &ProfileFilter) -> Result<u64> {
        let Some(patterns) = patterns(filter) else { return Ok(0) };
        if patterns.is_empty() {
            let row = self.row_anywhere(|| query("select count as rows from profile_book")).await?;
            return row.as_ref().map_or(Ok(0), |row| get_number(row, "rows"));
        }
        let (condition, _) = condition(&patterns, 1);
        let text = format!("select count(*) as rows from profiles p where true{condition}");
        let statement = || bind_all(query(AssertSqlSafe(text.clone())).persistent(false), &patterns);
        self.row_anywhere(statement).await?.as_ref().map_or(Ok(0), |row| get_number(row, "rows"))
    }

    /// Where the list goes on behind so many rows, in an order by number.
    async fn place_of_profile(&self, skip: u64, ascending: bool) -> Result<Option<ProfilePosition>> {
        let last = skip.saturating_sub(1);
        let place = if ascending {
            Some(last)
        } else {
            let all = self.count_profiles(&ProfileFilter::default()).await?;
            all.checked_sub(1).and_then(|end| end.checked_sub(last))
        };
        let Some(place) = place else { return Ok(None) };
        let id = self.row_at(Ranked::Profiles, place).await?;
        let id = id.and_then(|id| u64::try_from(id).ok()).map(ProfileId::new);
        // The name is not looked at in these orders.
        let username = profiles_core::model::UsernameKey::of("");
        Ok(id.map(|id| ProfilePosition { id, username }))
    }
}

impl Part {
    /// The statement. Nothing in it comes from outside but the number of its values.
    fn text(&self) -> String {
        let key = if self.by_username { "p.username_key" } else { "p.id" };
        let (compared, direction) = if self.ascending { (">", "asc") } else { ("<", "desc") };
        let mut text = String::from("select p.*, a.username from (select * from profiles p where true");
        let (condition, value) = condition(&self.patterns, 3);
        text.push_str(&condition);
        if self.after.is_some() {
            let _ = write!(text, " and {key} {compared} ${value}");
        }
        let _ = write!(text, " order by {key} {direction} offset $1 limit $2) p");
        let _ = write!(text, " join accounts a on a.id = p.account order by {key} {direction}");
        text
    }

    fn bind<'q>(&'q self, text: &str) -> Statement<'q> {
        let statement = query(AssertSqlSafe(text.to_owned()));
        // Patterns decide which index is good, so that a plan for all of them would be a bad one.
        let statement = if self.patterns.is_empty() { statement } else { statement.persistent(false) };
        let statement = bind_all(statement.bind(number(self.skip)).bind(self.limit), &self.patterns);
        match &self.after {
            None => statement,
            Some(after) if self.by_username => statement.bind(after.username.as_str()),
            Some(after) => statement.bind(number(after.id.get())),
        }
    }
}

/// Terms of which each has a condition of its own, by which an index may be used: the longest, which leave most out. A search
/// can be as long as its sender likes, and each such condition costs the planner more than the one before it.
const PLANNED: usize = 8;

/// That every term stands in the name or in the city; its first value has this number. The number behind its last.
fn condition(patterns: &[String], first: usize) -> (String, usize) {
    let (planned, others) = planned(patterns);
    let mut text = String::new();
    let mut value = first;
    for _ in planned {
        let _ = write!(text, " and (p.username_key like ${value} or p.city_key like ${value})");
        value += 1;
    }
    if !others.is_empty() {
        let _ = write!(
            text,
            " and not exists (select from unnest(${value}::text[]) as other (term) \
             where p.username_key not like term and p.city_key not like term)"
        );
        value += 1;
    }
    (text, value)
}

/// The values of a [`condition`].
fn bind_all<'q>(statement: Statement<'q>, patterns: &'q [String]) -> Statement<'q> {
    let (planned, others) = planned(patterns);
    let statement = planned.iter().fold(statement, Statement::bind);
    if others.is_empty() { statement } else { statement.bind(others) }
}

fn planned(patterns: &[String]) -> (&[String], &[String]) {
    patterns.split_at(PLANNED.min(patterns.len()))
}

/// The terms as patterns, folded as the rows are; `None` if one can't stand in any text.
fn patterns(filter: &ProfileFilter) -> Option<Vec<String>> {
    let terms = filter.folded_terms();
    if terms.iter().any(|term| term.contains('\0')) {
        return None;
    }
    Some(terms.iter().map(|term| pattern(term)).collect())
}

fn pattern(term: &str) -> String {
    let mut pattern = String::with_capacity(term.len() + 2);
    pattern.push('%');
    for c in term.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_term_itself() {
        assert_eq!(pattern(r"50%_\é"), r"%50\%\_\\é%");
    }
}
