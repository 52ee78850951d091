//! `GET /api/rest-auth/user/export/`

use std::{future::Future, io};

use futures_util::{Stream, StreamExt, stream};
use poem::{Body, IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use profiles_api::{AccountExport, ExportedUser, KnownNetwork, WaitingMail};
use profiles_core::{
    Core, Error, OwnData,
    model::{Email, Network, Timestamp},
    permissions::Actor,
    store::OutboxEntry,
};
use serde::Serialize;

use super::{Tag, profiles, sessions, statuses};
use crate::{
    http::{
        answer::{json_bytes, to_json},
        authentication::Caller,
        error::ApiError,
    },
    operator::audit_line,
};

/// Rows that are read at a time: the memory that an export of any length costs.
const CHUNK: usize = 500;

pub(crate) struct ExportApi;

#[OpenApi(tag = "Tag::Authentication")]
impl ExportApi {
    /// Export everything held about one's own account
    ///
    /// One JSON object, sent in pieces. Passwords and keys are not in it, since nobody has them.
    #[oai(path = "/api/rest-auth/user/export", method = "get", operation_id = "export_user")]
    async fn export(&self, caller: Caller) -> Result<Export, ApiError> {
        let Caller { core, actor, .. } = caller;
        // What fails here fails before the answer has begun.
        let head = head(&core, actor, &core.own_data(actor).await?)?;
        let (of_statuses, of_audit) = (core.clone(), core);
        let statuses = pieces(move |after| {
            let core = of_statuses.clone();
            async move {
                let rows = core.own_statuses(actor, after, CHUNK).await?;
                Ok((rows.last().map(|row| row.id), rows.iter().map(statuses::wire).collect()))
            }
        });
        let audit = pieces(move |after| {
            let core = of_audit.clone();
            async move {
                let rows = core.own_audit(actor, after, CHUNK).await?;
                Ok((rows.last().map(|row| row.id), rows.iter().map(audit_line).collect()))
            }
        });
        let text = |text: &'static str| stream::iter([Ok(text.as_bytes().to_vec())]);
        let body = stream::iter([Ok(head)]).chain(statuses).chain(text("],\"audit\":[")).chain(audit).chain(text("]}"));
        Ok(Export(json_bytes(StatusCode::OK, Body::from_bytes_stream(body))))
    }
}

/// What comes before the rows that may be many.
fn head(core: &Core, actor: Actor, data: &OwnData) -> Result<Vec<u8>, ApiError> {
    #[derive(Serialize)]
    struct Head<'a> {
        exported_at: String,
        user: ExportedUser,
        profile: profiles_api::Profile,
        sessions: Vec<profiles_api::LoginSession>,
        networks: Vec<KnownNetwork>,
        mails: Vec<WaitingMail>,
        statuses: &'a [()],
    }
    let OwnData { account, profile, tokens, places, mails } = data;
    let head = Head {
        exported_at: core.now().to_string(),
        user: ExportedUser {
            pk: account.id.get(),
            username: account.username.to_string(),
            email: account.email.as_ref().map(Email::to_string).unwrap_or_default(),
            email_verified: account.email_verified,
            first_name: account.first_name.to_string(),
            last_name: account.last_name.to_string(),
            is_staff: account.is_staff,
            date_joined: account.joined_at.to_string(),
            last_login: account.last_login_at.map(|at| at.to_string()),
        },
        profile: profiles::wire(profile),
        sessions: tokens.iter().map(|token| sessions::wire(token, actor)).collect(),
        networks: places.iter().map(known_network).collect(),
        mails: mails.iter().map(waiting_mail).collect(),
        statuses: &[],
    };
    let mut text = to_json(&head).map_err(|_| ApiError::Internal)?;
    // The list of statuses is still open.
    text.truncate(text.len().saturating_sub("]}".len()));
    Ok(text)
}

fn known_network((network, seen): &(Network, Timestamp)) -> KnownNetwork {
    KnownNetwork { network: network.to_string(), last_seen_at: seen.to_string() }
}

fn waiting_mail(entry: &OutboxEntry) -> WaitingMail {
    WaitingMail {
        id: entry.id.get(),
        kind: entry.mail.kind().as_str().to_owned(),
        to: entry.mail.to().to_string(),
        queued_at: entry.queued_at.to_string(),
    }
}

/// Rows of a list as pieces of text, with commas between them. A failure breaks the connection off: half of it must not
/// look whole.
fn pieces<Id, W, Fut>(read: impl Fn(Option<Id>) -> Fut) -> impl Stream<Item = io::Result<Vec<u8>>>
where
    Id: Copy,
    W: Serialize,
    Fut: Future<Output = Result<(Option<Id>, Vec<W>), Error>>,
{
    let next = move |at: Option<Option<Id>>| {
        let reading = at.map(|after| (after.is_some(), read(after)));
        async move {
            let Some((goes_on, reading)) = reading else { return Ok(None) };
            let (last, rows) = reading.await.map_err(io::Error::other)?;
            let mut text = Vec::new();
            for row in &rows {
                if goes_on || !text.is_empty() {
                    text.push(b',');
                }
                text.extend(to_json(row)?);
            }
            Ok(Some((text, last.map(Some))))
        }
    };
    stream::try_unfold(Some(None), next)
}

/// An export on its way.
struct Export(Response);

impl IntoResponse for Export {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Export {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: "application/json", schema: AccountExport::schema_ref() }];
        let description = "Everything that is held about the account";
        let response = MetaResponse { description, status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        AccountExport::register(registry);
    }
}
