//! What mails say.

use super::{one_line::OneLine, setting::settings, value::as_written};
use crate::mailer::Mailbox;

settings! {
    /// What mails say.
    pub struct Mail {
        /// Sender of every mail.
        "mail_from" => from: Mailbox = Mailbox::webmaster();
        /// What stands before the subject of every mail; unless set, the site's name in brackets.
        "mail_subject_prefix" => subject_prefix: Option<OneLine<100>> = None;
        /// Name of the site, as mails call it.
        "site_name" => site_name: OneLine<50> = OneLine::lossy("example.com");
    }
}

as_written!(Mailbox);
