//! Mails: what they look like, and how they get out.
//!
//! Mails are written to the store's outbox in the same step as what they are about. The [`Worker`] takes them from
//! there once they are durable, and hands each to a [`Mailer`] until one has taken it: at least once, whatever crashes.

mod console;
mod header;
mod mailbox;
mod message;
mod template;
mod worker;

use async_trait::async_trait;

pub use self::{
    console::Console,
    mailbox::Mailbox,
    message::{BadMessage, Draft, Message},
    worker::{Site, Worker},
};

/// Gets messages to their recipients, or to somebody who will.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a message. `Ok` means that somebody else answers for it now.
    ///
    /// # Errors
    /// [`MailerError::Refused`] if trying again would not help.
    async fn send(&self, message: &Message) -> Result<(), MailerError>;
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailerError {
    /// It never will be: the message is at fault.
    #[error("the message was refused: {0}")]
    Refused(String),
    /// It may be, later.
    #[error("mail can't be sent now: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
