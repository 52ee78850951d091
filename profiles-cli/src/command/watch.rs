//! `profiles status watch`

use profiles_api::{DeletedStatus, Status, client::FeedEvent};
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    output::{to_the_second, visible},
};

/// Prints what happens to statuses, a line each, until it is interrupted. A lost connection is made again.
pub(super) async fn run(context: &Context<'_>, username: Option<&str>, after: Option<u64>) -> Result<(), Failure> {
    let mut broken = None;
    let watching = context.logged_in_or_not(async |client| {
        let mut feed = client.follow_statuses(username)?;
        if let Some(after) = after {
            feed = feed.after(after.to_string());
        }
        loop {
            let event = feed.next().await?;
            let id = feed.last_event_id().and_then(|id| id.parse::<u64>().ok());
            if let Err(failure) = told(context, id, &event) {
                broken = Some(failure);
                return Ok(());
            }
        }
    });
    watching.await?;
    broken.map_or(Ok(()), Err)
}

fn told(context: &Context<'_>, id: Option<u64>, event: &FeedEvent) -> Result<(), Failure> {
    let output = context.output;
    let row = |name: &str, status: &Status| {
        let (posted, by, text) = (to_the_second(&status.created_at), &status.user_profile, &status.status_content);
        let line = format!("{name} {} by {by}, {posted}: {text}", status.id);
        output.result(&json!({ "id": id, "event": name, "status": status }), |_| visible(&line))
    };
    match event {
        FeedEvent::Created(status) => row("created", status),
        FeedEvent::Updated(status) => row("updated", status),
        FeedEvent::Deleted(DeletedStatus { id: number, user_profile }) => {
            let gone = DeletedStatus { id: *number, user_profile: user_profile.clone() };
            let by = user_profile.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            let line = format!("deleted {number}{by}");
            output.result(&json!({ "id": id, "event": "deleted", "status": gone }), |_| visible(&line))
        }
        FeedEvent::Reset => output
            .sentence(&json!({ "id": id, "event": "reset" }), "reset: events were lost; see: profiles status list"),
        FeedEvent::Interrupted(error) => {
            output.note(&format!("note: {error}; trying again"));
            Ok(())
        }
        _ => Ok(()),
    }
}
