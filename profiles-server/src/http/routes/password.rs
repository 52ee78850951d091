//! `/api/rest-auth/password/...`

use poem::Request;
use poem_openapi::OpenApi;
use profiles_api::{Detail, PasswordChangeRequest, PasswordResetConfirmRequest, PasswordResetRequest};
use profiles_core::{
    FieldError, NewPassword, PasswordChange, PasswordReset,
    fields::{Field, name},
    model::{AccountId, Email, Password},
};

use super::{
    Context, Tag,
    login::{former, session_cookie},
};
use crate::http::{
    answer::Answer,
    authentication::Caller,
    error::ApiError,
    form::{Form, TextField},
    input::Input,
    python,
};

pub(crate) struct PasswordApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Authentication")]
impl PasswordApi {
    /// Change one's own password
    ///
    /// `old_password` is only looked at where the server asks for it. The login by which it is changed goes on, a session
    /// under a new id, which the answer sets as its cookie; sessions of other logins end, and so do their tokens unless the
    /// server is configured otherwise.
    #[oai(path = "/api/rest-auth/password/change", method = "post", operation_id = "change_password")]
    async fn change(
        &self,
        request: &Request,
        caller: Caller,
        body: Input<PasswordChangeRequest>,
    ) -> Result<Answer<Detail>, ApiError> {
        let form = body.read().await?;
        let old_password = if caller.core.settings().old_password {
            form.text(TextField::required(name::OLD_PASSWORD), Password::parse_new)
        } else {
            Ok(None)
        };
        let change = PasswordChange { old_password, new: new_password(&form), session: former(request) };
        let (_, session) = caller.core.change_password(caller.actor, change).await?;
        let cookies = session.iter().map(|session| session_cookie(&self.0, session)).collect();
        Ok(detail("New password has been saved.").with_cookies(cookies))
    }

    /// Ask for a mail to choose a new password
    ///
    /// The answer is the same whether there is an account with this address or not.
    #[oai(path = "/api/rest-auth/password/reset", method = "post", operation_id = "request_password_reset")]
    async fn reset(&self, caller: Caller, body: Input<PasswordResetRequest>) -> Result<Answer<Detail>, ApiError> {
        caller.core.request_password_reset(email(&body.read().await?)).await?;
        Ok(detail("Password reset e-mail has been sent."))
    }

    /// Choose a new password with the mailed key
    ///
    /// `uid` and `token` are the last two parts of the mailed link. They work once, for three days unless the server is
    /// configured otherwise, and not after a login or a change of password or address.
    #[oai(path = "/api/rest-auth/password/reset/confirm", method = "post", operation_id = "confirm_password_reset")]
    async fn confirm(
        &self,
        caller: Caller,
        body: Input<PasswordResetConfirmRequest>,
    ) -> Result<Answer<Detail>, ApiError> {
        let form = body.read().await?;
        let reset = PasswordReset {
            uid: form.required(name::UID, uid),
            token: form.required(name::TOKEN, any_text),
            new: new_password(&form),
        };
        caller.core.reset_password(reset).await?;
        Ok(detail("Password has been reset with the new password."))
    }
}

/// Both fields of a form for a new password.
pub(crate) fn new_password(form: &Form) -> NewPassword {
    NewPassword {
        new_password1: form.required(name::NEW_PASSWORD1, Password::parse_new),
        new_password2: form.required(name::NEW_PASSWORD2, Password::parse_new),
    }
}

/// A key or a number that was mailed: whatever is no key is merely a wrong one.
pub(super) fn any_text(text: &str) -> Field<String> {
    if text.contains('\0') { Err(vec![FieldError::NullCharacter]) } else { Ok(text.to_owned()) }
}

/// Characters of an account's number at most, as Django reads it from a link.
const MAX_UID: usize = 13;

/// An account's number as a link has it, in the one way in which we write it: the original takes it in any that Python
/// reads. What is no number stays nobody's.
fn uid(text: &str) -> Field<String> {
    let text = any_text(text)?;
    let number = Some(text).filter(|text| text.chars().count() <= MAX_UID).and_then(|text| python::int_of(&text, 36));
    let account = number.and_then(|number| u64::try_from(number).ok()).map(AccountId::new);
    Ok(account.map(AccountId::to_base36).unwrap_or_default())
}

/// The address of a form.
pub(super) fn email(form: &Form) -> Field<Email> {
    form.text(TextField::required(name::EMAIL).email(), Email::parse)?.ok_or_else(|| vec![FieldError::Required])
}

pub(super) fn detail(text: &str) -> Answer<Detail> {
    Answer::new(Detail { detail: text.to_owned() })
}
