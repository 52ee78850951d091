//! `profiles account`

use std::{io::Write, path::Path};

use serde_json::json;

use crate::{
    args::{self, Delete, Export},
    context::Context,
    failure::Failure,
    output::{VisibleJson, print},
    private_file::{PrivateFile, Replace},
    prompt,
};

/// Takes one's own data away, or has it erased.
pub(super) async fn run(context: &Context<'_>, command: &args::Account) -> Result<(), Failure> {
    match command {
        args::Account::Export(Export { output: Some(path), force }) => {
            let replace = if *force { Replace::Yes } else { Replace::No };
            export_into(context, path, replace).await
        }
        args::Account::Export(Export { output: None, .. }) => {
            let mut out = VisibleJson::new(anstream::stdout().lock());
            export(context, &mut out).await?;
            drop(out);
            print("")
        }
        args::Account::Delete(arguments) => delete(context, arguments).await,
    }
}

async fn export_into(context: &Context<'_>, path: &Path, replace: Replace) -> Result<(), Failure> {
    context.require_login()?;
    let mut file = PrivateFile::create(path, replace)?;
    let bytes = tokio::select! {
        bytes = export(context, &mut file) => bytes?,
        // The end that a signal brings by itself would leave the beginning of the file behind.
        _ = tokio::signal::ctrl_c() => return Err(Failure::other("cancelled")),
    };
    file.keep()?;
    let name = path.display().to_string();
    context.output.sentence(&json!({ "file": name, "bytes": bytes }), &format!("Wrote {bytes} bytes into {name}."))
}

async fn export(context: &Context<'_>, to: &mut impl Write) -> Result<u64, Failure> {
    context.logged_in(async |client| client.export_account(to).await).await
}

/// Erases the account, and deletes the kept token, which is worthless then.
async fn delete(context: &Context<'_>, arguments: &Delete) -> Result<(), Failure> {
    context.require_login()?;
    if !arguments.yes {
        confirm(context).await?;
    }
    let password = prompt::password(prompt::Password::Known, arguments.password_stdin)?;
    context.logged_in(async |client| client.delete_account(&password).await).await?;
    context
        .forget()
        .map_err(|failure| failure.hint("the account is erased; only its token could not be deleted here"))?;
    let sentence = format!("Erased the account on {} with everything in it.", context.server());
    context.output.sentence(&json!({ "server": context.server(), "erased": true }), &sentence)
}

/// Has the name of the account typed.
async fn confirm(context: &Context<'_>) -> Result<(), Failure> {
    if !prompt::somebody_is_there() {
        return Err(Failure::usage("nobody can be asked whether the account is to be erased").hint("say so with --yes"));
    }
    let account = context.logged_in(async |client| client.whoami().await).await?;
    context.output.note(&format!(
        "This erases the account {} on {}: its profile, statuses, tokens and mails. It cannot be undone.",
        account.username,
        context.server()
    ));
    let typed = prompt::text("Username, to confirm", "--yes")?;
    if typed.trim() == account.username {
        Ok(())
    } else {
        Err(Failure::other("that is another name; nothing was erased"))
    }
}
