//! Empties the outbox.

use std::{future::Future, sync::Arc, time::Duration};

use profiles_core::{
    Core,
    event::{Event, EventKind, EventStream},
    mail::Mail,
    store::{OutboxItem, StoreError},
};
use tokio::{
    select,
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Draft, Mailbox, Mailer, MailerError, Message, template};
use crate::config::Config;

/// Mails that are leased together: the fewer, the fewer wait for their lease to end when the server stops between them.
const BATCH: usize = 8;
/// How long one mail may take to be handed over.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a lease lasts: longer than a whole batch may take. A mail that failed is tried again after it.
const HOLD: Duration = Duration::from_mins(2);
/// How often to look, whether an event says so or not: a mail whose lease has ended has no event.
const TICK: Duration = Duration::from_secs(5);
/// Three days of leases: as long as the link in the mail works.
const LAST_ATTEMPT: u32 = 3 * 24 * 60 * 60 / 120;

/// What mails say about where they come from.
#[derive(Clone, Debug)]
pub struct Site {
    /// Sender of every mail.
    pub from: Mailbox,
    /// What stands before every subject.
    pub subject_prefix: String,
    /// What the site calls itself.
    pub name: String,
    /// Base of links, without a slash at its end.
    pub public_url: String,
}

impl From<&Config> for Site {
    fn from(config: &Config) -> Self {
        Self {
            from: config.mail.from.clone(),
            subject_prefix: config.subject_prefix(),
            name: config.mail.site_name.as_str().to_owned(),
            public_url: config.public_url(),
        }
    }
}

/// Takes mails from the outbox and hands them to a [`Mailer`].
pub struct Worker {
    core: Arc<Core>,
    mailer: Arc<dyn Mailer>,
    site: Site,
    events: EventStream,
    /// Numbers messages, beginning anywhere.
    number: u64,
}

impl Worker {
    /// One that knows of every event from now on.
    pub fn new(core: Arc<Core>, mailer: Arc<dyn Mailer>, site: Site) -> Self {
        let events = core.events();
        let mut bytes = [0; 8];
        // It tells messages apart and guards nothing.
        let _ = getrandom::fill(&mut bytes);
        Self { core, mailer, site, events, number: u64::from_ne_bytes(bytes) }
    }

    /// Sends mails until `stop` turns true or its sender is gone; then finishes the mail at hand.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow() {
            select! {
                _ = tick.tick() => {}
                event = next_registration(&mut self.events) => if event.is_none() { return },
                changed = stop.changed() => if changed.is_err() { return } else { continue },
            }
            if let Err(error) = self.empty(&stop).await {
                tracing::warn!(%error, "the outbox can't be read now");
            }
        }
    }

    /// Sends what is in the outbox and not leased.
    async fn empty(&mut self, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
        loop {
            let leased = self.core.store().lease(self.core.now(), HOLD, BATCH).await?;
            let all = leased.len() < BATCH;
            for item in leased {
                if *stop.borrow() {
                    return Ok(());
                }
                self.deliver(item).await?;
            }
            if all {
                return Ok(());
            }
        }
    }

    /// Sends one mail and forgets it; or leaves it to its lease.
    async fn deliver(&mut self, item: OutboxItem) -> Result<(), StoreError> {
        let sent = match self.message(&item.mail) {
            Ok(message) => with_patience(self.mailer.send(&message)).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => {}
            Err(error @ MailerError::Unavailable(_)) if item.attempt < LAST_ATTEMPT => {
                tracing::warn!(mail = item.id.get(), attempt = item.attempt, %error, "a mail waits");
                return Ok(());
            }
            Err(error) => tracing::error!(mail = item.id.get(), %error, "a mail is given up"),
        }
        self.core.store().finish(item.id, item.attempt, profiles_core::store::MailOutcome::Sent).await
    }

    fn message(&mut self, mail: &Mail) -> Result<Message, MailerError> {
        let refused = |problem: &dyn std::fmt::Display| MailerError::Refused(problem.to_string());
        let Mail::ConfirmEmail { username, to, seed } = mail else { return Err(refused(&"not yet")) };
        let key = self.core.mail_secret().key(seed);
        let base = &self.site.public_url;
        let link = format!("{base}/api/rest-auth/registration/account-confirm-email/{}/", key.expose());
        let draft = Draft {
            from: self.site.from.clone(),
            // The error would repeat the address, which is nobody's business in a log.
            to: to.as_str().parse().map_err(|_| refused(&"no mail can go to this address"))?,
            subject: format!("{}{}", self.site.subject_prefix, template::CONFIRM_EMAIL_SUBJECT),
            text: template::confirm_email(&self.site.name, username.as_str(), &link),
        };
        self.number = self.number.wrapping_add(1);
        Message::new(draft, self.core.now(), self.number).map_err(|error| refused(&error))
    }
}

async fn with_patience(sent: impl Future<Output = Result<(), MailerError>>) -> Result<(), MailerError> {
    let late = |_| Err(MailerError::Unavailable(format!("it took longer than {PATIENCE:?}").into()));
    timeout(PATIENCE, sent).await.unwrap_or_else(late)
}

/// Waits until something may be in the outbox; `None` once the store is gone.
async fn next_registration(events: &mut EventStream) -> Option<()> {
    loop {
        match events.next().await? {
            Ok(Event { kind: EventKind::AccountRegistered { .. }, .. }) | Err(_) => return Some(()),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
