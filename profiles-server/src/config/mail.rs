//! What mails say.

use super::{setting::settings, value::OneLine};

settings! {
    /// What mails say.
    pub struct Mail {
        /// Sender of every mail.
        "mail_from" => from: OneLine = "webmaster@localhost".into();
        /// What stands before the subject of every mail; unless set, the site's name in brackets.
        "mail_subject_prefix" => subject_prefix: Option<OneLine> = None;
        /// Name of the site, as mails call it.
        "site_name" => site_name: OneLine = "example.com".into();
    }
}
