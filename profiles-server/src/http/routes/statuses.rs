//! `/api/profile-status/`

use std::sync::Arc;

use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use profiles_api::{Page, Status as Wire, StatusPatch, StatusWrite};
use profiles_core::{
    FieldErrors, StatusEditor,
    fields::name,
    model::{Status, StatusId, StatusText},
    store::StatusFilter,
};

use super::{Context, Tag};
use crate::http::{
    answer::NoContent,
    authentication::Caller,
    base_url::RequestPath,
    error::ApiError,
    etag::{Condition, HeaderText, Tagged},
    form::{Form, TextField},
    input::Input,
    list::{Asked, List, RowShape},
    pagination::PageQuery,
    query::QueryText,
};

pub(crate) struct StatusesApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Statuses")]
impl StatusesApi {
    /// List statuses
    ///
    /// In the order of posting.
    #[oai(path = "/api/profile-status", method = "get", operation_id = "list_statuses")]
    async fn list(
        &self,
        request: &Request,
        caller: Caller,
        /// Only those of the account with exactly this username, case included.
        username: QueryText,
        /// The page, from 1; `last` for the last.
        page: QueryText,
        /// Rows of a page, up to the server's maximum.
        page_size: QueryText,
    ) -> Result<List<Page<Wire>>, ApiError> {
        let filter = StatusFilter { username: username.0 };
        let (core, actor) = (caller.core.clone(), caller.actor);
        let asked = Asked {
            request,
            page: PageQuery { page: page.0, page_size: page_size.0 },
            url: self.0.base_url(request).absolute(RequestPath::of(request)),
        };
        let (source, filter) = (core.clone(), Arc::new(filter));
        let shown = Arc::clone(&filter);
        let read = move |slice| {
            let (core, filter) = (source.clone(), Arc::clone(&shown));
            async move { core.statuses(actor, &filter, slice).await }
        };
        let count = core.count_statuses(actor, &filter);
        let row = RowShape { id: |status: &Status| status.id, wire };
        List::answer(self.0.settings.pagination, asked, count, read, row).await
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
        let filter = StatusFilter { username: username.0 };
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
        let filter = StatusFilter { username: username.0 };
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
        let filter = StatusFilter { username: username.0 };
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
        let filter = StatusFilter { username: username.0 };
        if if_match.names_tags() && self.0.settings.etags {
            let is_expected = |status: &Status| Condition::of(&if_match, &wire(status)).is_ok();
            core.delete_unchanged_status(actor, id, &filter, is_expected).await?;
        } else {
            core.delete_status(actor, id, &filter).await?;
        }
        Ok(NoContent)
    }
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
