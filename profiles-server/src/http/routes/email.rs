//! Confirming an address, and changing it.

use poem_openapi::OpenApi;
use profiles_api::{Detail, EmailChangeRequest, ResendEmailRequest, VerifyEmailRequest};
use profiles_core::{
    EmailChange,
    fields::name,
    model::{Email, Password},
};

use super::{
    Tag,
    password::{any_text, detail, email},
};
use crate::http::{answer::Answer, authentication::Caller, error::ApiError, form::TextField, input::Input};

pub(crate) struct EmailApi;

#[OpenApi(tag = "Tag::Authentication")]
impl EmailApi {
    /// Confirm an address with the mailed key
    ///
    /// The key is the last part of the mailed link; it works once. For a change of address this is when it changes.
    #[oai(path = "/api/rest-auth/registration/verify-email", method = "post", operation_id = "verify_email")]
    async fn verify(&self, caller: Caller, body: Input<VerifyEmailRequest>) -> Result<Answer<Detail>, ApiError> {
        let form = body.read().await?;
        caller.core.verify_email(form.required(name::KEY, any_text)).await?;
        Ok(detail("ok"))
    }

    /// Ask for another confirmation mail
    ///
    /// The answer is the same whether there is an account with this address or not, confirmed or not.
    #[oai(path = "/api/rest-auth/registration/resend-email", method = "post", operation_id = "resend_email")]
    async fn resend(&self, caller: Caller, body: Input<ResendEmailRequest>) -> Result<Answer<Detail>, ApiError> {
        let form = body.read().await?;
        let is_needed = caller.core.settings().needs_email();
        let field = if is_needed { TextField::required(name::EMAIL) } else { TextField::optional(name::EMAIL) };
        caller.core.resend_confirmation(form.text(field.email(), Email::parse)).await?;
        Ok(detail("ok"))
    }

    /// Change one's own address
    ///
    /// Mails a link to the new address; the old one stays until it is followed, and is told then.
    #[oai(path = "/api/rest-auth/email/change", method = "post", operation_id = "change_email")]
    async fn change(&self, caller: Caller, body: Input<EmailChangeRequest>) -> Result<Answer<Detail>, ApiError> {
        let form = body.read().await?;
        let change = EmailChange { email: email(&form), password: form.required(name::PASSWORD, Password::parse) };
        caller.core.request_email_change(caller.actor, change).await?;
        Ok(detail("Confirmation e-mail sent."))
    }
}
