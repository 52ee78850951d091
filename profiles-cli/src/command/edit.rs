//! `profiles edit`

use std::{fs::File, io::Read as _, path::Path};

use profiles_api::{Profile, ProfileUpdate};

use super::show::{named, sheet};
use crate::{args::Edit, context::Context, failure::Failure, prompt};

/// Bytes of an image that are read. No server takes so many; this only keeps us from reading without end.
const MAX_IMAGE: u64 = 100_000_000;

/// Changes a profile.
pub(super) async fn run(context: &Context<'_>, arguments: &Edit) -> Result<(), Failure> {
    let given = ProfileUpdate { bio: arguments.bio.clone(), city: arguments.city.clone() };
    let no_texts_given = given == ProfileUpdate::default();
    let picture_given = arguments.avatar.is_some() || arguments.no_avatar;
    let nothing_given = no_texts_given && !picture_given;
    if nothing_given && !prompt::somebody_is_there() {
        return Err(Failure::usage("there is nothing to change").hint("give --bio, --city, --avatar or several"));
    }
    if picture_given {
        change_picture(context, arguments).await?;
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
            if no_texts_given {
                return context.output.result(&own, sheet);
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

async fn change_picture(context: &Context<'_>, arguments: &Edit) -> Result<(), Failure> {
    let Some(path) = arguments.avatar.as_deref() else {
        return context.logged_in(async |client| client.clear_avatar().await).await.map(drop);
    };
    let image = read_image(path)?;
    // Its owner's folders are nobody else's business.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bar = context.output.upload_bar(image.len());
    let moving = bar.clone();
    let set = context
        .logged_in(async |client| client.set_avatar(&name, image, move |sent| moving.set_position(sent)).await)
        .await;
    bar.finish_and_clear();
    set.map(drop)
}

fn read_image(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let mut image = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_IMAGE + 1).read_to_end(&mut image).map_err(failed)?;
    if u64::try_from(image.len()).is_ok_and(|length| length <= MAX_IMAGE) {
        Ok(image)
    } else {
        Err(Failure::usage(format!("{} is too large for an image", path.display())))
    }
}
