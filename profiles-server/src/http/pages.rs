//! The pages that mailed links lead to: confirming an address, and choosing a new password, for people whose site has
//! no page of its own for it.
//!
//! They work without scripts. A GET changes nothing, because scanners of mail follow every link; what changes something
//! is a plain form. It carries no CSRF token: the key in its address is the proof, and whoever can forge the request has
//! the key anyway. Without a key that works a page tells nothing about any account.
//!
//! A form has no `action`: it goes back to where it came from, below whatever mount point or proxy that is.

mod confirm_email;
mod link;
mod new_password;
mod page;
mod templates;

use std::sync::Arc;

use poem::{
    IntoResponse as _, Request, Response,
    error::ResponseError as _,
    http::{HeaderValue, Method, header},
    web::Html,
};
use profiles_core::Core;

pub(crate) use self::link::MailedLink;
use self::{page::Page, templates::Templates};
use super::{
    Settings, body::Bodies, contract::without_body, error::ApiError, form::Form, input, media::MediaType, origin,
};

/// What a page can be asked for with.
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");

/// The pages of one API.
pub(crate) struct Pages {
    core: Arc<Core>,
    settings: Arc<Settings>,
    bodies: Bodies,
    templates: Templates,
}

impl Pages {
    pub(crate) fn new(core: Arc<Core>, settings: Arc<Settings>, bodies: Bodies) -> Self {
        let templates = Templates::new(&settings.site_name);
        Self { core, settings, bodies, templates }
    }

    /// Answers a request for a mailed link, with a page in any case, whatever `Accept` says: the status is for programs.
    pub(crate) async fn answer(&self, link: &MailedLink, request: Request) -> Response {
        let method = request.method().clone();
        let page = self.page(link, request).await.unwrap_or_else(|error| Page::failed(&error));
        let response = self.respond(&page);
        if method == Method::HEAD { without_body(response).await } else { response }
    }

    async fn page(&self, link: &MailedLink, mut request: Request) -> Result<Page, ApiError> {
        let core = self.core.on_behalf_of(origin::of(&request, &self.settings));
        match (request.method(), link) {
            (&Method::GET | &Method::HEAD, MailedLink::ConfirmEmail { key }) => confirm_email::ask(&core, key).await,
            (&Method::GET | &Method::HEAD, MailedLink::NewPassword { uid, key }) => {
                new_password::ask(&core, uid, key).await
            }
            (&Method::POST, MailedLink::ConfirmEmail { key }) => {
                self.form(&mut request).await?;
                confirm_email::confirm(&core, key).await
            }
            (&Method::POST, MailedLink::NewPassword { uid, key }) => {
                let form = self.form(&mut request).await?;
                new_password::choose(&core, uid, key, &form).await
            }
            (method, _) => Err(ApiError::MethodNotAllowed(method.to_string())),
        }
    }

    /// What a browser has sent. JSON is for the API.
    async fn form(&self, request: &mut Request) -> Result<Form, ApiError> {
        let content_type = input::content_type(request);
        let bytes = self.bodies.read(request.take_body()).await?;
        if !bytes.is_empty() && MediaType::parse(&content_type).covers("application", "json") {
            return Err(ApiError::MediaType(content_type));
        }
        Form::parse(&content_type, &bytes)
    }

    fn respond(&self, page: &Page) -> Response {
        let html = match self.templates.render(page) {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                return ApiError::Internal.as_response();
            }
        };
        let mut response = Html(html).with_status(page.status).into_response();
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, ALLOW);
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_SECURITY_POLICY, self.templates.policy());
        // The address holds a key: no other site may learn it.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(wait) = &page.retry_after {
            headers.insert(header::RETRY_AFTER, wait.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests;
