//! `POST /api/rest-auth/logout/`

use poem::Request;
use poem_openapi::OpenApi;
use profiles_api::Detail;

use super::Tag;
use crate::http::{
    answer::Answer,
    authentication::Caller,
    cookies::{self, SetCookie},
    error::ApiError,
};

pub(crate) struct LogoutApi;

#[OpenApi(tag = "Tag::Authentication")]
impl LogoutApi {
    /// Log out
    ///
    /// Ends the token and the session that the request presents; other logins go on. The body is not read.
    #[oai(path = "/api/rest-auth/logout", method = "post", operation_id = "log_out")]
    async fn log_out(&self, request: &Request, caller: Caller) -> Result<Answer<Detail>, ApiError> {
        // Where logging in opens no session there is nothing to log out of but a token, as in the original.
        if !caller.by_token && !caller.core.settings().session_login {
            return Err(ApiError::NoToken);
        }
        caller.core.log_out(caller.actor, &caller.presented).await?;
        let ended = cookies::get(request, cookies::SESSION).map(|_| SetCookie::end_session());
        let detail = Detail { detail: "Successfully logged out.".to_owned() };
        Ok(Answer::new(detail).with_cookies(ended.into_iter().collect()))
    }
}
