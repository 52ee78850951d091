//! Accounts and statuses in a program of one's own: the core over a database in a folder, and no HTTP.
//!
//! `cargo run -p profiles-examples --bin embed [FOLDER]`, by default `example-data`. Run it again: Ada is still there.
#![forbid(unsafe_code)]

use std::{env, error::Error, sync::Arc};

use profiles_core::{
    Authentication, Core, Credentials, FieldErrors, Registration,
    event::Event,
    fields::name,
    model::{Carrier, StatusText},
    permissions::Actor,
    store::{
        StatusFilter,
        sled::{SledConfig, SledStore},
    },
};

const PASSWORD: &str = "tulip-tango-9";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).unwrap_or_else(|| "example-data".into());

    // A core is a store and choices; whatever is not chosen has a default that is fit for production.
    let core = Core::builder(Arc::new(SledStore::open(SledConfig::new(folder))?)).build()?;

    // An observer hears of what was committed, in order, on a thread of its own: it never slows a caller.
    let observer = core.events().observe(|event: &Event| println!("event {}: {:?}", event.sequence, event.kind))?;

    // Registering makes the account, its profile and its first token in one durable step. A form is refused with all
    // that is wrong with it: on the second run, that the name is taken.
    let form = Registration::parse("ada", "ada@example.org", PASSWORD, PASSWORD);
    match core.register(form).await {
        Ok(outcome) => println!("registered {}", outcome.registered.account.username),
        Err(refusal) => println!("not registered: {refusal}"),
    }

    // A login makes a token. Whoever presents it later is that account, and may do what the permission table says.
    let (_, login) = core.log_in(Credentials::parse("ada", PASSWORD)).await?;
    let Authentication::Known(principal) = core.authenticate(&login.token, Carrier::Header).await? else {
        return Err("the token of a moment ago is unknown".into());
    };
    let ada = Actor::from(&principal);

    // What people type is parsed once, at the edge; from then on its type says that it is right.
    let text = StatusText::parse("Hello from a program of my own!");
    let text = text.map_err(|errors| FieldErrors::of_field(name::STATUS_CONTENT, errors))?;
    let posted = core.post_status(ada, text).await?;

    // Anybody may read it.
    let read = core.status(Actor::Anonymous, posted.id, &StatusFilter::default()).await?;
    println!("status {} by {}: {}", read.id, read.username, read.text);

    // Closing is not needed for what was acknowledged, but makes the next opening quick.
    core.store().close().await?;
    drop(core);
    observer.join().map_err(|_| "the observer panicked")?;
    Ok(())
}
