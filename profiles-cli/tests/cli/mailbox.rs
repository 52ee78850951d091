//! The mails of the real server, as the console transport prints them.

use std::{
    io::{self, Write},
    sync::mpsc::{self, Receiver, Sender},
    time::Duration,
};

use profiles_server::mailer::Console;
use tokio::sync::watch;

/// Longer than a mail takes, even on a machine that is very busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was printed and not read yet. Mails stop when it is dropped.
pub(crate) struct Mailbox {
    printed: Receiver<String>,
    _stop: watch::Sender<bool>,
}

impl Mailbox {
    /// An empty one, and the transport that fills it.
    pub(crate) fn new(stop: watch::Sender<bool>) -> (Self, Console) {
        let (sender, printed) = mpsc::channel();
        (Self { printed, _stop: stop }, Console::to(Printer(sender)))
    }

    /// Waits for the next mail to this address with a link to confirm it, and gives the link.
    pub(crate) fn confirmation_link(&self, to: &str) -> String {
        self.link(to, "/registration/account-confirm-email/")
    }

    /// Waits for the next mail to this address with a link to choose a new password, and gives the link.
    pub(crate) fn reset_link(&self, to: &str) -> String {
        self.link(to, "/password/reset/confirm/")
    }

    /// Mails that are something else are left out.
    fn link(&self, to: &str, path: &str) -> String {
        let header = format!("To: {to}");
        loop {
            let mail = self.printed.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no mail to {to} with {path}"));
            let link = mail.split_whitespace().find(|word| word.starts_with("http") && word.contains(path));
            if let Some(link) = link.filter(|_| mail.lines().any(|line| line.trim_end() == header)) {
                return link.to_owned();
            }
        }
    }
}

/// Prints each mail, which comes in one piece, into the mailbox.
struct Printer(Sender<String>);

impl Write for Printer {
    fn write(&mut self, mail: &[u8]) -> io::Result<usize> {
        // A test that has ended reads no more mails.
        let _ = self.0.send(String::from_utf8_lossy(mail).into_owned());
        Ok(mail.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
