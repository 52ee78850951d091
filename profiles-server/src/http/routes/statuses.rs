//! `/api/profile-status/`

use std::sync::Arc;

use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use profiles_api::{Page, Status as Wire, StatusPatch, StatusWrite};
use profiles_core::{
    Core, Error, FieldErrors, StatusEditor,
    fields::name,
    model::{ProfileId, Status, StatusId, StatusText, Timestamp},
    permissions::Actor,
    store::{ProfileFilter, Rows, Slice, StatusFilter, StatusOrder},
};
use serde_json::json;

use super::{Context, Tag};
use crate::http::{
    answer::NoContent,
    authentication::Caller,
    error::ApiError,
    etag::{Condition, HeaderText, Tagged},
    form::{Form, TextField},
    input::Input,
    list::{List, Listing, Paging},
    query::{self, QueryText},
};

pub(crate) struct StatusesApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Statuses")]
impl StatusesApi {
    /// List statuses
    ///
    /// In the order of posting, unless another is asked for.
    #[oai(path = "/api/profile-status", method = "get", operation_id = "list_statuses")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query, with its documentation")]
    async fn list(
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
        /// `id` or `created_at`, which is the same order; with `-` before it the newest come first.
        ordering: QueryText,
        /// The page, from 1; `last` for the last.
        page: QueryText,
        /// Rows of a page, up to the server's maximum.
        page_size: QueryText,
        /// From `next` or `previous`, where the server is configured for cursors.
        cursor: QueryText,
    ) -> Result<List<Page<Wire>>, ApiError> {
        let filter = self.0.statuses_asked(username, &profile, &Times { since, until })?;
        let listing = self.listing(caller, filter, ordering);
        List::answer(&self.0, request, &Paging { page, page_size, cursor }, listing).await
    }

    /// List the statuses of a profile
    #[oai(path = "/api/profiles/:id/statuses", method = "get", operation_id = "list_statuses_of_profile")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query, with its documentation")]
    async fn list_of_profile(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<u64>,
        /// Only those posted then or later, by RFC 3339.
        since: QueryText,
        /// Only those posted before then.
        until: QueryText,
        /// `id` or `created_at`, which is the same order; with `-` before it the newest come first.
        ordering: QueryText,
        /// The page, from 1; `last` for the last.
        page: QueryText,
        /// Rows of a page, up to the server's maximum.
        page_size: QueryText,
        /// From `next` or `previous`, where the server is configured for cursors.
        cursor: QueryText,
    ) -> Result<List<Page<Wire>>, ApiError> {
        let id = ProfileId::new(id.0);
        caller.core.profile(caller.actor, id, &ProfileFilter::default()).await?;
        let no_text = QueryText::default;
        let asked = self.0.statuses_asked(no_text(), &no_text(), &Times { since, until })?;
        let filter = StatusFilter { profile: Some(id), ..asked };
        let listing = self.listing(caller, filter, ordering);
        List::answer(&self.0, request, &Paging { page, page_size, cursor }, listing).await
    }

    /// Post a status
    ///
    /// Under one's own profile.
    #[oai(path = "/api/profile-status", method = "post", operation_id = "post_status")]
    async fn post(
        &self,
        caller: Caller,
        /// The same key with the same request again, within a day, does nothing twice.
        #[oai(name = "Idempotency-Key")]
        key: HeaderText,
        body: Input<StatusWrite>,
    ) -> Result<Tagged<Wire, 201>, ApiError> {
        let key = self.0.once(&key)?;
        let text = required_text(&body.read().await?)?;
        let status = match key {
            None => caller.core.post_status(caller.actor, text).await?,
            Some(key) => caller.core.post_status_once(caller.actor, text, &key).await?,
        };
        Ok(Tagged(wire(&status)))
    }

    /// Show a status
    #[oai(path = "/api/profile-status/:id", method = "get", operation_id = "get_status")]
    async fn show(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is of the account with exactly this username.
        username: QueryText,
    ) -> Result<Tagged<Wire>, ApiError> {
        let filter = named(username);
        Ok(Tagged(wire(&caller.core.status(caller.actor, StatusId::new(id.0), &filter).await?)))
    }

    /// Edit a status
    ///
    /// By its owner or staff. `updated_at` moves; `created_at` and the owner never do.
    #[oai(path = "/api/profile-status/:id", method = "put", operation_id = "replace_status")]
    async fn replace(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is of the account with exactly this username.
        username: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<StatusWrite>,
    ) -> Result<Tagged<Wire>, ApiError> {
        let filter = named(username);
        let editor = caller.core.edit_status(caller.actor, StatusId::new(id.0), &filter).await?;
        let condition = self.0.condition(&if_match, || wire(editor.current()))?;
        let text = required_text(&body.read().await?)?;
        Ok(Tagged(wire(&written(editor, condition, Some(text)).await?)))
    }

    /// Edit some fields of a status
    ///
    /// Without any, `updated_at` moves all the same.
    #[oai(path = "/api/profile-status/:id", method = "patch", operation_id = "update_status")]
    async fn update(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is of the account with exactly this username.
        username: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<StatusPatch>,
    ) -> Result<Tagged<Wire>, ApiError> {
        let filter = named(username);
        let editor = caller.core.edit_status(caller.actor, StatusId::new(id.0), &filter).await?;
        let condition = self.0.condition(&if_match, || wire(editor.current()))?;
        let text = text(&body.read().await?, TextField::patched(name::STATUS_CONTENT))?;
        Ok(Tagged(wire(&written(editor, condition, text).await?)))
    }

    /// Delete a status
    ///
    /// By its owner or staff.
    #[oai(path = "/api/profile-status/:id", method = "delete", operation_id = "delete_status")]
    async fn delete(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is of the account with exactly this username.
        username: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
    ) -> Result<NoContent, ApiError> {
        let (Caller { core, actor, .. }, id) = (caller, StatusId::new(id.0));
        let filter = named(username);
        if if_match.names_tags() && self.0.settings.etags {
            let is_expected = |status: &Status| Condition::of(&if_match, &wire(status)).is_ok();
            core.delete_unchanged_status(actor, id, &filter, is_expected).await?;
        } else {
            core.delete_status(actor, id, &filter).await?;
        }
        Ok(NoContent)
    }
}

/// When the statuses of a list were posted.
pub(super) struct Times {
    pub(super) since: QueryText,
    pub(super) until: QueryText,
}

impl Context {
    /// Which statuses are asked for; by name alone where this deployment knows no other filter.
    pub(super) fn statuses_asked(
        &self,
        username: QueryText,
        profile: &QueryText,
        times: &Times,
    ) -> Result<StatusFilter, ApiError> {
        let filter = named(username);
        if !self.settings.status_filters {
            return Ok(filter);
        }
        Ok(StatusFilter {
            profile: query::number("profile", profile.0.as_deref())?.map(ProfileId::new),
            since: query::moment("since", times.since.0.as_deref())?,
            until: query::moment("until", times.until.0.as_deref())?,
            ..filter
        })
    }
}

impl StatusesApi {
    fn listing(&self, caller: Caller, filter: StatusFilter, ordering: QueryText) -> StatusList {
        let asked = ordering.0.filter(|_| self.0.settings.ordering);
        let newest_first = query::ordering(asked.as_deref(), &[("id", ()), ("created_at", ())]);
        let order = match newest_first {
            Some(((), true)) => StatusOrder::NewestFirst,
            _ => StatusOrder::OldestFirst,
        };
        StatusList { core: caller.core, actor: caller.actor, filter: Arc::new(filter), order }
    }
}

/// A list of statuses.
struct StatusList {
    core: Core,
    actor: Actor,
    filter: Arc<StatusFilter>,
    order: StatusOrder,
}

impl Listing for StatusList {
    type Row = Status;
    type Key = StatusId;
    type Wire = Wire;

    async fn count(&self) -> Result<u64, Error> {
        self.core.count_statuses(self.actor, &self.filter).await
    }

    async fn read(&self, slice: Slice<StatusId>) -> Result<Rows<Status>, Error> {
        self.core.statuses(self.actor, &self.filter, self.order, slice).await
    }

    fn turned(&self) -> Self {
        let Self { core, actor, filter, order } = self;
        Self { core: core.clone(), actor: *actor, filter: Arc::clone(filter), order: order.turned() }
    }

    fn skips_freely(&self) -> bool {
        !self.filter.is_by_owner()
    }

    fn identity(&self) -> Vec<u8> {
        let order = match self.order {
            StatusOrder::OldestFirst => "id",
            StatusOrder::NewestFirst => "-id",
        };
        let StatusFilter { username, profile, since, until } = &*self.filter;
        let micros = |at: &Option<Timestamp>| at.map(Timestamp::as_micros);
        json!([order, username, profile.map(ProfileId::get), micros(since), micros(until)]).to_string().into_bytes()
    }

    fn key(row: &Status) -> StatusId {
        row.id
    }

    fn write_key(&self, key: &StatusId) -> Vec<u8> {
        key.get().to_be_bytes().to_vec()
    }

    fn read_key(&self, bytes: &[u8]) -> Option<StatusId> {
        Some(StatusId::new(u64::from_be_bytes(bytes.try_into().ok()?)))
    }

    fn wire(&self, row: &Status) -> Wire {
        wire(row)
    }
}

fn named(username: QueryText) -> StatusFilter {
    StatusFilter { username: username.0, ..StatusFilter::default() }
}

async fn written(editor: StatusEditor<'_>, condition: Condition, text: Option<StatusText>) -> Result<Status, ApiError> {
    Ok(match condition {
        Condition::None => editor.apply(text).await?,
        Condition::Unchanged => editor.apply_unchanged(text).await?,
    })
}

fn text(form: &Form, field: TextField) -> Result<Option<StatusText>, ApiError> {
    let refused = |errors| ApiError::from(FieldErrors::of_field(name::STATUS_CONTENT, errors));
    form.text(field, StatusText::parse).map_err(refused)
}

fn required_text(form: &Form) -> Result<StatusText, ApiError> {
    let missing = || FieldErrors::of(name::STATUS_CONTENT, profiles_core::FieldError::Required);
    text(form, TextField::required(name::STATUS_CONTENT))?.ok_or_else(|| missing().into())
}

pub(crate) fn wire(status: &Status) -> Wire {
    Wire {
        id: status.id.get(),
        user_profile: status.username.to_string(),
        status_content: status.text.to_string(),
        created_at: status.created_at.to_string(),
        updated_at: status.updated_at.to_string(),
    }
}
