//! `GET /api/`

use poem::Request;
use poem_openapi::OpenApi;
use profiles_api::ApiRoot;

use super::{Context, Tag};
use crate::http::{answer::Answer, base_url::RequestPath, error::ApiError, query};

pub(crate) struct RootApi(pub(crate) Context);

#[OpenApi(tag = "Tag::Profiles")]
#[expect(clippy::unused_async, reason = "poem-openapi takes async functions only")]
impl RootApi {
    /// List the collections
    ///
    /// Asked for as `/api/.json` or by `?format=json`, the links carry the suffix or the parameter too.
    #[oai(path = "/api", method = "get", operation_id = "get_root")]
    async fn show(&self, request: &Request) -> Result<Answer<ApiRoot>, ApiError> {
        let base = self.0.base_url(request);
        let has_suffix = RequestPath::of(request).trim_end_matches('/').ends_with("/.json");
        let end = if has_suffix { ".json" } else { "/" };
        let format = query::last(request, "format").map(|format| query::encoded([("format", &format)]));
        let query = format.map(|format| format!("?{format}")).unwrap_or_default();
        let link = |name: &str| base.absolute(&format!("/api/{name}{end}{query}"));
        Ok(Answer::new(ApiRoot { profiles: link("profiles"), profile_status: link("profile-status") }))
    }
}
