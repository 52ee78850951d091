//! `profiles login`

use profiles_api::client::Identity;
use serde_json::json;

use crate::{args::Login, context::Context, failure::Failure, prompt};

/// Logs in, and keeps the token in place of an earlier one.
pub(super) async fn run(context: &Context<'_>, arguments: &Login) -> Result<(), Failure> {
    let identity = match (&arguments.username, &arguments.email) {
        (_, Some(email)) => Identity::Email(email.clone()),
        (Some(username), None) => Identity::Username(username.clone()),
        (None, None) => Identity::Username(prompt::text("Username", "--username")?),
    };
    let password = prompt::password(prompt::Password::Known, arguments.password_stdin)?;

    context.credentials.prepare()?;
    let token = context.anonymous.login(&identity, &password).await?;
    context.credentials.store(context.server(), &token)?;

    if Context::environment_decides() {
        context.output.note("note: PROFILES_TOKEN is set, and goes before this login");
    }
    let (Identity::Username(name) | Identity::Email(name)) = identity;
    let sentence = format!("Logged in to {} as {name}.", context.server());
    context.output.sentence(&json!({ "server": context.server(), "login": name }), &sentence)
}
