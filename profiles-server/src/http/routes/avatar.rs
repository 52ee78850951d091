//! `/api/avatar/`

use poem::Request;
use poem_openapi::OpenApi;
use profiles_api::Avatar;
use profiles_core::{FieldError, FieldErrors, fields::name};

use super::{Context, Tag};
use crate::http::{
    answer::Answer,
    authentication::Caller,
    error::ApiError,
    form::upload::{Sent, Upload},
};

pub(crate) struct AvatarApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Profiles")]
impl AvatarApi {
    /// Show another picture of oneself
    ///
    /// As a form with a file. It is made anew as a square: nothing else of the file is kept. `null`, or a blank field of a
    /// form, takes the picture away; without the field it stays.
    #[oai(path = "/api/avatar", method = "put", operation_id = "replace_avatar")]
    async fn replace(&self, request: &Request, caller: Caller, body: Upload) -> Result<Answer<Avatar>, ApiError> {
        self.set(request, caller, body).await
    }

    /// The same as PUT
    #[oai(path = "/api/avatar", method = "patch", operation_id = "update_avatar")]
    async fn update(&self, request: &Request, caller: Caller, body: Upload) -> Result<Answer<Avatar>, ApiError> {
        self.set(request, caller, body).await
    }
}

impl AvatarApi {
    async fn set(&self, request: &Request, caller: Caller, body: Upload) -> Result<Answer<Avatar>, ApiError> {
        let editor = caller.core.edit_avatar(caller.actor).await?;
        let profile = match body.read(name::AVATAR, caller.core.settings().avatars.max_bytes).await? {
            Sent::Nothing => editor.current().clone(),
            Sent::Null => editor.clear().await?,
            Sent::File(upload) => editor.set(upload).await?,
            Sent::Other => return Err(FieldErrors::of(name::AVATAR, FieldError::NotAFile).into()),
        };
        Ok(Answer::new(Avatar { avatar: self.0.links(request).of(&profile) }))
    }
}
