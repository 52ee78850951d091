//! `/api/profiles/`

use std::sync::Arc;

use poem::Request;
use poem_openapi::{OpenApi, param::Path};
use profiles_api::{Page, Profile as Wire, ProfileUpdate};
use profiles_core::{
    Core, Error,
    fields::name,
    model::{Bio, City, Profile, ProfileId, UsernameKey},
    permissions::Actor,
    store::{ProfileChange, ProfileFilter, ProfileOrder, ProfilePosition, Rows, Slice},
};
use serde_json::json;

use super::{Context, Tag};
use crate::http::{
    authentication::Caller,
    error::ApiError,
    etag::{Condition, HeaderText, Tagged},
    form::{Form, TextField},
    input::Input,
    list::{List, Listing, Paging},
    pictures::PictureLinks,
    query::{self, QueryText, search_terms},
};

pub(crate) struct ProfilesApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Profiles")]
impl ProfilesApi {
    /// List profiles
    ///
    /// In the order of their ids, unless another is asked for.
    #[oai(path = "/api/profiles", method = "get", operation_id = "list_profiles")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query, with its documentation")]
    async fn list(
        &self,
        request: &Request,
        caller: Caller,
        /// Words that the username or the city contains, case ignored; all of them. Quotes keep a phrase together.
        search: QueryText,
        /// `id` or `username` (case ignored), with `-` before it for the opposite order.
        ordering: QueryText,
        /// The page, from 1; `last` for the last.
        page: QueryText,
        /// Rows of a page, up to the server's maximum.
        page_size: QueryText,
        /// From `next` or `previous`, where the server is configured for cursors.
        cursor: QueryText,
    ) -> Result<List<Page<Wire>>, ApiError> {
        let asked = ordering.0.filter(|_| self.0.settings.ordering);
        let order = match query::ordering(asked.as_deref(), &[("id", By::Id), ("username", By::Username)]) {
            None | Some((By::Id, false)) => ProfileOrder::Id,
            Some((By::Id, true)) => ProfileOrder::IdDescending,
            Some((By::Username, false)) => ProfileOrder::Username,
            Some((By::Username, true)) => ProfileOrder::UsernameDescending,
        };
        let filter = Arc::new(filter(search)?);
        let links = self.0.links(request);
        let listing = ProfileList { core: caller.core, actor: caller.actor, filter, order, links };
        List::answer(&self.0, request, &Paging { page, page_size, cursor }, listing).await
    }

    /// Show the profile of a name
    ///
    /// Whatever the case of the name.
    #[oai(path = "/api/profiles/by-username/:name", method = "get", operation_id = "get_profile_by_username")]
    async fn show_by_username(
        &self,
        request: &Request,
        caller: Caller,
        name: Path<String>,
    ) -> Result<Tagged<Wire>, ApiError> {
        let profile = caller.core.profile_by_username(caller.actor, &UsernameKey::of(&name.0)).await?;
        Ok(Tagged(wire(&profile, &self.0.links(request))))
    }

    /// Show a profile
    #[oai(path = "/api/profiles/:id", method = "get", operation_id = "get_profile")]
    async fn show(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
    ) -> Result<Tagged<Wire>, ApiError> {
        let filter = filter(search)?;
        let profile = caller.core.profile(caller.actor, ProfileId::new(id.0), &filter).await?;
        Ok(Tagged(wire(&profile, &self.0.links(request))))
    }

    /// Edit a profile
    ///
    /// By its owner or staff. A field that is left out stays as it is, in PUT too, as in the original.
    #[oai(path = "/api/profiles/:id", method = "put", operation_id = "replace_profile")]
    async fn replace(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        self.edit(request, caller, id.0, search, if_match, body).await
    }

    /// Edit some fields of a profile
    #[oai(path = "/api/profiles/:id", method = "patch", operation_id = "update_profile")]
    async fn update(
        &self,
        request: &Request,
        caller: Caller,
        id: Path<u64>,
        /// Only if it is one that the list would show under this search.
        search: QueryText,
        /// Only if the row is as one of these tags names it.
        #[oai(name = "If-Match")]
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        self.edit(request, caller, id.0, search, if_match, body).await
    }
}

impl ProfilesApi {
    async fn edit(
        &self,
        request: &Request,
        caller: Caller,
        id: u64,
        search: QueryText,
        if_match: HeaderText,
        body: Input<ProfileUpdate>,
    ) -> Result<Tagged<Wire>, ApiError> {
        let editor = caller.core.edit_profile(caller.actor, ProfileId::new(id), &filter(search)?).await?;
        let links = self.0.links(request);
        let condition = self.0.condition(&if_match, || wire(editor.current(), &links))?;
        let change = change(&body.read().await?)?;
        let profile = match condition {
            Condition::None => editor.apply(change).await?,
            Condition::Unchanged => editor.apply_unchanged(change).await?,
        };
        Ok(Tagged(wire(&profile, &links)))
    }
}

/// What profiles can be ordered by.
#[derive(Clone, Copy)]
enum By {
    Id,
    Username,
}

/// A list of profiles.
struct ProfileList {
    core: Core,
    actor: Actor,
    filter: Arc<ProfileFilter>,
    order: ProfileOrder,
    links: PictureLinks,
}

impl Listing for ProfileList {
    type Row = Profile;
    type Key = ProfilePosition;
    type Wire = Wire;

    async fn count(&self) -> Result<u64, Error> {
        self.core.count_profiles(self.actor, &self.filter).await
    }

    async fn read(&self, slice: Slice<ProfilePosition>) -> Result<Rows<Profile>, Error> {
        self.core.profiles(self.actor, &self.filter, self.order, slice).await
    }

    fn turned(&self) -> Self {
        let Self { core, actor, filter, order, links } = self;
        let (core, filter, links) = (core.clone(), Arc::clone(filter), links.clone());
        Self { core, actor: *actor, filter, order: order.turned(), links }
    }

    fn skips_freely(&self) -> bool {
        self.filter.terms.is_empty() && !self.order.is_by_username()
    }

    fn identity(&self) -> Vec<u8> {
        let order = match self.order {
            ProfileOrder::Id => "id",
            ProfileOrder::IdDescending => "-id",
            ProfileOrder::Username => "username",
            ProfileOrder::UsernameDescending => "-username",
        };
        json!([order, self.filter.terms]).to_string().into_bytes()
    }

    fn key(row: &Profile) -> ProfilePosition {
        row.into()
    }

    fn write_key(&self, key: &ProfilePosition) -> Vec<u8> {
        if self.order.is_by_username() {
            key.username.as_str().as_bytes().to_vec()
        } else {
            key.id.get().to_be_bytes().to_vec()
        }
    }

    fn read_key(&self, bytes: &[u8]) -> Option<ProfilePosition> {
        if self.order.is_by_username() {
            let username = UsernameKey::of(std::str::from_utf8(bytes).ok()?);
            Some(ProfilePosition { id: ProfileId::new(0), username })
        } else {
            let id = ProfileId::new(u64::from_be_bytes(bytes.try_into().ok()?));
            Some(ProfilePosition { id, username: UsernameKey::of("") })
        }
    }

    fn wire(&self, row: &Profile) -> Wire {
        wire(row, &self.links)
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
    Ok(ProfileChange { bio, city, ..ProfileChange::default() })
}

pub(super) fn wire(profile: &Profile, links: &PictureLinks) -> Wire {
    Wire {
        id: profile.id.get(),
        user: profile.username.to_string(),
        avatar: links.of(profile),
        bio: profile.bio.to_string(),
        city: profile.city.to_string(),
    }
}
