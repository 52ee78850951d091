//! `profiles register`

use profiles_api::client::{Registered, Registration};
use secrecy::SecretString;
use serde_json::json;

use super::request_key;
use crate::{args::Register, context::Context, failure::Failure, prompt};

/// Opens an account, and logs in to it if the server lets it in at once.
pub(super) async fn run(context: &Context<'_>, arguments: &Register) -> Result<(), Failure> {
    let registration = complete(arguments)?;
    context.credentials.prepare()?;
    match context.anonymous.register_once(&registration, &request_key()?).await {
        Ok(Registered::LoggedIn(token)) => keep(context, &registration.username, &token),
        Ok(Registered::Pending(detail)) => {
            let name = &registration.username;
            let value = json!({ "server": context.server(), "username": name, "logged_in": false, "detail": detail });
            context.output.sentence(&value, &detail)
        }
        Err(error) => {
            let failure = Failure::from(error);
            let wants_email = registration.email.is_none() && !failure.fields.get("email").is_empty();
            Err(if wants_email { failure.hint("give an address with --email") } else { failure })
        }
    }
}

/// Asks for what was not given. Whether an address is needed is for the server to say.
fn complete(arguments: &Register) -> Result<Registration, Failure> {
    let username = match &arguments.username {
        Some(username) => username.clone(),
        None => prompt::text("Username", "--username")?,
    };
    let email = match &arguments.email {
        Some(email) => Some(email.clone()),
        None if prompt::somebody_is_there() => Some(prompt::optional_text("E-mail", "", "some servers do without")?),
        None => None,
    };
    let password = prompt::password(prompt::Password::New, arguments.password_stdin)?;
    Ok(Registration { username, email: email.filter(|email| !email.is_empty()), password })
}

fn keep(context: &Context<'_>, name: &str, token: &SecretString) -> Result<(), Failure> {
    context.keep(token).map_err(|failure| {
        failure.hint("the account is open, but its token could not be kept. Then log in: profiles login")
    })?;
    let value = json!({ "server": context.server(), "username": name, "logged_in": true });
    context.output.sentence(&value, &format!("Registered and logged in to {} as {name}.", context.server()))
}
