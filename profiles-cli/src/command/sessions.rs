//! `profiles sessions`

use profiles_api::LoginSession;
use serde_json::json;

use crate::{
    args::{self, Revoke},
    context::Context,
    failure::Failure,
    output::{Columns, to_the_second},
};

/// Lists and ends logins.
pub(super) async fn run(context: &Context<'_>, command: &args::Sessions) -> Result<(), Failure> {
    match command {
        args::Sessions::List => {
            let sessions = context.logged_in(async |client| client.sessions().await).await?;
            context.output.list(&sessions, "no logins", columns)
        }
        args::Sessions::Revoke(Revoke { id: Some(id), .. }) => revoke(context, *id).await,
        args::Sessions::Revoke(Revoke { id: None, .. }) => {
            let revoked = context.logged_in(async |client| client.revoke_other_sessions().await).await?;
            let ended = match revoked.ended {
                0 => "There was no other login.".to_owned(),
                1 => "Logged out everywhere else: one login ended.".to_owned(),
                ended => format!("Logged out everywhere else: {ended} logins ended."),
            };
            context.output.result(&revoked, |_| ended)
        }
    }
}

/// Ends a login. If it is the one whose token is kept here, that is worthless and goes too.
async fn revoke(context: &Context<'_>, id: u64) -> Result<(), Failure> {
    let is_current = |session: &LoginSession| session.id == id && session.current;
    let current = context.logged_in(async |client| client.sessions().await).await?.iter().any(is_current);
    context
        .logged_in(async |client| client.revoke_session(id).await)
        .await
        .map_err(|failure| failure.if_row_missing(&format!("there is no login {id}"), "profiles sessions list"))?;
    if current {
        context.forget()?;
    }
    let sentence =
        if current { format!("Ended login {id}, which was this one.") } else { format!("Ended login {id}.") };
    context.output.sentence(&json!({ "revoked": id }), &sentence)
}

fn columns(sessions: &[LoginSession]) -> String {
    let mut columns = Columns::new(&["ID", "KIND", "NAME", "BEGAN", "LAST USED", "ADDRESS", "AGENT", "THIS"]);
    for session in sessions {
        columns.row(&[
            &session.id.to_string(),
            session.kind.as_str(),
            &session.name,
            &to_the_second(&session.created_at),
            &moment_or_never(session.last_used_at.as_deref()),
            session.address.as_deref().unwrap_or_default(),
            session.agent.as_deref().unwrap_or_default(),
            if session.current { "yes" } else { "" },
        ]);
    }
    columns.finish()
}

/// A moment for people, if there is one.
pub(super) fn moment_or_never(moment: Option<&str>) -> String {
    moment.map_or_else(|| "never".to_owned(), to_the_second)
}
