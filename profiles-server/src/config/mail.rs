//! What mails say, and how they get out.

use std::{net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use super::{ConfigError, Link, OneLine, SecretText, choice::choice, setting::settings, value::as_written};
use crate::mailer::Mailbox;

settings! {
    /// What mails say, and how they get out.
    pub struct Mail {
        /// Sender of every mail.
        "mail_from" => from: Mailbox = Mailbox::webmaster();
        /// What stands before the subject of every mail; unless set, the site's name in brackets.
        "mail_subject_prefix" => subject_prefix: Option<OneLine<100>> = None;
        /// Name of the site, as mails call it.
        "site_name" => site_name: OneLine<50> = OneLine::lossy("example.com");
        /// Where mails go: "console" prints them to standard output, "smtp" hands them to a mail server, "file" writes
        /// each into a folder.
        "mail_transport" => transport: MailTransport = MailTransport::Console;
        /// Folder for "file"; made if it is not there.
        "mail_folder" => folder: Option<PathBuf> = None;
        /// Folder of templates that take the place of the built-in ones, file by file.
        "mail_templates" => templates: Option<PathBuf> = None;
        /// Where the link in a confirmation mail leads, with {key} in the place of its key; unless set, to this server.
        "confirm_email_url" => confirm_email_url: Option<Link<false>> = None;
        /// Where the link in a mail for a new password leads, with {uid} in the place of the account and {token} (or
        /// {key}) in that of its key; unless set, to this server.
        "password_reset_url" => password_reset_url: Option<Link<true>> = None;
        /// Seconds until a mail that could not be sent is tried again; twice as many each time after that.
        "mail_retry_first" => retry_first: Duration = Duration::from_mins(1), seconds(1)..=seconds(86_400);
        /// Seconds between two attempts at most.
        "mail_retry_longest" => retry_longest: Duration = Duration::from_hours(1), seconds(1)..=seconds(86_400);
        /// Name or address of the mail server.
        "smtp_host" => smtp_host: Option<Host> = None;
        /// Port of the mail server; unless set, 587 with "starttls", 465 with "tls", 25 with "none".
        "smtp_port" => smtp_port: Option<u32> = None, Some(1)..=Some(65_535);
        /// How the way to the mail server is kept private: "starttls" (required, never left out), "tls" from the first
        /// byte, or "none".
        "smtp_tls" => smtp_tls: SmtpTls = SmtpTls::StartTls;
        /// Account at the mail server.
        "smtp_username" => smtp_username: Option<OneLine<200>> = None;
        /// Password of that account. A command line can be read by everybody on the machine: prefer the file or the
        /// environment.
        "smtp_password" => smtp_password: Option<SecretText> = None;
        /// Seconds that sending one mail may take.
        "smtp_timeout" => smtp_timeout: Duration = Duration::from_secs(30), seconds(1)..=seconds(600);
        /// PEM file of an authority to trust for the mail server, beside those that browsers trust.
        "smtp_ca_file" => smtp_ca_file: Option<PathBuf> = None;
    }
}

as_written!(Mailbox);

choice! {
    /// Where mails go.
    pub enum MailTransport {
        /// To standard output.
        Console = "console",
        /// To a mail server.
        Smtp = "smtp",
        /// Into a folder.
        File = "file",
    }
}

choice! {
    /// How the way to a mail server is kept private.
    pub enum SmtpTls {
        /// The connection is upgraded before anything is said; without that nothing is sent.
        StartTls = "starttls",
        /// From the first byte.
        Tls = "tls",
        /// Not at all.
        None = "none",
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The name or address of another machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// The name, or the address without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        self.0.eq_ignore_ascii_case("localhost") || self.0.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if bare.parse::<IpAddr>().is_ok() || (name && !text.is_empty() && text.len() <= 253) {
            return Ok(Self(bare.to_owned()));
        }
        Err(format!("must be the name or the address of a machine, without a port, not {text:?}"))
    }
}

as_written!(Host);

impl Mail {
    /// The port of the mail server.
    pub fn port(&self) -> u16 {
        let usual = match self.smtp_tls {
            SmtpTls::StartTls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        };
        self.smtp_port.and_then(|port| u16::try_from(port).ok()).unwrap_or(usual)
    }

    /// Whether the settings go together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let conflict = |text: &str| Err(ConfigError::Conflict(text.to_owned()));
        if self.transport == MailTransport::File && self.folder.is_none() {
            return conflict("mail_transport is \"file\", which needs mail_folder");
        }
        if self.retry_first > self.retry_longest {
            return conflict("mail_retry_first is more than mail_retry_longest");
        }
        match (&self.smtp_username, &self.smtp_password) {
            (Some(_), None) => return conflict("smtp_username needs smtp_password"),
            (None, Some(_)) => return conflict("smtp_password needs smtp_username"),
            _ => {}
        }
        let Some(host) = &self.smtp_host else {
            return match self.transport {
                MailTransport::Smtp => conflict("mail_transport is \"smtp\", which needs smtp_host"),
                MailTransport::Console | MailTransport::File => Ok(()),
            };
        };
        if self.smtp_username.is_some() && self.smtp_tls == SmtpTls::None && !host.is_loopback() {
            return conflict("smtp_tls is \"none\", which would send smtp_password to smtp_host in the clear");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp() -> Mail {
        Mail { transport: MailTransport::Smtp, smtp_host: Some("mail.example".parse().unwrap()), ..Mail::default() }
    }

    fn told(mail: &Mail) -> String {
        mail.check().unwrap_err().to_string().replace("the configuration does not do: ", "")
    }

    #[test]
    fn what_a_transport_needs_is_named() {
        Mail::default().check().unwrap();
        smtp().check().unwrap();
        let mail = Mail { smtp_host: None, ..smtp() };
        assert_eq!(told(&mail), "mail_transport is \"smtp\", which needs smtp_host");
        let mail = Mail { transport: MailTransport::File, ..Mail::default() };
        assert_eq!(told(&mail), "mail_transport is \"file\", which needs mail_folder");
        let mail = Mail { smtp_username: Some(OneLine::lossy("ada")), ..smtp() };
        assert_eq!(told(&mail), "smtp_username needs smtp_password");
        let mail = Mail { smtp_password: Some("x".parse().unwrap()), ..smtp() };
        assert_eq!(told(&mail), "smtp_password needs smtp_username");
        let mail = Mail { retry_first: seconds(2), retry_longest: seconds(1), ..Mail::default() };
        assert_eq!(told(&mail), "mail_retry_first is more than mail_retry_longest");
    }

    #[test]
    fn a_password_does_not_leave_this_machine_in_the_clear() {
        let login = |host: &str| Mail {
            smtp_host: Some(host.parse().unwrap()),
            smtp_tls: SmtpTls::None,
            smtp_username: Some(OneLine::lossy("ada")),
            smtp_password: Some("x".parse().unwrap()),
            ..smtp()
        };
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"] {
            login(host).check().unwrap();
        }
        for host in ["mail.example", "10.0.0.1", "localhost.example", "::"] {
            assert!(told(&login(host)).starts_with("smtp_tls is \"none\""), "{host}");
            Mail { smtp_tls: SmtpTls::StartTls, ..login(host) }.check().unwrap();
        }
    }

    #[test]
    fn the_port_is_the_usual_one_unless_set() {
        let port = |smtp_tls, smtp_port| Mail { smtp_port, smtp_tls, ..smtp() }.port();
        assert_eq!(port(SmtpTls::StartTls, None), 587);
        assert_eq!(port(SmtpTls::Tls, None), 465);
        assert_eq!(port(SmtpTls::None, None), 25);
        assert_eq!(port(SmtpTls::Tls, Some(2525)), 2525);
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for bad in ["", "a:25", "a b", "smtp://a", "a/b", "a\n", "[a]"] {
            assert!(bad.parse::<Host>().is_err(), "{bad:?}");
        }
        assert_eq!("[::1]".parse::<Host>().unwrap().as_str(), "::1");
    }
}
