//! `profiles token`

use jiff::Timestamp;
use profiles_api::{LoginSession, NewPersonalToken, PersonalTokenRequest};
use serde_json::json;

use super::sessions::moment_or_never;
use crate::{
    args::{self, Create},
    context::Context,
    failure::Failure,
    output::{Columns, to_the_second, visible},
    prompt,
};

/// Makes, lists and ends personal access tokens.
pub(super) async fn run(context: &Context<'_>, command: &args::Token) -> Result<(), Failure> {
    match command {
        args::Token::Create(arguments) => create(context, arguments).await,
        args::Token::List => {
            let tokens = context.logged_in(async |client| client.personal_tokens().await).await?;
            context.output.list(&tokens, "no personal access tokens", columns)
        }
        args::Token::Revoke { id } => {
            context
                .logged_in(async |client| client.revoke_personal_token(*id).await)
                .await
                .map_err(|failure| failure.if_row_missing(&format!("there is no token {id}"), "profiles token list"))?;
            context.output.sentence(&json!({ "revoked": id }), &format!("Ended token {id}."))
        }
    }
}

/// The key alone goes to standard output, so that a script can take it from there.
async fn create(context: &Context<'_>, arguments: &Create) -> Result<(), Failure> {
    let expires_at = match arguments.expires {
        None => None,
        Some(expiry) => Some(expiry.from(Timestamp::now()).ok_or_else(|| {
            Failure::usage("--expires is later than any date that can be written").hint("leave it out for never")
        })?),
    };
    context.require_login()?;
    let wanted = PersonalTokenRequest {
        name: prompt::text_unless_given(arguments.name.as_deref(), "Name of the token", "NAME")?,
        scopes: if arguments.scopes.is_empty() { None } else { Some(arguments.scopes.clone()) },
        expires_at,
    };
    let new = context.logged_in(async |client| client.create_personal_token(&wanted).await).await?;
    context.output.result(&new, |new| visible(&new.key))?;
    context.output.note(&about(&new));
    Ok(())
}

fn about(new: &NewPersonalToken) -> String {
    let NewPersonalToken { token: LoginSession { id, name, scopes, expires_at, .. }, .. } = new;
    let ends = expires_at.as_deref().map_or_else(
        || "It does not end by itself.".to_owned(),
        |moment| format!("It ends at {}.", to_the_second(moment)),
    );
    format!("Token {id}, {name}, may: {}. {ends} Keep the key now: it will not be shown again.", scopes.join(", "))
}

fn columns(tokens: &[LoginSession]) -> String {
    let mut columns = Columns::new(&["ID", "NAME", "SCOPES", "MADE", "LAST USED", "ENDS"]);
    for token in tokens {
        columns.row(&[
            &token.id.to_string(),
            &token.name,
            &token.scopes.join(" "),
            &to_the_second(&token.created_at),
            &moment_or_never(token.last_used_at.as_deref()),
            &moment_or_never(token.expires_at.as_deref()),
        ]);
    }
    columns.finish()
}
