//! `profiles edit`

use profiles_api::{Profile, ProfileUpdate};

use super::show::{named, sheet};
use crate::{args::Edit, context::Context, failure::Failure, prompt};

/// Changes a profile.
pub(super) async fn run(context: &Context<'_>, arguments: &Edit) -> Result<(), Failure> {
    let given = ProfileUpdate { bio: arguments.bio.clone(), city: arguments.city.clone() };
    let nothing_given = given == ProfileUpdate::default();
    if nothing_given && !prompt::somebody_is_there() {
        return Err(Failure::usage("there is nothing to change").hint("give --bio, --city or both"));
    }
    let id = match arguments.id {
        Some(id) if !nothing_given => id,
        Some(id) => {
            let present = named(id, context.logged_in(async |client| client.profile(id).await).await)?;
            return ask_and_update(context, present).await;
        }
        None => {
            let own = context.logged_in(async |client| client.own_profile().await).await?;
            if nothing_given {
                return ask_and_update(context, own).await;
            }
            own.id
        }
    };
    update(context, id, &given).await
}

async fn ask_and_update(context: &Context<'_>, present: Profile) -> Result<(), Failure> {
    let change = ProfileUpdate {
        bio: Some(prompt::optional_text("Bio", &present.bio, "at most 240 characters; empty clears it")?),
        city: Some(prompt::optional_text("City", &present.city, "at most 30 characters; empty clears it")?),
    };
    update(context, present.id, &change).await
}

async fn update(context: &Context<'_>, id: u64, change: &ProfileUpdate) -> Result<(), Failure> {
    let profile = context.logged_in(async |client| client.update_profile(id, change).await).await;
    context.output.result(&named(id, profile)?, sheet)
}
