//! Hands mails to a mail server.

mod stream;

use std::{fmt, fs, io, path::PathBuf, time::Duration};

use async_trait::async_trait;
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder},
    commands::Data,
    extension::{ClientId, Extension},
};
use tokio::{net::TcpStream, time::timeout};

use self::stream::Lines;
use super::{Mailer, MailerError, Message};
use crate::config::{self, SmtpTls};

type SmtpError = lettre::transport::smtp::Error;

/// "Authentication required" (RFC 4954): what is wrong is our configuration, and not the message.
const AUTHENTICATION_REQUIRED: u16 = 530;
/// What a certificate in a file begins with.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// How long saying goodbye may take; nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why there is no way to a mail server. `Display` is one line that names the setting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpSetupError {
    /// The configuration names no server.
    #[error("mail_transport is \"smtp\", which needs smtp_host")]
    NoHost,
    /// The file of the authority can't be read.
    #[error("smtp_ca_file {} can't be read: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file of the authority does not hold one.
    #[error("smtp_ca_file {} holds no certificate in PEM form", path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// The certificate of the authority is none that can be used, or the server's name can have no certificate.
    #[error("smtp_ca_file or smtp_host does not do for TLS: {0}")]
    Tls(SmtpError),
}

/// Hands every message to a mail server, each over a connection of its own: one that is kept may have been closed by the
/// other side meanwhile, and nothing would tell.
pub struct Smtp {
    host: String,
    port: u16,
    security: Security,
    login: Option<Credentials>,
    patience: Duration,
}

enum Security {
    StartTls(TlsParameters),
    Tls(TlsParameters),
    None,
}

impl Smtp {
    /// To the server of this configuration.
    ///
    /// # Errors
    /// It names none, or an authority that can't be read.
    pub fn new(config: &config::Mail) -> Result<Self, SmtpSetupError> {
        let host = config.smtp_host.as_ref().ok_or(SmtpSetupError::NoHost)?.as_str().to_owned();
        let security = match config.smtp_tls {
            SmtpTls::None => Security::None,
            SmtpTls::StartTls => Security::StartTls(tls(&host, config)?),
            SmtpTls::Tls => Security::Tls(tls(&host, config)?),
        };
        let login = match (&config.smtp_username, &config.smtp_password) {
            (Some(name), Some(password)) => {
                Some(Credentials::new(name.as_str().to_owned(), password.expose().to_owned()))
            }
            _ => None,
        };
        Ok(Self { host, port: config.port(), security, login, patience: config.smtp_timeout })
    }

    /// Connects, and says who we are.
    async fn connect(&self, name: &ClientId) -> Result<AsyncSmtpConnection, Trouble> {
        let server = (self.host.as_str(), self.port);
        let mut connection = if let Security::Tls(parameters) = &self.security {
            let parameters = Some(parameters.clone());
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience), name, parameters, None).await?
        } else {
            let stream = TcpStream::connect(server).await?;
            AsyncSmtpConnection::connect_with_transport(Box::new(Lines::of(stream)), name).await?
        };
        if let Security::StartTls(parameters) = &self.security {
            // An error if the server does not offer it: there is no going on without.
            connection.starttls(parameters.clone(), name).await?;
        }
        if let Some(login) = &self.login {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await?;
        }
        Ok(connection)
    }

    /// Sends a message. Where it had come to, if it is cut off, is in `phase`.
    async fn hand_over(&self, message: &Message, phase: &mut Phase) -> Result<(), Trouble> {
        let draft = message.draft();
        let name = ClientId::Domain(draft.from.domain().to_owned());
        let mut connection = self.connect(&name).await?;
        *phase = Phase::Asking;
        let bytes = message.to_bytes();
        // A server that does not say that it takes eight bits mostly does; Python's smtplib sends them too.
        let eight = !bytes.is_ascii() && connection.server_info().supports_feature(Extension::EightBitMime);
        let body = if eight { " BODY=8BITMIME" } else { "" };
        // Not lettre's own addresses, which are fewer than those that people register with. A mailbox holds no control
        // character, so neither line can be more than one.
        connection.command(format!("MAIL FROM:<{}>{body}\r\n", draft.from.address())).await?;
        connection.command(format!("RCPT TO:<{}>\r\n", draft.to.address())).await?;
        connection.command(Data).await?;
        *phase = Phase::Telling;
        connection.message(&bytes).await?;
        *phase = Phase::Told;
        let _ = timeout(GOODBYE, connection.quit()).await;
        Ok(())
    }
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("no connection: {0}")]
    Connection(#[from] io::Error),
    #[error(transparent)]
    Smtp(#[from] SmtpError),
}

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not yet anywhere near the message.
    Connecting,
    /// Whether the server takes it; it has not seen the text.
    Asking,
    /// The text is under way, and only the server's answer says whether it has it.
    Telling,
    /// The server has said that it has it.
    Told,
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, message: &Message) -> Result<(), MailerError> {
        let mut phase = Phase::Connecting;
        let sent = timeout(self.patience, self.hand_over(message, &mut phase)).await;
        let late = || format!("it took longer than {} s", self.patience.as_secs()).into();
        match (sent, phase) {
            (Ok(Ok(())), _) | (_, Phase::Told) => Ok(()),
            (Ok(Err(error)), phase) => Err(judged(error, phase)),
            (Err(_), Phase::Telling) => Err(MailerError::Unsure(late())),
            (Err(_), Phase::Connecting | Phase::Asking) => Err(MailerError::Unavailable(late())),
        }
    }
}

/// What an error says about the message. What a server answers is believed; whether a connection that broke has carried
/// the whole text is not known.
fn judged(error: Trouble, phase: Phase) -> MailerError {
    let error = match error {
        Trouble::Smtp(error) => error,
        Trouble::Connection(_) => return MailerError::Unavailable(error.into()),
    };
    let status = error.status().map(u16::from);
    match phase {
        // Wrong passwords, missing TLS, a greeting that sends us away: nothing that the message could help.
        Phase::Connecting => MailerError::Unavailable(error.into()),
        _ if error.is_permanent() && status != Some(AUTHENTICATION_REQUIRED) => MailerError::Refused(error.to_string()),
        Phase::Telling if status.is_none() => MailerError::Unsure(error.into()),
        Phase::Asking | Phase::Telling | Phase::Told => MailerError::Unavailable(error.into()),
    }
}

fn tls(host: &str, config: &config::Mail) -> Result<TlsParameters, SmtpSetupError> {
    let mut builder: TlsParametersBuilder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &config.smtp_ca_file {
        let pem = fs::read(path).map_err(|error| SmtpSetupError::Unreadable { path: path.clone(), error })?;
        if !pem.windows(PEM.len()).any(|part| part == PEM) {
            return Err(SmtpSetupError::NoCertificate { path: path.clone() });
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(SmtpSetupError::Tls)?);
    }
    builder.build_rustls().map_err(SmtpSetupError::Tls)
}

/// Says nothing of the login.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
