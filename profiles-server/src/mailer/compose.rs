//! From a mail in the outbox to a message.

use std::fmt::Display;

use profiles_core::{
    Core,
    mail::Mail,
    model::{AccountId, Timestamp},
    store::OutboxItem,
};

use super::{
    Draft, Mailbox, Message, Templates,
    templates::{About, Words, Written},
};
use crate::config::{Config, Link};

/// Characters of what a client calls itself that a mail repeats.
const AGENT_CHARS: usize = 120;

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
    /// Where a confirmation leads, if not below `public_url`.
    pub confirm_email_url: Option<Link<false>>,
    /// Where a new password is chosen, if not below `public_url`.
    pub password_reset_url: Option<Link<true>>,
}

impl Site {
    /// A site with this sender, name and base of links (without a slash at its end); its name in brackets stands before
    /// subjects.
    pub fn new(from: Mailbox, name: &str, public_url: &str) -> Self {
        Self {
            from,
            subject_prefix: format!("[{name}] "),
            name: name.to_owned(),
            public_url: public_url.to_owned(),
            confirm_email_url: None,
            password_reset_url: None,
        }
    }

    fn confirm_email(&self, key: &str) -> String {
        match &self.confirm_email_url {
            Some(link) => link.to(key, ""),
            None => format!("{}/api/rest-auth/registration/account-confirm-email/{key}/", self.public_url),
        }
    }

    fn password_reset(&self, account: AccountId, key: &str) -> String {
        let uid = account.to_base36();
        match &self.password_reset_url {
            Some(link) => link.to(key, &uid),
            None => format!("{}/api/rest-auth/password/reset/confirm/{uid}/{key}/", self.public_url),
        }
    }
}

impl From<&Config> for Site {
    fn from(config: &Config) -> Self {
        Self {
            from: config.mail.from.clone(),
            subject_prefix: config.subject_prefix(),
            name: config.mail.site_name.as_str().to_owned(),
            public_url: config.public_url(),
            confirm_email_url: config.mail.confirm_email_url.clone(),
            password_reset_url: config.mail.password_reset_url.clone(),
        }
    }
}

/// Makes messages of mails.
#[derive(Debug)]
pub(super) struct Composer {
    pub(super) site: Site,
    pub(super) templates: Templates,
}

impl Composer {
    /// The message of a mail: the same whenever it is asked for.
    ///
    /// # Errors
    /// Why there can be none, without the address.
    pub(super) fn message(&self, core: &Core, item: &OutboxItem) -> Result<Message, String> {
        let told = |problem: &dyn Display| problem.to_string();
        let words = self.words(core, &item.mail);
        let Written { subject, text, html } = self.templates.write(&words).map_err(|error| told(&error))?;
        let draft = Draft {
            from: self.site.from.clone(),
            // The error would repeat the address, which is nobody's business in a log.
            to: item.mail.to().as_str().parse().map_err(|_| "no mail can go to this address".to_owned())?,
            subject: format!("{}{subject}", self.site.subject_prefix),
            text,
            html: Some(html),
        };
        let name = core.mail_secret().mail_name(item.id, item.queued_at);
        Message::new(draft, item.queued_at, &name).map_err(|error| told(&error))
    }

    fn words(&self, core: &Core, mail: &Mail) -> Words {
        let (username, about) = match mail {
            Mail::ConfirmEmail { username, seed, .. } | Mail::ConfirmNewEmail { username, seed, .. } => {
                (username, About::Link(self.site.confirm_email(core.mail_secret().key(seed).expose())))
            }
            Mail::ResetPassword { username, account, seed, .. } => {
                (username, About::Link(self.site.password_reset(*account, core.mail_secret().key(seed).expose())))
            }
            Mail::PasswordChanged { username, at, .. } | Mail::EmailChanged { username, at, .. } => {
                (username, About::Change { at: in_words(*at) })
            }
            Mail::NewLogin { username, at, address, agent, .. } => {
                let (address, agent) = (on_one_line(address), on_one_line(agent));
                (username, About::Login { at: in_words(*at), address, agent })
            }
        };
        Words { kind: mail.kind(), site_name: self.site.name.clone(), username: username.as_str().to_owned(), about }
    }
}

/// As people read it, to the minute.
fn in_words(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    moment.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// What a client says of itself can be anything.
fn on_one_line(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(AGENT_CHARS).collect()
}
