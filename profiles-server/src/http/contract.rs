//! Everything that holds for every path of the API, in the order in which the original checks it.
//!
//! Path, format, credentials, permission to come in, method; only then does an operation run, which looks for the row,
//! asks whether it may be touched, and reads the body last. The first check that fails answers, so a client learns
//! nothing that it has no right to know.

use std::sync::Arc;

use poem::{
    Body, Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, Uri, header},
};
use profiles_core::{
    Core, Error,
    model::{ProfileId, StatusId, UsernameKey},
    permissions::{Action, Actor, Denied, Object},
    store::{ProfileFilter, StatusFilter, Wanted},
};

use super::{
    Settings,
    answer::json_response,
    authentication::{self, AuthenticationOrder, Caller, recognise},
    base_url::{BaseUrl, RequestPath},
    body::Bodies,
    cookies::{self, SetCookie},
    csrf,
    error::ApiError,
    etag, form, headers, input,
    media::{NotNegotiable, Rendering, indented, negotiate},
    metadata, origin, query,
    resolve::{Resolved, RowId, Target, decode, encode, encode_query, resolve},
    view::{Access, Row},
};

/// The API's operations, behind the contract.
pub(crate) struct Contract<E> {
    pub(crate) operations: E,
    pub(crate) core: Arc<Core>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) bodies: Bodies,
}

/// What the checks have found out, for the headers of the answer.
#[derive(Default)]
struct Found {
    rendering: Rendering,
    session_seen: bool,
    session_dead: bool,
    csrf_broken: bool,
    /// `If-None-Match`.
    known: Option<String>,
}

impl<E: Endpoint> Endpoint for Contract<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let session_broken = authentication::has_broken_session(&request);
        let target = match resolve(request.uri().path()) {
            Resolved::View(target) if target.view.is_there(&self.settings) => target,
            Resolved::AppendSlash => return Ok(outside(self.append_slash(&request), session_broken)),
            Resolved::View(_) | Resolved::Unknown => {
                return Ok(outside(ApiError::NotFound.into_response(), session_broken));
            }
        };
        let method = request.method().clone();
        let mut found = Found {
            session_seen: session_broken,
            session_dead: session_broken,
            csrf_broken: csrf::has_broken_cookie(&request),
            known: headers::text(request.headers(), header::IF_NONE_MATCH),
            ..Found::default()
        };
        let answer = self.answer(&mut request, &target, &mut found).await;
        let response = answer.unwrap_or_else(IntoResponse::into_response);
        Ok(self.finish(response, &method, &target, &found).await)
    }
}

impl<E: Endpoint> Contract<E> {
    async fn answer(&self, request: &mut Request, target: &Target, found: &mut Found) -> Result<Response, ApiError> {
        found.rendering = rendering(request, target)?;
        let core = self.core.on_behalf_of(origin::of(request, &self.settings));
        let wanted = self.wanted(request.method(), target);
        let caller = self.authenticate(&core, request, wanted, found).await?;
        self.let_in(request.method(), target, caller.actor)?;
        if request.method() == Method::OPTIONS {
            let writable = self.may_write(request, target, caller.actor).await;
            let fields = target.view.fields(core.settings()).filter(|_| writable);
            return Ok(json_response(StatusCode::OK, &metadata::describe(target.view, fields)));
        }
        if !target.view.has(request.method(), &self.settings) {
            return Err(ApiError::MethodNotAllowed(request.method().to_string()));
        }
        self.operate(request, target, caller).await
    }

    /// The row that the operation will look for first. It is read together with who asks: one look-up for both.
    fn wanted(&self, method: &Method, target: &Target) -> Option<Wanted> {
        if !target.view.has(method, &self.settings) {
            return None;
        }
        match (target.view.row?, target.row) {
            (Row::Profile, Some(RowId::Number(id))) => Some(Wanted::Profile(ProfileId::new(id))),
            (Row::Status, Some(RowId::Number(id))) => Some(Wanted::Status(StatusId::new(id))),
            (Row::NamedProfile, _) => target.name.as_deref().map(|name| Wanted::ProfileNamed(UsernameKey::of(name))),
            // Who edits their account has sent a body, which is read before the account is.
            (Row::OwnAccount, _) if csrf::is_safe(method) => Some(Wanted::OwnAccount),
            _ => None,
        }
    }

    async fn authenticate(
        &self,
        core: &Core,
        request: &mut Request,
        wanted: Option<Wanted>,
        found: &mut Found,
    ) -> Result<Caller, ApiError> {
        let recognised = recognise(core, request, self.settings.authentication, wanted).await?;
        found.session_seen |= recognised.session_seen;
        found.session_dead |= recognised.session_dead;
        if let Some(refusal) = recognised.refusal {
            return Err(refusal);
        }
        if recognised.by_session && !csrf::is_safe(request.method()) {
            let secret = csrf::Secret::of(request, &self.base_url(request)).map_err(ApiError::Csrf)?;
            let field = self.csrf_field(request).await?;
            secret.check(request, field.as_deref()).map_err(ApiError::Csrf)?;
        }
        Ok(recognised.caller)
    }

    /// The token that an HTML form carries, if this is one; the body is put back for the operation. The original looks
    /// for it in every POST, so that a body which can't be read is told here already.
    async fn csrf_field(&self, request: &mut Request) -> Result<Option<String>, ApiError> {
        if request.method() != Method::POST {
            return Ok(None);
        }
        let content_type = input::content_type(request);
        let bytes = form::bytes(&content_type, request.take_body(), &self.bodies).await?;
        let token = form::csrf_token(&content_type, &bytes);
        request.set_body(bytes);
        token
    }

    /// Whether the caller may come in at all.
    fn let_in(&self, method: &Method, target: &Target, actor: Actor) -> Result<(), ApiError> {
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        match target.view.access {
            Access::Open => Ok(()),
            Access::ReadOrAccount if reads => Ok(self.core.authorise(actor, Action::Read, Object::List)?),
            Access::ReadOrAccount | Access::Account => match actor {
                Actor::Anonymous => Err(Error::from(Denied::Unauthenticated).into()),
                Actor::Account { .. } => Ok(()),
            },
        }
    }

    /// Whether the caller could send the form that OPTIONS would describe.
    async fn may_write(&self, request: &Request, target: &Target, actor: Actor) -> bool {
        match (target.view.row, target.row) {
            (None, _) => target.view.access == Access::Open || actor != Actor::Anonymous,
            (Some(Row::Profile), Some(RowId::Number(id))) => {
                let search = query::last(request, "search").unwrap_or_default();
                let Ok(terms) = query::search_terms(&search) else { return false };
                self.core.edit_profile(actor, ProfileId::new(id), &ProfileFilter { terms }).await.is_ok()
            }
            (Some(Row::Status), Some(RowId::Number(id))) => {
                let filter = StatusFilter { username: query::last(request, "username"), ..StatusFilter::default() };
                self.core.edit_status(actor, StatusId::new(id), &filter).await.is_ok()
            }
            (Some(Row::Token), Some(_)) | (Some(Row::NamedProfile | Row::OwnAccount), _) => actor != Actor::Anonymous,
            (Some(_), _) => false,
        }
    }

    fn base_url(&self, request: &Request) -> BaseUrl<'_> {
        BaseUrl::of(request, self.settings.public_url.as_deref(), &self.settings.trusted_origins)
    }

    /// Django's redirect to the same path with its final slash; for every method, though most clients then lose the
    /// body.
    fn append_slash(&self, request: &Request) -> Response {
        let uri = request.uri();
        let query = uri.query().filter(|query| !query.is_empty());
        let query = query.map(|query| format!("?{}", encode_query(query))).unwrap_or_default();
        let path = self.base_url(request).path(&encode(&decode(uri.path())));
        // A path that begins with two slashes would lead to another host.
        let path = path.trim_start_matches('/');
        Response::builder()
            .status(StatusCode::MOVED_PERMANENTLY)
            .header(header::LOCATION, format!("/{path}/{query}"))
            .content_type("text/html; charset=utf-8")
            .finish()
    }

    /// Runs the operation, under the one address that the router knows for it.
    async fn operate(&self, request: &mut Request, target: &Target, caller: Caller) -> Result<Response, ApiError> {
        let number = match target.row {
            Some(RowId::NotANumber) => return Err(ApiError::NotFound),
            Some(RowId::Number(number)) => number,
            // No row has the number 0, and a path without a row has no place for it.
            Some(RowId::NoSuchRow) | None => 0,
        };
        let mut request = std::mem::take(request);
        if request.method() == Method::HEAD {
            request.set_method(Method::GET);
        }
        let path = target.view.path.replace("{id}", &number.to_string());
        let path = path.replace("{name}", &encode(target.name.as_deref().unwrap_or_default()));
        let path = request.uri().query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| ApiError::NotFound)?;
        request.set_data(caller);
        request.set_data(RequestPath(target.path.clone()));
        request.set_data(self.bodies.clone());
        match self.operations.call(request).await {
            Ok(output) => Ok(output.into_response()),
            Err(error) => Ok(error.into_response()),
        }
    }

    /// A fresh token for a client whose cookie can't be one, unless the answer sets one anyway. Without entropy the
    /// client keeps what it has, and is refused as before.
    fn replace_csrf_cookie(&self, response: &mut Response) {
        let sets_one = SetCookie::is_set_in(response, cookies::CSRF);
        if let (false, Ok(token)) = (sets_one, csrf::new_token(self.core.entropy())) {
            SetCookie::csrf(&token, self.core.now(), self.settings.secure_cookies).append_to(response);
        }
    }

    /// Gives the answer the headers that every answer has.
    async fn finish(&self, response: Response, method: &Method, target: &Target, found: &Found) -> Response {
        let mut response = only_json(response);
        let looks = target.view.touches_session(self.core.settings());
        let touched = looks && response.status().is_success() && method != Method::OPTIONS;
        let varies = found.session_seen || found.csrf_broken || touched;
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(target.view.allow(&self.settings)));
        headers.insert(header::VARY, HeaderValue::from_static(if varies { "Accept, Cookie" } else { "Accept" }));
        if response.status() == StatusCode::UNAUTHORIZED {
            match self.settings.authentication {
                AuthenticationOrder::TokenFirst => {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
                }
                AuthenticationOrder::SessionFirst => response.set_status(StatusCode::FORBIDDEN),
            }
        }
        if found.session_dead && !response.headers().contains_key(header::SET_COOKIE) {
            SetCookie::end_session().append_to(&mut response);
        }
        if found.csrf_broken {
            self.replace_csrf_cookie(&mut response);
        }
        if self.settings.etags {
            response = etag::not_sent_again(response, method, found.known.as_deref(), found.rendering.indent);
        } else {
            response.headers_mut().remove(header::ETAG);
        }
        if let Some(spaces) = found.rendering.indent.filter(|_| response.headers().contains_key(header::CONTENT_TYPE)) {
            let bytes = response.take_body().into_vec().await.unwrap_or_default();
            response.set_body(indented(&bytes, spaces));
        }
        if method == Method::HEAD { without_body(response).await } else { response }
    }
}

/// An answer to a path of which there is no view.
fn outside(mut response: Response, session_broken: bool) -> Response {
    if session_broken {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie"));
        SetCookie::end_session().append_to(&mut response);
    }
    response
}

fn rendering(request: &Request, target: &Target) -> Result<Rendering, ApiError> {
    let format = target.format.clone().or_else(|| query::last(request, "format"));
    let accept = headers::text(request.headers(), header::ACCEPT);
    negotiate(format.as_deref(), accept.as_deref(), target.view.media).map_err(|refusal| match refusal {
        NotNegotiable::UnknownFormat => ApiError::NotFound,
        NotNegotiable::NotAcceptable => ApiError::NotAcceptable,
    })
}

/// What the framework itself refuses (it should not come to that) must look like everything else.
fn only_json(response: Response) -> Response {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed && !is_json {
        tracing::error!(status = response.status().as_u16(), "the framework refused what the contract let through");
        return ApiError::Internal.into_response();
    }
    response
}

/// The answer to HEAD: the headers of GET, its length included.
pub(super) async fn without_body(mut response: Response) -> Response {
    let body = response.take_body();
    let length = body.into_vec().await.map_or(0, |bytes| bytes.len());
    if length > 0 {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response.set_body(Body::empty());
    response
}
