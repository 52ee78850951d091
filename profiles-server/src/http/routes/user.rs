//! `/api/rest-auth/user/`

use poem_openapi::{OpenApi, types::Type};
use profiles_api::{DeleteAccountRequest, UserDetails, UserPatch, UserUpdate};
use profiles_core::{
    AccountEdit, FieldError,
    fields::{Field, name},
    model::{Account, Email, Password, PersonName, Username},
};

use super::Tag;
use crate::http::{
    answer::{Answer, NoContent},
    authentication::Caller,
    error::ApiError,
    form::{Form, TextField},
    input::Input,
};

pub(crate) struct UserApi;

#[OpenApi(tag = "Tag::Authentication")]
impl UserApi {
    /// Show one's own details
    #[oai(path = "/api/rest-auth/user", method = "get", operation_id = "get_user")]
    async fn show(&self, caller: Caller) -> Result<Answer<UserDetails>, ApiError> {
        Ok(Answer::new(details(&caller.core.own_account(caller.actor).await?)))
    }

    /// Replace one's own details
    ///
    /// A username that is taken is refused, one's own included: to keep it, leave it out (PATCH).
    #[oai(path = "/api/rest-auth/user", method = "put", operation_id = "replace_user")]
    async fn replace(&self, caller: Caller, body: Input<UserUpdate>) -> Result<Answer<UserDetails>, ApiError> {
        self.edit(caller, body, TextField::required(name::USERNAME)).await
    }

    /// Change one's own details
    #[oai(path = "/api/rest-auth/user", method = "patch", operation_id = "update_user")]
    async fn update(&self, caller: Caller, body: Input<UserPatch>) -> Result<Answer<UserDetails>, ApiError> {
        self.edit(caller, body, TextField::patched(name::USERNAME)).await
    }

    /// Erase one's own account
    ///
    /// With its profile, statuses, logins and tokens. The name and the address are free afterwards. Asks for the password.
    #[oai(path = "/api/rest-auth/user", method = "delete", operation_id = "delete_user")]
    async fn erase(&self, caller: Caller, body: Input<DeleteAccountRequest>) -> Result<NoContent, ApiError> {
        let form = body.read().await?;
        caller.core.erase_own_account(caller.actor, form.required(name::PASSWORD, Password::parse)).await?;
        Ok(NoContent)
    }
}

impl UserApi {
    async fn edit<T: Type>(
        &self,
        caller: Caller,
        body: Input<T>,
        username: TextField,
    ) -> Result<Answer<UserDetails>, ApiError> {
        let form = body.read().await?;
        let optional = |name| TextField::optional(name).allow_blank();
        let edit = AccountEdit {
            username: changed_name(&form, username),
            first_name: form.text(optional(name::FIRST_NAME), PersonName::parse),
            last_name: form.text(optional(name::LAST_NAME), PersonName::parse),
        };
        Ok(Answer::new(details(&caller.core.edit_own_account(caller.actor, edit).await?)))
    }
}

/// A new username. Whatever else is wrong with it, its characters are told first: here the original asks the model's own
/// validator, which registration asks last.
fn changed_name(form: &Form, field: TextField) -> Field<Option<Username>> {
    form.text(field, Username::parse).map_err(|mut errors| {
        let told = |error: &FieldError| matches!(error, FieldError::InvalidUsername | FieldError::Blank);
        let text = form.trimmed_text(name::USERNAME);
        if !errors.iter().any(told) && text.is_some_and(|text| !Username::has_allowed_characters(text)) {
            errors.insert(0, FieldError::InvalidUsername);
        }
        errors
    })
}

pub(super) fn details(account: &Account) -> UserDetails {
    UserDetails {
        pk: account.id.get(),
        username: account.username.to_string(),
        email: account.email.as_ref().map(Email::to_string).unwrap_or_default(),
        first_name: account.first_name.to_string(),
        last_name: account.last_name.to_string(),
    }
}
