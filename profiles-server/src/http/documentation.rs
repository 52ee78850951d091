//! Swagger UI, and the OpenAPI document that it shows.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use poem::{EndpointExt, Request, Response, Route, endpoint::make_sync, web::Html};
use poem_openapi::{OpenApi, OpenApiService};

use super::{Settings, base_url::BaseUrl, headers::docs_policy};

/// How the document says that the API is where the document came from.
const NO_SERVERS: &str = r#""servers": []"#;

/// What the page lacks: its kind, without which browsers imitate those of 1998, its language, a title that tells it
/// from others, and that it has no icon, which browsers would ask for.
const HEAD: [(&str, &str); 2] = [
    ("\n<html charset=\"UTF-8\">", "<!DOCTYPE html>\n<html lang=\"en\">"),
    ("<title>Swagger UI</title>", "<title>profiles API</title>\n    <link rel=\"icon\" href=\"data:,\">"),
];

/// The document, and the page with the document inside. Both name the path under which clients reach the API, so that
/// "Try it out" asks where the API is mounted.
pub(crate) struct Documentation {
    document: String,
    /// What is before and behind the document in the page: 2 MB, made when somebody first asks for it.
    frame: OnceLock<(String, String)>,
    settings: Arc<Settings>,
}

impl Documentation {
    pub(crate) fn new<T: OpenApi>(service: &OpenApiService<T, ()>, settings: Arc<Settings>) -> Self {
        Self { document: service.spec(), frame: OnceLock::new(), settings }
    }

    /// `/openapi.json` and `/docs`.
    pub(crate) fn into_route(self) -> Route {
        let (document, page) = (Arc::new(self), docs_policy());
        let shown = Arc::clone(&document);
        let document = make_sync(move |request| {
            let body = document.document(&request).into_owned();
            Response::builder().content_type("application/json").body(body)
        });
        let page = make_sync(move |request| Html(shown.page(&request))).with(page);
        Route::new().at("/openapi.json", document).nest("/docs", Route::new().at("/", page))
    }

    fn document(&self, request: &Request) -> Cow<'_, str> {
        let path = BaseUrl::of(request, self.settings.public_url.as_deref(), &[]).path("");
        if path.is_empty() {
            return Cow::Borrowed(&self.document);
        }
        let servers = serde_json::json!([{ "url": path }]);
        Cow::Owned(self.document.replacen(NO_SERVERS, &format!(r#""servers": {servers}"#), 1))
    }

    fn page(&self, request: &Request) -> String {
        let (before, after) = self.frame.get_or_init(frame);
        [before, self.document(request).as_ref(), after].concat()
    }
}

/// What is before and behind the document in a page of Swagger UI.
fn frame() -> (String, String) {
    let blank = OpenApiService::new((), "profiles", "");
    let (page, document) = (blank.swagger_ui_html(), blank.spec());
    let (before, after) = page.split_once(&document).unwrap_or_default();
    let before = HEAD.iter().fold(before.to_owned(), |page, (lacking, whole)| page.replacen(lacking, whole, 1));
    (before, after.to_owned())
}
