//! The operations, one file per resource. Each translates a request for the core, and its answer for the wire.

mod avatar;
mod email;
mod export;
mod feed;
mod login;
mod logout;
pub(super) mod password;
mod profiles;
mod registration;
mod root;
mod sessions;
pub(crate) mod statuses;
mod user;

use std::sync::Arc;

use poem::Request;
use poem_openapi::Tags;
use profiles_core::{Core, model::RequestKey};
use serde::Serialize;

pub(crate) use self::{
    avatar::AvatarApi, email::EmailApi, export::ExportApi, feed::FeedApi, login::LoginApi, logout::LogoutApi,
    password::PasswordApi, profiles::ProfilesApi, registration::RegistrationApi, root::RootApi, sessions::SessionsApi,
    statuses::StatusesApi, user::UserApi,
};
use super::{
    Settings, Streams,
    base_url::BaseUrl,
    error::ApiError,
    etag::{Condition, HeaderText},
    pictures::PictureLinks,
};

/// The headings of the document.
#[derive(Tags)]
pub(crate) enum Tag {
    /// Registering, logging in and out, one's own details.
    Authentication,
    /// What accounts show of themselves: read by everyone, edited by their owner or staff.
    Profiles,
    /// Short texts: read by everyone, posted by accounts, edited and deleted by their owner or staff.
    Statuses,
}

/// What every operation has at hand.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) core: Arc<Core>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) streams: Streams,
}

impl Context {
    /// What a write of a row depends on, if this deployment has it depend on anything.
    fn condition<W: Serialize>(&self, if_match: &HeaderText, row: impl FnOnce() -> W) -> Result<Condition, ApiError> {
        if self.settings.etags { Condition::of(if_match, &row()) } else { Ok(Condition::None) }
    }

    /// The key by which a request is done once, if it has one and this deployment looks at it.
    ///
    /// # Errors
    /// [`ApiError::IdempotencyKey`].
    fn once(&self, given: &HeaderText) -> Result<Option<RequestKey>, ApiError> {
        let Some(text) = given.0.as_deref().filter(|_| self.settings.idempotency_keys) else { return Ok(None) };
        // The draft has it as a string in quotes, and many clients send it without.
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        RequestKey::parse(text).map(Some).ok_or(ApiError::IdempotencyKey)
    }

    pub(crate) fn base_url(&self, request: &Request) -> BaseUrl<'_> {
        BaseUrl::of(request, self.settings.public_url.as_deref(), &self.settings.trusted_origins)
    }

    /// Where the pictures are, for the client of this request.
    fn links(&self, request: &Request) -> PictureLinks {
        PictureLinks::new(&self.base_url(request), self.settings.avatars)
    }
}
