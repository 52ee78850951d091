//! Who sends a request: a token in the `Authorization` header, or the session cookie of a browser.

use poem::{
    Request, RequestBody,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use profiles_core::{
    Authentication, Core,
    model::{Carrier, SecretKey},
    permissions::Actor,
    store::Wanted,
};

use super::{cookies, error::ApiError, headers};

/// What an anonymous request is answered where it must not be one, as the document says; `anonymous = "403"` in the
/// configuration changes it.
pub(crate) const ANONYMOUS_STATUS: u16 = 401;

/// Which proof is looked at first; the order also decides how a refusal of somebody anonymous looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthenticationOrder {
    /// Tokens, then sessions; who is anonymous gets 401 with `WWW-Authenticate: Token`.
    #[default]
    TokenFirst,
    /// Sessions, then tokens; who is anonymous gets 403.
    SessionFirst,
}

/// Who sends the request, the secrets with which they proved it, and the core as it serves them.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// It knows where the request comes from, and may have the row at hand that it is about.
    pub(crate) core: Core,
    pub(crate) actor: Actor,
    /// Whether it is a token in the header that was accepted.
    pub(crate) by_token: bool,
    /// The token or the session that was accepted, and the session cookie in any case: what a logout ends.
    pub(crate) presented: Vec<SecretKey>,
}

/// The outcome of looking at a request.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub(crate) caller: Caller,
    /// Whether the session was looked at, so that the answer varies by cookie.
    pub(crate) session_seen: bool,
    /// Whether the cookie names no session any more and is to be taken away.
    pub(crate) session_dead: bool,
    /// Whether it is the session that was accepted: then the request must pass the CSRF check.
    pub(crate) by_session: bool,
    /// What is answered because a token is presented and is no good: even open views refuse it, so that a stale client
    /// notices. What was found of the session before is so all the same.
    pub(crate) refusal: Option<ApiError>,
}

/// Characters of a session id at least; what is shorter Django takes for none.
const SHORTEST_SESSION: usize = 8;

/// Whether the request carries a cookie that can't be a session id, so that the answer should take it away.
pub(crate) fn has_broken_session(request: &Request) -> bool {
    cookies::get(request, cookies::SESSION).is_some_and(|id| id.chars().count() < SHORTEST_SESSION)
}

/// Looks at the proofs in their order. The row that is wanted is at hand for whoever is recognised.
///
/// # Errors
/// The store fails.
pub(crate) async fn recognise(
    core: &Core,
    request: &Request,
    order: AuthenticationOrder,
    wanted: Option<Wanted>,
) -> Result<Recognised, ApiError> {
    let session = cookies::get(request, cookies::SESSION).map(|id| SecretKey::presented(&id));
    let mut outcome = Recognised {
        caller: Caller {
            core: core.clone(),
            actor: Actor::Anonymous,
            by_token: false,
            presented: session.iter().cloned().collect(),
        },
        session_seen: false,
        session_dead: false,
        by_session: false,
        refusal: None,
    };
    let first = order == AuthenticationOrder::SessionFirst;
    if first && by_session(session.as_ref(), wanted.as_ref(), &mut outcome).await? {
        return Ok(outcome);
    }
    match by_token(request.headers(), wanted.as_ref(), &mut outcome.caller).await {
        Ok(known) if known || order == AuthenticationOrder::SessionFirst => {}
        Ok(_) => {
            by_session(session.as_ref(), wanted.as_ref(), &mut outcome).await?;
        }
        Err(refusal) => outcome.refusal = Some(refusal),
    }
    Ok(outcome)
}

async fn by_token(headers: &HeaderMap, wanted: Option<&Wanted>, caller: &mut Caller) -> Result<bool, ApiError> {
    let Some(token) = token(headers)? else { return Ok(false) };
    caller.actor = match caller.authenticate(&token, Carrier::Header, wanted).await? {
        Authentication::Known(principal) => Actor::from(&principal),
        Authentication::Inactive => return Err(ApiError::BadCredentials("User inactive or deleted.")),
        Authentication::Unknown => return Err(ApiError::BadCredentials("Invalid token.")),
    };
    caller.by_token = true;
    caller.presented.push(token);
    Ok(true)
}

async fn by_session(
    session: Option<&SecretKey>,
    wanted: Option<&Wanted>,
    outcome: &mut Recognised,
) -> Result<bool, ApiError> {
    outcome.session_seen = true;
    let Some(session) = session else { return Ok(false) };
    match outcome.caller.authenticate(session, Carrier::Cookie, wanted).await? {
        Authentication::Known(principal) => {
            outcome.caller.actor = Actor::from(&principal);
            outcome.by_session = true;
        }
        // The session lives on and its account is out of use: anonymous, as Django has it.
        Authentication::Inactive => {}
        Authentication::Unknown => outcome.session_dead = true,
    }
    Ok(outcome.by_session)
}

impl Caller {
    /// Whose this is; from then on the row that is wanted is at hand.
    async fn authenticate(
        &mut self,
        presented: &SecretKey,
        carrier: Carrier,
        wanted: Option<&Wanted>,
    ) -> Result<Authentication, ApiError> {
        let Some(wanted) = wanted else { return Ok(self.core.authenticate(presented, carrier).await?) };
        let (authentication, core) = self.core.authenticate_for(wanted.clone(), presented, carrier).await?;
        self.core = core;
        Ok(authentication)
    }
}

/// The token of `Authorization: Token <key>`; other schemes are none of ours.
fn token(headers: &HeaderMap) -> Result<Option<SecretKey>, ApiError> {
    let Some(value) = headers::bytes(headers, header::AUTHORIZATION) else { return Ok(None) };
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"token")) {
        return Ok(None);
    }
    let refuse = |message| Err(ApiError::BadCredentials(message));
    match (words.next(), words.next()) {
        (None, _) => refuse("Invalid token header. No credentials provided."),
        (Some(_), Some(_)) => refuse("Invalid token header. Token string should not contain spaces."),
        (Some(word), None) => match std::str::from_utf8(word) {
            Ok(text) => Ok(Some(SecretKey::presented(text))),
            Err(_) => refuse("Invalid token header. Token string should not contain invalid characters."),
        },
    }
}

/// Hands the caller that the contract has recognised to an operation, and documents both schemes.
impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = |name, key_in, description| MetaSecurityScheme {
            ty: "apiKey",
            description: Some(description),
            name: Some(name),
            key_in: Some(key_in),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let token =
            "The word `Token`, a space, and the key that login answers: `Token 9944b09199c62bcf9418ad846dd0e4bb...`";
        registry.create_security_scheme("TokenAuth", scheme("Authorization", "header", token));
        let session =
            "The cookie that login sets; unsafe methods also need `X-CSRFToken` with the `csrftoken` cookie's value";
        registry.create_security_scheme("SessionAuth", scheme("sessionid", "cookie", session));
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["TokenAuth", "SessionAuth"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        // The contract has put it there.
        request.data::<Self>().cloned().ok_or_else(|| ApiError::Internal.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, poem::http::HeaderValue::from_bytes(value).unwrap());
        token(&headers).map(|token| token.map(|token| token.expose().to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_header_is_split_as_the_original_splits_it() {
        for anonymous in [&b""[..], b"Bearer x", b"Basic x", b"zzz", b"Tokens x"] {
            assert_eq!(read(anonymous), Ok(None));
        }
        for good in [&b"Token abc"[..], b"token abc", b"TOKEN   abc "] {
            assert_eq!(read(good), Ok(Some("abc".into())));
        }
        assert_eq!(read(b"Token"), Err("Invalid token header. No credentials provided.".into()));
        assert_eq!(read(b"Token a b"), Err("Invalid token header. Token string should not contain spaces.".into()));
        let mut twice = HeaderMap::new();
        for key in ["Token a", "Token b"] {
            twice.append(header::AUTHORIZATION, poem::http::HeaderValue::from_static(key));
        }
        assert!(token(&twice).is_err());
        let message = "Invalid token header. Token string should not contain invalid characters.";
        assert_eq!(read(b"Token \xe9\xff"), Err(message.into()));
    }
}
