//! Where a request comes from, as the core is told.

use poem::{Request, http::header};
use profiles_core::model::Origin;

use super::{Settings, client_address, headers, trace::RequestId};

/// The client's address, as far as proxies are trusted; what it says it is; and the request's name in the log.
pub(crate) fn of(request: &Request, settings: &Settings) -> Origin {
    let agent = headers::text(request.headers(), header::USER_AGENT);
    let address = client_address(request, &settings.trusted_proxies);
    Origin::new(address, agent.as_deref(), request.data::<RequestId>().map(RequestId::as_str))
}
