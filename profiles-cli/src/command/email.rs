//! `profiles email`

use serde_json::json;

use crate::{args, context::Context, exit::Exit, failure::Failure, mailed, prompt};

/// Confirms an address, has the mail for it sent again, or changes it.
pub(super) async fn run(context: &Context<'_>, command: &args::Email) -> Result<(), Failure> {
    match command {
        args::Email::Verify { link } => verify(context, link.as_deref()).await,
        args::Email::Resend { email } => resend(context, email.as_deref()).await,
        args::Email::Change { email, password_stdin } => change(context, email.as_deref(), *password_stdin).await,
    }
}

async fn verify(context: &Context<'_>, link: Option<&str>) -> Result<(), Failure> {
    let link = prompt::text_unless_given(link, "Link in the mail", "LINK or KEY")?;
    let key = mailed::key(&link).ok_or_else(|| {
        Failure::usage("this is no link to confirm an address").hint("paste it whole, or give the KEY that it ends in")
    })?;
    let detail = context.anonymous.verify_email(&key.into()).await.map_err(|error| {
        let failure = Failure::from(error).if_missing("the server does not know this key");
        // It says the same of a key as of a path that it does not have.
        match failure.exit {
            Exit::NotFound => {
                failure.hint("the link is not whole, was used, or is too old; get a new one: profiles email resend")
            }
            _ => failure,
        }
    })?;
    context.output.sentence(&json!({ "detail": detail }), "The address is confirmed.")
}

async fn resend(context: &Context<'_>, email: Option<&str>) -> Result<(), Failure> {
    let email = prompt::text_unless_given(email, "E-mail", "EMAIL")?;
    let detail = context.anonymous.resend_email(&email).await?;
    let sentence =
        format!("A mail is on its way, if {email} is an address to be confirmed. Then: profiles email verify LINK");
    context.output.sentence(&json!({ "detail": detail }), &sentence)
}

async fn change(context: &Context<'_>, email: Option<&str>, password_stdin: bool) -> Result<(), Failure> {
    context.require_login()?;
    let email = prompt::text_unless_given(email, "New e-mail", "EMAIL")?;
    let password = prompt::password(prompt::Password::Known, password_stdin)?;
    let detail = context.logged_in(async |client| client.change_email(&email, &password).await).await?;
    let sentence = format!("{detail} It went to {email}. To confirm that address: profiles email verify LINK");
    context.output.sentence(&json!({ "detail": detail }), &sentence)
}
