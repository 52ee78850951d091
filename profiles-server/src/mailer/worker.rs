//! Empties the outbox.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use profiles_core::{
    Core,
    event::{Event, EventKind, EventStream},
    mail::{MailKind, MailProblem},
    model::Timestamp,
    store::{MailOutcome, OutboxItem, StoreError},
};
use tokio::{
    select,
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{Mailer, MailerError, Site, TemplateError, Templates, compose::Composer};

/// Mails that are on their way at once: one that is slow keeps no other waiting.
const AT_ONCE: usize = 4;
/// How long to wait at most before looking whether something is due: the clock may have been set.
const TICK: Duration = Duration::from_mins(1);
/// How long to wait after the store could not be asked.
const REST: Duration = Duration::from_secs(5);
/// How long to wait before looking for a mail of another server: that one sends it itself, unless it was an operator's
/// command, and each of its commits is told, whatever it is about.
const ELSEWHERE: Duration = Duration::from_millis(500);
/// Beyond the time that a mail may take, how long its lease lasts.
const SLACK: Duration = Duration::from_mins(1);
/// How often an outcome is told to a store that is busy, and how long to wait between.
const TELLINGS: (u32, Duration) = (100, Duration::from_millis(100));
/// How long a mail is tried, and how long a link for a new password works.
const LIFE: Duration = Duration::from_hours(3 * 24);
/// How often a mail may end so that nobody knows whether it arrived, before it is given up: one that was sent twice may
/// have arrived twice, and not more often.
const UNSURE: u32 = 2;

/// When a mail that could not be sent is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// So long after the first attempt; twice as long after each that follows.
    pub first: Duration,
    /// And never longer than this.
    pub longest: Duration,
    /// How long one attempt may take.
    pub patience: Duration,
}

impl Default for Retries {
    /// A minute, an hour, half a minute.
    fn default() -> Self {
        Self { first: Duration::from_mins(1), longest: Duration::from_hours(1), patience: Duration::from_secs(30) }
    }
}

impl Retries {
    /// How long to wait after this attempt, counted from 1.
    fn pause(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|times| self.first.checked_mul(times));
        doubled.map_or(self.longest, |pause| pause.min(self.longest))
    }
}

/// Takes mails from the outbox and hands them to a [`Mailer`].
pub struct Worker {
    post: Arc<Post>,
    events: EventStream,
}

impl Worker {
    /// One that knows of every event from now on, with our own templates.
    ///
    /// # Errors
    /// None: our own templates are sound.
    pub fn new(core: Arc<Core>, mailer: Arc<dyn Mailer>, site: Site) -> Result<Self, TemplateError> {
        Ok(Self::with(core, mailer, site, Templates::built_in()?, Retries::default()))
    }

    /// The same with templates and patience of one's own.
    pub fn with(core: Arc<Core>, mailer: Arc<dyn Mailer>, site: Site, templates: Templates, retries: Retries) -> Self {
        let events = core.events();
        Self { post: Arc::new(Post { core, mailer, composer: Composer { site, templates }, retries }), events }
    }

    /// Sends mails until `stop` turns true or its sender is gone; then finishes those that are on their way.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let wait = match self.lease(&mut under_way).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "the outbox can't be read now");
                    REST
                }
            };
            select! {
                () = sleep(wait) => {}
                Some(_) = under_way.join_next() => {}
                event = next_mail(&mut self.events) => if event.is_none() { break },
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Sends what is due, as far as there is room; answers how long to wait if nothing else happens.
    async fn lease(&self, under_way: &mut JoinSet<()>) -> Result<Duration, StoreError> {
        let core = &self.post.core;
        loop {
            let room = AT_ONCE.saturating_sub(under_way.len());
            if room == 0 {
                // One that ends wakes us.
                return Ok(TICK);
            }
            let leased = core.store().lease(core.now(), self.post.retries.patience + SLACK, room).await?;
            if leased.is_empty() {
                let due = core.store().next_mail().await?;
                return Ok(due.map_or(TICK, |due| until(core.now(), due)));
            }
            for item in leased {
                under_way.spawn(Arc::clone(&self.post).deliver(item));
            }
        }
    }
}

/// From now to a moment, between a hundredth of a second and a minute.
fn until(now: Timestamp, then: Timestamp) -> Duration {
    let micros = u64::try_from(then.as_micros().saturating_sub(now.as_micros())).unwrap_or_default();
    Duration::from_micros(micros).clamp(Duration::from_millis(10), TICK)
}

/// Waits until something is in the outbox, or may be; `None` once the store is gone.
async fn next_mail(events: &mut EventStream) -> Option<()> {
    let mut elsewhere = None;
    loop {
        let event = match elsewhere {
            None => events.next().await,
            Some(end) => match timeout_at(end, events.next()).await {
                Ok(event) => event,
                Err(_) => return Some(()),
            },
        };
        match event? {
            Ok(Event { kind: EventKind::MailQueued { .. }, .. }) | Err(_) => return Some(()),
            Ok(Event { kind: EventKind::Elsewhere, .. }) => {
                elsewhere.get_or_insert_with(|| Instant::now() + ELSEWHERE);
            }
            Ok(_) => {}
        }
    }
}

/// All that it takes to send one mail.
struct Post {
    core: Arc<Core>,
    mailer: Arc<dyn Mailer>,
    composer: Composer,
    retries: Retries,
}

impl Post {
    /// Sends one mail, and tells the store what came of it.
    async fn deliver(self: Arc<Self>, item: OutboxItem) {
        let outcome = self.attempt(&item).await;
        tell(&item, &outcome);
        let (tellings, pause) = TELLINGS;
        for _ in 0..tellings {
            match self.core.store().finish(item.id, item.attempt, outcome.clone()).await {
                Ok(()) => return,
                Err(StoreError::Busy) => sleep(pause).await,
                Err(error) => {
                    tracing::warn!(mail = item.id.get(), %error, "what came of a mail could not be kept");
                    return;
                }
            }
        }
        tracing::warn!(mail = item.id.get(), "the store is busy; a mail will be sent again");
    }

    async fn attempt(&self, item: &OutboxItem) -> MailOutcome {
        // Not yet sent, and of no use any more.
        if self.link_ends(item).is_some_and(|end| end <= self.core.now()) {
            return dead("the link in it no longer works");
        }
        if item.unsure >= UNSURE {
            return dead("it may have arrived, twice: the server ended while it was on its way");
        }
        let message = match self.composer.message(&self.core, item) {
            Ok(message) => message,
            Err(problem) => return dead(&problem),
        };
        let sent = with_patience(self.retries.patience, self.mailer.send(&message)).await;
        // A server's answer mostly has the address in it, which need not stand in a list as well.
        let told = |error: &dyn std::fmt::Display| {
            let (written, header) = (item.mail.to().as_str(), message.draft().to.address());
            error.to_string().replace(written, "(address)").replace(&header, "(address)")
        };
        match sent {
            Ok(()) => MailOutcome::Sent,
            Err(error @ MailerError::Refused(_)) => dead(&told(&error)),
            Err(error @ MailerError::Unsure(_)) if item.unsure + 1 >= UNSURE => {
                dead(&format!("it may have arrived, twice: {}", told(&error)))
            }
            Err(error @ MailerError::Unsure(_)) => self.later(item, &told(&error), true),
            Err(error @ MailerError::Unavailable(_)) => self.later(item, &told(&error), false),
        }
    }

    /// It comes back, unless it would be too late by then.
    fn later(&self, item: &OutboxItem, why: &str, unsure: bool) -> MailOutcome {
        let at = self.core.now().plus(self.retries.pause(item.attempt));
        let end = item.queued_at.plus(LIFE);
        if at >= self.link_ends(item).map_or(end, |link| link.min(end)) {
            return dead(&format!("it could not be sent in time: {why}"));
        }
        MailOutcome::Later { at, why: MailProblem::new(why), unsure }
    }

    /// When the key in it ends; `None` if it has none. Until then an operator may have it sent.
    fn link_ends(&self, item: &OutboxItem) -> Option<Timestamp> {
        let age = match item.mail.kind() {
            MailKind::ConfirmEmail | MailKind::ConfirmNewEmail => self.core.settings().confirmation_age,
            MailKind::ResetPassword => self.core.settings().reset_age,
            MailKind::PasswordChanged | MailKind::EmailChanged | MailKind::NewLogin => return None,
        };
        Some(item.queued_at.plus(age))
    }
}

fn dead(why: &str) -> MailOutcome {
    MailOutcome::Dead { why: MailProblem::new(why) }
}

/// One line of the log for each attempt, without address or text.
fn tell(item: &OutboxItem, outcome: &MailOutcome) {
    let (mail, kind, attempt) = (item.id.get(), item.mail.kind().as_str(), item.attempt);
    match outcome {
        MailOutcome::Sent => tracing::info!(mail, kind, attempt, "a mail is sent"),
        MailOutcome::Later { at, why, unsure } => {
            tracing::warn!(mail, kind, attempt, unsure, again = %at, problem = %why, "a mail waits");
        }
        MailOutcome::Dead { why } => {
            tracing::error!(mail, kind, attempt, problem = %why, "a mail is a dead letter; see `profiles-server mail list`");
        }
    }
}

/// A mailer of somebody else's may hang or panic: whether it has sent the mail is then not known.
async fn with_patience(
    patience: Duration,
    sent: impl Future<Output = Result<(), MailerError>>,
) -> Result<(), MailerError> {
    // Ours know by themselves when they have waited long enough, and better what that means.
    let late = |_| Err(MailerError::Unsure(format!("it took longer than {} s", patience.as_secs()).into()));
    let panicked = |_| Err(MailerError::Unsure("the mailer panicked".into()));
    // Unwind safety: what a mailer shares with its next call is for the mailer to keep in order.
    let sent = AssertUnwindSafe(sent).catch_unwind().map(|sent| sent.unwrap_or_else(panicked));
    timeout(patience + SLACK / 2, sent).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests;
