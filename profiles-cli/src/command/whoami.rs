//! `profiles whoami`

use profiles_api::UserDetails;

use crate::{context::Context, failure::Failure, output::Sheet};

/// Shows the account that the login belongs to.
pub(super) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let account = context.logged_in(async |client| client.whoami().await).await?;
    context.output.result(&account, sheet)
}

fn sheet(account: &UserDetails) -> String {
    let name = format!("{} {}", account.first_name, account.last_name);
    Sheet::new()
        .line("Account", &account.pk.to_string())
        .line("Username", &account.username)
        .line("E-mail", &account.email)
        .line("Name", name.trim())
        .finish()
}
