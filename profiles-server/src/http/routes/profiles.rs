//! `/api/profiles/`

use std::sync::Arc;

use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use profiles_api::{Page, Profile as Wire, ProfileUpdate};
use profiles_core::{
    fields::name,
    model::{Bio, City, Profile, ProfileId},
    store::{ProfileChange, ProfileFilter},
};

use super::{Context, Tag};
use crate::http::{
    authentication::Caller,
    base_url::RequestPath,
    error::ApiError,
    etag::{Condition, HeaderText, Tagged},
    form::{Form, TextField},
    input::Input,
    list::{Asked, List, RowShape},
    pagination::PageQuery,
    query::{QueryText, search_terms},
};

pub(crate) struct ProfilesApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Profiles")]
impl ProfilesApi {
    /// List profiles
    ///
    /// In the order of their ids.
    #[oai(path = "/api/profiles", method = "get", operation_id = "list_profiles")]
    async fn list(
        &self,
        request: &Request,
        caller: Caller,
        /// Words that the username or the city contains, case ignored; all of them. Quotes keep a phrase together.
        search: QueryText,
        /// The page, from 1; `last` for the last.
        page: QueryText,
        /// Rows of a page, up to the server's maximum.
        page_size: QueryText,
    ) -> Result<List<Page<Wire>>, ApiError> {
        let filter = filter(search)?;
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
            async move { core.profiles(actor, &filter, slice).await }
        };
        let count = core.count_profiles(actor, &filter);
        let row = RowShape { id: |profile: &Profile| profile.id, wire };
        List::answer(self.0.settings.pagination, asked, count, read, row).await
    }

    /// Show a profile
    #[oai(path = "/api/profiles/:id", method = "get", operation_id = "get_profile")]
    async fn show(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
    ) -> Result<Tagged<Wire>, ApiError> {
        let filter = filter(search)?;
        Ok(Tagged(wire(&caller.core.profile(caller.actor, ProfileId::new(id.0), &filter).await?)))
    }

    /// Edit a profile
    ///
    /// By its owner or staff. A field that is left out stays as it is, in PUT too, as in the original.
    #[oai(path = "/api/profiles/:id", method = "put", operation_id = "replace_profile")]
    async fn replace(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        self.edit(caller, id.0, search, if_match, body).await
    }

    /// Edit some fields of a profile
    #[oai(path = "/api/profiles/:id", method = "patch", operation_id = "update_profile")]
    async fn update(
        &self,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        self.edit(caller, id.0, search, if_match, body).await
    }
}

impl ProfilesApi {
    async fn edit(
        &self,
        caller: Caller,
        id: u64,
        search: QueryText,
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        let editor = caller.core.edit_profile(caller.actor, ProfileId::new(id), &filter(search)?).await?;
        let condition = self.0.condition(&if_match, || wire(editor.current()))?;
        let change = change(&body.read().await?)?;
        let profile = match condition {
            Condition::None => editor.apply(change).await?,
            Condition::Unchanged => editor.apply_unchanged(change).await?,
        };
        Ok(Tagged(wire(&profile)))
    }
}

fn filter(search: QueryText) -> Result<ProfileFilter, ApiError> {
    Ok(ProfileFilter { terms: search_terms(&search.0.unwrap_or_default())? })
}

fn change(form: &Form) -> Result<ProfileChange, ApiError> {
    let mut errors = profiles_core::FieldErrors::new();
    let optional = |name| TextField::optional(name).allow_blank();
    let bio = errors.check(name::BIO, form.text(optional(name::BIO), Bio::parse)).flatten();
    let city = errors.check(name::CITY, form.text(optional(name::CITY), City::parse)).flatten();
    errors.into_result()?;
    Ok(ProfileChange { bio, city })
}

pub(super) fn wire(profile: &Profile) -> Wire {
    Wire {
        id: profile.id.get(),
        user: profile.username.to_string(),
        avatar: None,
        bio: profile.bio.to_string(),
        city: profile.city.to_string(),
    }
}
