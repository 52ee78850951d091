//! `profiles status`

use std::num::NonZeroUsize;

use profiles_api::Status;
use serde_json::json;

use super::{request_key, watch};
use crate::{
    args,
    context::Context,
    failure::Failure,
    output::{Columns, Sheet, to_the_second},
    prompt,
};

/// Posts, reads, changes or deletes statuses.
pub(super) async fn run(context: &Context<'_>, command: &args::Status) -> Result<(), Failure> {
    match command {
        args::Status::Post { text } => {
            let text = prompt::text_or_stdin(text.as_deref(), "Status", "TEXT, or - for standard input")?;
            let key = request_key()?;
            let status = context.logged_in(async |client| client.post_status_once(&text, &key).await).await?;
            context.output.result(&status, sheet)
        }
        args::Status::List { username, limit } => list(context, username.as_deref(), *limit).await,
        args::Status::Show { id } => {
            let status = context.logged_in_or_not(async |client| client.status(*id).await).await;
            context.output.result(&named(*id, status)?, sheet)
        }
        args::Status::Edit { id, text } => {
            let text = prompt::text_or_stdin(text.as_deref(), "Status", "TEXT, or - for standard input")?;
            let status = context.logged_in(async |client| client.edit_status(*id, &text).await).await;
            context.output.result(&named(*id, status)?, sheet)
        }
        args::Status::Watch { username, after } => watch::run(context, username.as_deref(), *after).await,
        args::Status::Delete { id } => {
            named(*id, context.logged_in(async |client| client.delete_status(*id).await).await)?;
            context.output.sentence(&json!({ "deleted": id }), &format!("Deleted status {id}."))
        }
    }
}

/// If the status is missing, the failure says which.
fn named<T>(id: u64, answer: Result<T, Failure>) -> Result<T, Failure> {
    answer.map_err(|failure| failure.if_missing(&format!("there is no status {id}")))
}

async fn list(context: &Context<'_>, username: Option<&str>, limit: Option<NonZeroUsize>) -> Result<(), Failure> {
    let limit = limit.map_or(usize::MAX, NonZeroUsize::get);
    let statuses = context.logged_in_or_not(async |client| client.statuses(username)?.take(limit).await).await?;
    context.output.list(&statuses, "no statuses", |statuses| {
        let mut columns = Columns::new(&["ID", "USER", "POSTED", "TEXT"]);
        for status in statuses {
            let (id, posted) = (status.id.to_string(), to_the_second(&status.created_at));
            columns.row(&[&id, &status.user_profile, &posted, &status.status_content]);
        }
        columns.finish()
    })
}

fn sheet(status: &Status) -> String {
    Sheet::new()
        .line("Status", &status.id.to_string())
        .line("Username", &status.user_profile)
        .line("Text", &status.status_content)
        .line("Posted", &to_the_second(&status.created_at))
        .line("Changed", &to_the_second(&status.updated_at))
        .finish()
}
