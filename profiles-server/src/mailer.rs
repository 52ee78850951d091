//! Mails: what they look like, and how they get out.
//!
//! Mails are written to the store's outbox in the same step as what they are about. The [`Worker`] takes them from
//! there once they are durable, makes messages of them by [`Templates`], and hands each to a [`Mailer`] until one has
//! taken it: at least once, whatever crashes. What can't be sent stays in the outbox as a dead letter.

mod compose;
mod console;
mod folder;
mod header;
mod mailbox;
mod message;
mod smtp;
mod templates;
mod worker;

use std::{io, path::PathBuf, sync::Arc};

use async_trait::async_trait;

pub use self::{
    compose::Site,
    console::Console,
    folder::Folder,
    mailbox::Mailbox,
    message::{BadMessage, Draft, Message},
    smtp::{Smtp, SmtpSetupError},
    templates::{TemplateError, Templates},
    worker::{Retries, Worker},
};
use crate::config::{self, MailTransport};

/// Gets messages to their recipients, or to somebody who will.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a message; several at once may be asked for. `Ok` means that somebody else answers for it now.
    ///
    /// # Errors
    /// [`MailerError::Refused`] if trying again would not help, [`MailerError::Unsure`] if it may have been sent.
    async fn send(&self, message: &Message) -> Result<(), MailerError>;
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailerError {
    /// It never will be: the message is at fault.
    #[error("the message was refused: {0}")]
    Refused(String),
    /// It was not, and may be later.
    #[error("mail can't be sent now: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may have been: the connection broke after the text was handed over.
    #[error("whether the mail was sent is not known: {0}")]
    Unsure(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why mails have no way out. `Display` is one line that names the setting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The folder can't be made.
    #[error("mail_folder {} can't be made: {error}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The configuration names no folder.
    #[error("mail_transport is \"file\", which needs mail_folder")]
    NoFolder,
    /// There is no way to the mail server.
    #[error(transparent)]
    Smtp(#[from] SmtpSetupError),
}

/// The way out that a configuration chooses.
///
/// # Errors
/// What it needs is not there.
pub fn transport(config: &config::Mail) -> Result<Arc<dyn Mailer>, TransportError> {
    Ok(match config.transport {
        MailTransport::Console => Arc::new(Console::stdout()),
        MailTransport::Smtp => Arc::new(Smtp::new(config)?),
        MailTransport::File => {
            let path = config.folder.clone().ok_or(TransportError::NoFolder)?;
            Arc::new(Folder::new(&path).map_err(|error| TransportError::Folder { path, error })?)
        }
    })
}

/// The templates that a configuration chooses.
///
/// # Errors
/// One of them does not do.
pub fn templates(config: &config::Mail) -> Result<Templates, TemplateError> {
    config.templates.as_deref().map_or_else(Templates::built_in, Templates::load)
}

/// The patience that a configuration has.
pub fn retries(config: &config::Mail) -> Retries {
    Retries { first: config.retry_first, longest: config.retry_longest, patience: config.smtp_timeout }
}
