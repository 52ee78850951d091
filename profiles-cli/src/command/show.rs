//! `profiles show`

use profiles_api::Profile;

use crate::{args::Show, context::Context, failure::Failure, output::Sheet};

/// Shows a profile.
pub(super) async fn run(context: &Context<'_>, arguments: &Show) -> Result<(), Failure> {
    let profile = match (&arguments.username, &arguments.who) {
        (Some(name), _) => by_name(context, name).await?,
        (None, Some(who)) => match who.parse() {
            Ok(id) => named(id, context.logged_in_or_not(async |client| client.profile(id).await).await)?,
            Err(_) => by_name(context, who).await?,
        },
        (None, None) => context.logged_in(async |client| client.own_profile().await).await?,
    };
    context.output.result(&profile, sheet)
}

/// If the profile is missing, the failure says which.
pub(super) fn named<T>(id: u64, answer: Result<T, Failure>) -> Result<T, Failure> {
    answer.map_err(|failure| failure.if_missing(&format!("there is no profile {id}")))
}

async fn by_name(context: &Context<'_>, name: &str) -> Result<Profile, Failure> {
    context.logged_in_or_not(async |client| client.profile_by_username(name).await).await
}

/// A profile for people.
pub(super) fn sheet(profile: &Profile) -> String {
    Sheet::new()
        .line("Profile", &profile.id.to_string())
        .line("Username", &profile.user)
        .line("City", &profile.city)
        .line("Bio", &profile.bio)
        .line("Avatar", profile.avatar.as_deref().unwrap_or_default())
        .finish()
}
