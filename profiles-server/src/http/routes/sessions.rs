//! `/api/rest-auth/sessions/` and `/api/rest-auth/tokens/`

use poem_openapi::{OpenApi, param::Path};
use profiles_api::{LoginKind, LoginSession, NewPersonalToken as Issued, PersonalTokenRequest, RevokeOthersResponse};
use profiles_core::{
    FieldError, NewPersonalToken,
    fields::{Field, name},
    model::{Scope, Timestamp, Token, TokenId, TokenKind, TokenName},
    permissions::Actor,
};

use super::Tag;
use crate::http::{
    answer::{Answer, Created, NoContent},
    authentication::Caller,
    error::ApiError,
    form::TextField,
    input::Input,
};

pub(crate) struct SessionsApi;

#[OpenApi(tag = "Tag::Authentication")]
impl SessionsApi {
    /// List one's own logins
    ///
    /// Tokens, sessions and personal tokens, oldest first. `last_used_at` may be some minutes old.
    #[oai(path = "/api/rest-auth/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(&self, caller: Caller) -> Result<Answer<Vec<LoginSession>>, ApiError> {
        let tokens = caller.core.sessions(caller.actor).await?;
        Ok(Answer::new(tokens.iter().map(|token| wire(token, caller.actor)).collect()))
    }

    /// End one of one's own logins
    #[oai(path = "/api/rest-auth/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end(&self, caller: Caller, id: Path<u64>) -> Result<NoContent, ApiError> {
        caller.core.end_session(caller.actor, TokenId::new(id.0)).await?;
        Ok(NoContent)
    }

    /// End all of one's own logins but this one
    ///
    /// Personal tokens go on.
    #[oai(path = "/api/rest-auth/sessions/revoke-others", method = "post", operation_id = "end_other_sessions")]
    async fn end_others(&self, caller: Caller) -> Result<Answer<RevokeOthersResponse>, ApiError> {
        let ended = caller.core.end_other_sessions(caller.actor).await?;
        let ended = u64::try_from(ended).unwrap_or(u64::MAX);
        Ok(Answer::new(RevokeOthersResponse { detail: "Logged out everywhere else.".to_owned(), ended }))
    }

    /// List one's own personal tokens
    #[oai(path = "/api/rest-auth/tokens", method = "get", operation_id = "list_personal_tokens")]
    async fn tokens(&self, caller: Caller) -> Result<Answer<Vec<LoginSession>>, ApiError> {
        let tokens = caller.core.personal_tokens(caller.actor).await?;
        Ok(Answer::new(tokens.iter().map(|token| wire(token, caller.actor)).collect()))
    }

    /// Make a personal token
    ///
    /// For a program of one's own: sent as `Authorization: Token <key>`, it may do what its scopes say, and never touch
    /// the account's password, address, logins or tokens. The key is in this answer and never shown again.
    #[oai(path = "/api/rest-auth/tokens", method = "post", operation_id = "create_personal_token")]
    async fn create(&self, caller: Caller, body: Input<PersonalTokenRequest>) -> Result<Created<Issued>, ApiError> {
        let form = body.read().await?;
        let new = NewPersonalToken {
            name: form.required(name::NAME, TokenName::parse),
            scopes: form.texts(name::SCOPES, Scope::parse),
            expires_at: nullable(form.text(TextField::optional(name::EXPIRES_AT), moment)),
        };
        let (token, secret) = caller.core.create_personal_token(caller.actor, new).await?;
        Ok(Created::new(Issued { token: wire(&token, caller.actor), key: secret.expose().to_owned() }))
    }

    /// Revoke a personal token
    #[oai(path = "/api/rest-auth/tokens/:id", method = "delete", operation_id = "revoke_personal_token")]
    async fn revoke(&self, caller: Caller, id: Path<u64>) -> Result<NoContent, ApiError> {
        caller.core.revoke_personal_token(caller.actor, TokenId::new(id.0)).await?;
        Ok(NoContent)
    }
}

/// `null` says the same as leaving a field out.
fn nullable<T>(field: Field<Option<T>>) -> Field<Option<T>> {
    match field {
        Err(errors) if errors == [FieldError::Null] => Ok(None),
        other => other,
    }
}

/// RFC 3339, with an offset or `Z`.
fn moment(text: &str) -> Field<Timestamp> {
    let moment = text.parse::<jiff::Timestamp>().map_err(|_| vec![FieldError::InvalidMoment])?;
    Ok(Timestamp::from_micros(moment.as_microsecond()))
}

pub(super) fn wire(token: &Token, actor: Actor) -> LoginSession {
    LoginSession {
        id: token.id.get(),
        kind: match token.kind {
            TokenKind::Api => LoginKind::Token,
            TokenKind::Session => LoginKind::Session,
            TokenKind::Personal => LoginKind::Personal,
        },
        name: token.name.as_ref().map(ToString::to_string).unwrap_or_default(),
        scopes: token.scopes.iter().map(|scope| scope.to_string()).collect(),
        created_at: token.created_at.to_string(),
        last_used_at: token.last_used_at.map(|at| at.to_string()),
        expires_at: token.expires_at.map(|at| at.to_string()),
        address: token.origin.address().map(|address| address.to_string()),
        agent: token.origin.agent().map(str::to_owned),
        current: actor.token() == Some(token.id),
    }
}
