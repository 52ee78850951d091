//! Mails that go where the program wants them: here, into its memory.
//!
//! `cargo run -p profiles-examples --bin custom_mailer`
#![forbid(unsafe_code)]

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use profiles_core::{Core, Registration, store::MemoryStore};
use profiles_server::mailer::{Mailer, MailerError, Message, Site, Worker};
use tokio::sync::watch;

/// Keeps every message, and wakes whoever waits for one.
#[derive(Default)]
struct Collector {
    messages: watch::Sender<Vec<Message>>,
}

#[async_trait]
impl Mailer for Collector {
    /// Called for a few messages at a time. `Ok` is a promise: the worker then forgets the mail. After
    /// [`MailerError::Unavailable`] it tries again later, after [`MailerError::Unsure`] once more and no more than that,
    /// after [`MailerError::Refused`] never. It may come twice, if the program dies between the promise and the
    /// forgetting; [`Message::name`] is then the same.
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        self.messages.send_modify(|messages| messages.push(message.clone()));
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let core = Arc::new(Core::builder(Arc::new(MemoryStore::new())).build()?);
    let collector = Arc::new(Collector::default());
    let mut arrived = collector.messages.subscribe();

    // What mails say about where they come from; links in them begin with `public_url`.
    let from = "Example <accounts@example.org>".parse()?;
    let site = Site {
        subject_prefix: "[Example] ".to_owned(),
        ..Site::new(from, "example.org", "https://example.org/accounts")
    };
    // The worker takes mails from the store's outbox once they are durable, until it is told to stop.
    let stop = watch::Sender::new(false);
    let worker = tokio::spawn(Worker::new(Arc::clone(&core), collector, site)?.run(stop.subscribe()));

    core.register(Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9")).await?;

    // Registering did not wait for the mail, so we do.
    for message in arrived.wait_for(|messages| !messages.is_empty()).await?.iter() {
        let mail = message.draft();
        println!("from {}\nto {}\nabout {}\n\n{}", mail.from.as_str(), mail.to.as_str(), mail.subject, mail.text);
    }
    stop.send_replace(true);
    worker.await?;
    Ok(())
}
