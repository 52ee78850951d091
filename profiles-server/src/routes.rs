//! The API as routes: for this program, and for any other poem application to mount.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, endpoint::BoxEndpoint};
use poem_openapi::OpenApiService;
use profiles_core::Core;

use crate::http::{
    Bodies, Contract, Documentation, MailedLink, MountPoint, Pages, Pictures, Settings, Slashed, Streams,
    headers::SecurityHeaders,
    routes::{
        AvatarApi, Context, EmailApi, ExportApi, FeedApi, LoginApi, LogoutApi, PasswordApi, ProfilesApi,
        RegistrationApi, RootApi, SessionsApi, StatusesApi, UserApi,
    },
};

type Operations = (
    RegistrationApi,
    EmailApi,
    LoginApi,
    LogoutApi,
    PasswordApi,
    SessionsApi,
    UserApi,
    ExportApi,
    ProfilesApi,
    AvatarApi,
    StatusesApi,
    FeedApi,
    RootApi,
);

/// What the document says of the whole.
const ABOUT: &str = "Accounts, authentication, profiles and statuses.

To try it out: register or log in below, press *Authorize*, and enter the word `Token`, a space, and the key that was \
                     answered. Bodies are JSON, a form, or multipart; answers are JSON.";

/// Builds the API over a core that somebody else made.
///
/// ```
/// use std::sync::Arc;
/// use poem::Route;
/// use profiles_core::{Core, store::MemoryStore};
/// use profiles_server::Api;
///
/// let core = Arc::new(Core::builder(Arc::new(MemoryStore::new())).build()?);
/// let app = Route::new().nest("/accounts", Api::new(core).into_endpoint());
/// # Ok::<(), profiles_core::Error>(())
/// ```
#[must_use]
pub struct Api {
    core: Arc<Core>,
    settings: Settings,
    streams: Option<Streams>,
}

impl Api {
    /// The API with the settings of a new deployment.
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, settings: Settings::default(), streams: None }
    }

    /// Other settings.
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The live feeds, for a program that ends them when it stops.
    pub fn streams(self, streams: Streams) -> Self {
        Self { streams: Some(streams), ..self }
    }

    fn context(self) -> Context {
        let Self { core, settings, streams } = self;
        let streams = streams.unwrap_or_else(|| Streams::new(settings.max_streams));
        Context { core, settings: Arc::new(settings), streams }
    }

    /// Everything: `/api/...`, the pages below it that mailed links lead to, pictures at `/media/avatars/...`, Swagger UI
    /// at `/docs`, the document at `/openapi.json`.
    pub fn into_endpoint(self) -> BoxEndpoint<'static> {
        let context = self.context();
        let service = service(&context);
        let Context { core, settings, .. } = context;
        let documentation = Documentation::new(&service, Arc::clone(&settings)).into_route();
        let bodies = Bodies::new(settings.max_body_bytes);
        let pages = Pages::new(Arc::clone(&core), Arc::clone(&settings), bodies.clone());
        let pictures = settings.avatars.then(|| Pictures { core: Arc::clone(&core) });
        let api = Contract { operations: service.into_endpoint(), core, settings, bodies };
        Everything { api, pages, documentation, pictures }.with(SecurityHeaders).boxed()
    }

    /// The OpenAPI document as JSON.
    pub fn document(self) -> String {
        service(&self.context()).spec()
    }
}

/// The API beside its documentation and the pages of mailed links. Poem's router would refuse a path that is not UTF-8 before the contract sees it.
struct Everything<A, D> {
    api: A,
    pages: Pages,
    documentation: D,
    /// Nothing where there are none.
    pictures: Option<Pictures>,
}

impl<A: Endpoint<Output = Response>, D: Endpoint<Output = Response>> Endpoint for Everything<A, D> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        MountPoint::note(&mut request);
        let path = request.uri().path();
        if path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/") {
            self.documentation.call(request).await
        } else if let Some(pictures) = self.pictures.as_ref().filter(|_| Pictures::cover(path)) {
            pictures.call(request).await
        } else if let Some(link) = MailedLink::of(path) {
            Ok(self.pages.answer(&link, request).await)
        } else {
            self.api.call(request).await
        }
    }
}

fn service(context: &Context) -> OpenApiService<Slashed<Operations>, ()> {
    let context = || context.clone();
    let operations = (
        RegistrationApi(context()),
        EmailApi,
        LoginApi(context()),
        LogoutApi,
        PasswordApi(context()),
        SessionsApi,
        UserApi,
        ExportApi(context()),
        ProfilesApi(context()),
        AvatarApi(context()),
        StatusesApi(context()),
        FeedApi(context()),
        RootApi(context()),
    );
    OpenApiService::new(Slashed(operations), "profiles", env!("CARGO_PKG_VERSION")).description(ABOUT)
}
