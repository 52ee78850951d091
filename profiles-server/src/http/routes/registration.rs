//! `POST /api/rest-auth/registration/`

use poem::{IntoResponse, Request, Response};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaResponses, Registry},
};
use profiles_api::{Detail, KeyResponse, RegisterRequest};
use profiles_core::{
    LoginBy, Registration, Settings,
    fields::name,
    model::{Email, Password, Username},
};

use super::{
    Context, Tag,
    login::{former, login_cookies},
};
use crate::http::{
    answer::Created,
    authentication::Caller,
    error::ApiError,
    etag::HeaderText,
    form::{Form, TextField},
    input::Input,
};

pub(crate) struct RegistrationApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Authentication")]
impl RegistrationApi {
    /// Register
    ///
    /// Makes an account with an empty profile, logs it in, and mails a link to confirm the address. Where the server
    /// requires confirmation first, the answer is `{"detail": "Verification e-mail sent."}` and nobody is logged in.
    #[oai(path = "/api/rest-auth/registration", method = "post", operation_id = "register")]
    async fn register(
        &self,
        request: &Request,
        caller: Caller,
        /// The same key with the same request again, within a day, does nothing twice.
        #[oai(name = "Idempotency-Key")]
        key: HeaderText,
        body: Input<RegisterRequest>,
    ) -> Result<Registered, ApiError> {
        let key = self.0.once(&key)?;
        let form = body.read().await?;
        let registration = Registration { former: former(request), ..registration(&form, caller.core.settings()) };
        let outcome = match key {
            None => caller.core.register(registration).await?,
            Some(key) => caller.core.register_once(registration, &key).await?,
        };
        let Some(login) = outcome.login else {
            let detail = Detail { detail: "Verification e-mail sent.".to_owned() };
            return Ok(Registered::ToBeConfirmed(Created::new(detail)));
        };
        let key = KeyResponse { key: login.token.expose().to_owned() };
        Ok(Registered::LoggedIn(Created::new(key).with_cookies(login_cookies(&self.0, &login)?)))
    }
}

fn registration(form: &Form, settings: &Settings) -> Registration {
    let by_email = settings.login_by == LoginBy::Email;
    let field = |name, required| if required { TextField::required(name) } else { TextField::optional(name) };
    Registration {
        username: form.text(field(name::USERNAME, !by_email), Username::parse),
        email: form.text(field(name::EMAIL, settings.needs_email()).email(), Email::parse),
        password1: form.required(name::PASSWORD1, Password::parse),
        password2: form.required(name::PASSWORD2, Password::parse),
        former: None,
    }
}

/// A new account: logged in, or to be confirmed first.
enum Registered {
    LoggedIn(Created<KeyResponse>),
    ToBeConfirmed(Created<Detail>),
}

impl IntoResponse for Registered {
    fn into_response(self) -> Response {
        match self {
            Self::LoggedIn(answer) => answer.into_response(),
            Self::ToBeConfirmed(answer) => answer.into_response(),
        }
    }
}

impl ApiResponse for Registered {
    fn meta() -> MetaResponses {
        Created::<KeyResponse>::meta()
    }

    fn register(registry: &mut Registry) {
        Created::<KeyResponse>::register(registry);
    }
}
