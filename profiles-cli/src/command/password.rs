//! `profiles password`

use profiles_api::client::{PasswordChange, PasswordReset};
use serde_json::json;

use crate::{
    args::{self, Change, ResetConfirm},
    context::Context,
    failure::Failure,
    mailed, prompt,
};

/// Changes a password, or has a new one chosen by mail.
pub(super) async fn run(context: &Context<'_>, command: &args::Password) -> Result<(), Failure> {
    match command {
        args::Password::Change(arguments) => change(context, arguments).await,
        args::Password::Reset { email } => reset(context, email.as_deref()).await,
        args::Password::ResetConfirm(arguments) => confirm(context, arguments).await,
    }
}

/// The kept token stays good: a server that ends other logins keeps the one that asks.
async fn change(context: &Context<'_>, arguments: &Change) -> Result<(), Failure> {
    context.require_login()?;
    // Whether it is needed is for the server to say; a person is asked, since most servers want it.
    let old_password = if arguments.password_stdin || prompt::somebody_is_there() {
        Some(prompt::password(prompt::Password::Present, arguments.password_stdin)?)
    } else {
        None
    };
    let new_password = prompt::password(prompt::Password::Next, arguments.new_password_stdin)?;
    let change = PasswordChange { old_password, new_password };
    let detail = context.logged_in(async |client| client.change_password(&change).await).await.map_err(|failure| {
        let hint = "this server wants the present password: give it with --password-stdin";
        if change.old_password.is_none() { failure.hint_if_refused(&["old_password"], hint) } else { failure }
    })?;
    context.output.sentence(&json!({ "detail": detail }), &detail)
}

async fn reset(context: &Context<'_>, email: Option<&str>) -> Result<(), Failure> {
    let email = prompt::text_unless_given(email, "E-mail", "EMAIL")?;
    let detail = context.anonymous.request_password_reset(&email).await?;
    let sentence = format!(
        "A mail is on its way, if there is an account with the address {email}. Then: profiles password reset-confirm LINK"
    );
    context.output.sentence(&json!({ "detail": detail }), &sentence)
}

async fn confirm(context: &Context<'_>, arguments: &ResetConfirm) -> Result<(), Failure> {
    let link = prompt::text_unless_given(arguments.link.as_deref(), "Link in the mail", "LINK, or UID and TOKEN")?;
    let (uid, token) = match &arguments.token {
        Some(token) => (link.as_str(), token.as_str()),
        None => mailed::uid_and_token(&link).ok_or_else(|| {
            Failure::usage("this is no link to choose a new password").hint("paste it whole, or give UID and TOKEN")
        })?,
    };
    let new_password = prompt::password(prompt::Password::Next, arguments.new_password_stdin)?;
    let reset = PasswordReset { uid: uid.to_owned(), token: token.into(), new_password };
    let detail = context.anonymous.reset_password(&reset).await.map_err(|error| {
        let hint = "the link is not whole, was used, or is too old; get a new one: profiles password reset";
        Failure::from(error).hint_if_refused(&["uid", "token"], hint)
    })?;
    context.output.sentence(&json!({ "detail": detail }), &format!("{detail} Log in with it: profiles login"))
}
