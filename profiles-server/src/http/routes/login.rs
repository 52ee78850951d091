//! `POST /api/rest-auth/login/`

use poem::Request;
use poem_openapi::OpenApi;
use profiles_api::{KeyResponse, LoginRequest};
use profiles_core::{
    Credentials, Login,
    fields::{Field, name},
    model::{Email, Password, SecretKey, Username},
};

use super::{Context, Tag};
use crate::http::{
    answer::Answer,
    authentication::Caller,
    cookies::{self, SetCookie},
    csrf,
    error::ApiError,
    form::{Form, TextField},
    input::Input,
};

pub(crate) struct LoginApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Authentication")]
impl LoginApi {
    /// Log in
    ///
    /// Answers the key for the header `Authorization: Token <key>`, and sets a session cookie for browsers. Every login
    /// has a key of its own; logging out ends that one alone.
    #[oai(path = "/api/rest-auth/login", method = "post", operation_id = "log_in")]
    async fn log_in(
        &self,
        request: &Request,
        caller: Caller,
        body: Input<LoginRequest>,
    ) -> Result<Answer<KeyResponse>, ApiError> {
        let form = body.read().await?;
        let (_, login) = caller.core.log_in(Credentials { former: former(request), ..credentials(&form) }).await?;
        let key = KeyResponse { key: login.token.expose().to_owned() };
        Ok(Answer::new(key).with_cookies(login_cookies(&self.0, &login)?))
    }
}

fn credentials(form: &Form) -> Credentials {
    let optional = |name| TextField::optional(name).allow_blank();
    Credentials {
        username: form.text(optional(name::USERNAME), anyones_name),
        email: form.text(optional(name::EMAIL).email(), address).map(Option::flatten),
        password: form.required(name::PASSWORD, Password::parse),
        former: None,
    }
}

/// An address, or nothing.
fn address(text: &str) -> Field<Option<Email>> {
    if text.is_empty() { Ok(None) } else { Email::parse(text).map(Some) }
}

/// Any text may be typed for a username; only what no text may hold is told.
fn anyones_name(text: &str) -> Field<String> {
    match Username::parse(text) {
        Err(errors) if errors.contains(&profiles_core::FieldError::NullCharacter) => {
            Err(vec![profiles_core::FieldError::NullCharacter])
        }
        _ => Ok(text.to_owned()),
    }
}

/// The session that a browser comes with. A login takes its place, if it was somebody else's. One's own goes on, or what
/// the page has asked for meanwhile would come back with the news that it is over.
pub(super) fn former(request: &Request) -> Option<SecretKey> {
    cookies::get(request, cookies::SESSION).map(|id| SecretKey::presented(&id))
}

/// The cookies of a login, if it opened a session.
pub(super) fn login_cookies(context: &Context, login: &Login) -> Result<Vec<SetCookie>, ApiError> {
    let Some(session) = &login.session else { return Ok(Vec::new()) };
    let (now, secure) = (context.core.now(), context.settings.secure_cookies);
    let token = csrf::new_token(context.core.entropy()).map_err(profiles_core::Error::from)?;
    Ok(vec![SetCookie::csrf(&token, now, secure), session_cookie(context, session)])
}

/// The cookie of a session that was opened now.
pub(super) fn session_cookie(context: &Context, session: &SecretKey) -> SetCookie {
    let (age, secure) = (context.core.settings().session_age, context.settings.secure_cookies);
    SetCookie::session(session.expose(), context.core.now(), age, secure)
}
