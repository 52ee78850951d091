//! `profiles logout`

use profiles_api::ClientError;
use serde_json::json;

use crate::{
    context::{Context, TokenSource},
    failure::Failure,
};

/// Logs out. The kept token is deleted once it is worthless, and not before: it could not be made so any more.
pub(super) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let Some((token, source)) = context.token()? else {
        return finish(context, &format!("There was no login to {}.", context.server()));
    };
    // A kept token that cannot even be sent is no login; it only has to go.
    let answer = match context.anonymous.with_token(&token) {
        Ok(client) => client.logout().await,
        Err(error) => Err(error),
    };
    let sentence = match answer {
        Ok(_) => format!("Logged out of {}.", context.server()),
        Err(ClientError::Unauthorized { .. } | ClientError::Token) => {
            format!("The login to {} had already ended.", context.server())
        }
        Err(error @ ClientError::Unreachable { .. }) if source == TokenSource::Kept => {
            let failure = Failure::from(error);
            let advice = failure.hint.clone().unwrap_or_default();
            return Err(failure.hint(format!("the token was kept, since it is still good; {advice}")));
        }
        Err(error) => return Err(error.into()),
    };
    if source == TokenSource::Kept {
        context.credentials.forget(context.server())?;
    }
    finish(context, &sentence)
}

fn finish(context: &Context<'_>, sentence: &str) -> Result<(), Failure> {
    let value = json!({ "server": context.server(), "logged_in": false, "detail": sentence });
    context.output.sentence(&value, sentence)
}
