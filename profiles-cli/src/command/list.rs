//! `profiles list`

use std::num::NonZeroUsize;

use profiles_api::Profile;

use crate::{args::List, context::Context, failure::Failure, output::Columns};

/// Lists profiles.
pub(super) async fn run(context: &Context<'_>, arguments: &List) -> Result<(), Failure> {
    let limit = arguments.limit.map_or(usize::MAX, NonZeroUsize::get);
    let profiles = context
        .logged_in_or_not(async |client| client.profiles(arguments.search.as_deref())?.take(limit).await)
        .await?;
    context.output.list(&profiles, "no profiles", columns)
}

fn columns(profiles: &[Profile]) -> String {
    let mut columns = Columns::new(&["ID", "USER", "CITY", "BIO"]);
    for profile in profiles {
        columns.row(&[&profile.id.to_string(), &profile.user, &profile.city, &profile.bio]);
    }
    columns.finish()
}
