//! `profiles login`

use profiles_api::{ClientError, client::Identity};
use serde_json::json;

use crate::{args::Login, context::Context, exit::Exit, failure::Failure, prompt};

/// Logs in, and keeps the token in place of an earlier one.
pub(super) async fn run(context: &Context<'_>, arguments: &Login) -> Result<(), Failure> {
    let identity = match (&arguments.username, &arguments.email) {
        (_, Some(email)) => Identity::Email(email.clone()),
        (Some(username), None) => Identity::Username(username.clone()),
        (None, None) => Identity::Username(prompt::text("Username", "--username")?),
    };
    let password = prompt::password(prompt::Password::Known, arguments.password_stdin)?;

    context.credentials.prepare()?;
    let token = context.anonymous.login(&identity, &password).await.map_err(|error| explain(error, &identity))?;
    context.keep(&token)?;

    let (key, name) = match &identity {
        Identity::Username(name) => ("username", name),
        Identity::Email(address) => ("email", address),
    };
    let sentence = format!("Logged in to {} as {name}.", context.server());
    context.output.sentence(&json!({ "server": context.server(), key: name, "logged_in": true }), &sentence)
}

/// A server that knows accounts by name alone says that the name is missing, which somebody who gave an address would
/// not understand.
fn explain(error: ClientError, identity: &Identity) -> Failure {
    let failure = Failure::from(error);
    match identity {
        Identity::Email(_) if failure.exit == Exit::Invalid => {
            failure.hint("not every server takes an e-mail address; log in with --username")
        }
        _ => failure,
    }
}
