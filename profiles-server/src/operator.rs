//! What an operator asks for, done by whoever has the database: this process, or the server that runs.
//!
//! A subject has a file: its commands, their answers, how they are done, and an `impl Subject` for each kind of answer.
//! To add one, write that file and name it in [`Command`].

pub(crate) mod audit;
mod data;
mod lines;
pub(crate) mod mail;
mod parsed;
mod protocol;
mod remote;
pub(crate) mod socket;
pub(crate) mod user;

use std::{future::Future, io, path::PathBuf, sync::Arc};

use profiles_core::Core;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use self::audit::audit_line;
use self::remote::Remote;
use crate::{
    app::{StartError, open_core},
    config::Config,
};

/// Anything that an operator can ask for, as it goes through the control socket. Passwords in it show nothing of
/// themselves in `Debug`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// About one account.
    User(user::Command),
    /// Who has an account.
    UserList(user::List),
    /// What happened that matters for security.
    Audit(audit::List),
    /// About one mail.
    Mail(mail::Command),
    /// Which mails wait, or could not be sent.
    MailList(mail::List),
}

impl Command {
    /// Does it. The answer is that of its subject, as JSON.
    async fn perform(self, core: &Core) -> Result<serde_json::Value, OperatorError> {
        match self {
            Self::User(command) => answer(command, core).await,
            Self::UserList(command) => answer(command, core).await,
            Self::Audit(command) => answer(command, core).await,
            Self::Mail(command) => answer(command, core).await,
            Self::MailList(command) => answer(command, core).await,
        }
    }

    /// What it changes, as two words for the log; `None` if it only reads.
    fn change(&self) -> Option<&'static str> {
        match self {
            Self::User(command) => command.change(),
            Self::UserList(command) => command.change(),
            Self::Audit(command) => command.change(),
            Self::Mail(command) => command.change(),
            Self::MailList(command) => command.change(),
        }
    }
}

async fn answer<S: Subject>(command: S, core: &Core) -> Result<serde_json::Value, OperatorError> {
    let answer = command.perform(core).await?;
    serde_json::to_value(answer).map_err(|error| OperatorError::Refused(format!("there is no answer: {error}")))
}

/// Commands that have one kind of answer.
pub(crate) trait Subject: Into<Command> + Send {
    /// What comes back. However much there is, an answer is a page of it: a line of the protocol has an end.
    type Answer: Serialize + DeserializeOwned + Send;

    /// What it changes, as two words for the log; `None` if it only reads.
    fn change(&self) -> Option<&'static str>;

    /// Does it, over a core that has the database.
    fn perform(self, core: &Core) -> impl Future<Output = Result<Self::Answer, OperatorError>> + Send;
}

/// Why an operator's command was not done. `Display` is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The database can't be opened, and no server does the command for us.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The services refused or failed.
    #[error("{}", with_cause(.0))]
    Core(#[from] profiles_core::Error),
    /// There is no account of this name.
    #[error("there is no account {0:?}")]
    NoAccount(String),
    /// What the running server says of it, or why there is no answer.
    #[error("{0}")]
    Refused(String),
    /// A server has the database, and its socket is closed to us.
    #[error("a profiles-server is using {}, and its control socket {} can't be used ({error}): run this as the \
             account that the server runs as, or stop the server first", data_dir.display(), socket.display())]
    Closed {
        /// The data.
        data_dir: PathBuf,
        /// The socket.
        socket: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The running server was asked and did not answer.
    #[error("the running server did not answer through {} ({error}); it may have done what it was asked all the same",
            socket.display())]
    Unanswered {
        /// The socket.
        socket: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// What the log would show of a failure below, the operator needs here.
pub(crate) fn with_cause(error: &profiles_core::Error) -> String {
    match error {
        profiles_core::Error::Unavailable(cause) => format!("{error}: {cause}"),
        other => other.to_string(),
    }
}

/// Does an operator's commands, whether a server runs or not.
pub(crate) struct Operator(Way);

enum Way {
    /// The database was free, or takes several programs: it is open here.
    Direct(Arc<Core>),
    /// The server that has it does them.
    Remote(Remote),
}

impl Operator {
    /// Opens the database of this configuration (a first command makes it), or finds the server that has it open: that is
    /// for an embedded one, which only one process uses.
    ///
    /// # Errors
    /// The database does not open; or a server has it, and does not listen to us.
    pub(crate) async fn connect(config: &Config) -> Result<Self, OperatorError> {
        let locked = match open_core(config).await {
            Ok(opened) => return Ok(Self(Way::Direct(opened.core))),
            Err(locked @ StartError::Locked(_)) => locked,
            Err(other) => return Err(other.into()),
        };
        match config.storage.control_socket() {
            Some(path) => match Remote::find(path, &config.storage).await? {
                Some(remote) => Ok(Self(Way::Remote(remote))),
                None => Err(locked.into()),
            },
            None => Err(locked.into()),
        }
    }

    /// Has this done.
    ///
    /// # Errors
    /// It was refused, or failed.
    pub(crate) async fn ask<S: Subject>(&self, command: S) -> Result<S::Answer, OperatorError> {
        match &self.0 {
            Way::Direct(core) => command.perform(core).await,
            Way::Remote(remote) => remote.ask(command).await,
        }
    }

    /// Closes the database, if it is open here.
    ///
    /// # Errors
    /// It does not close cleanly.
    pub(crate) async fn close(self) -> Result<(), OperatorError> {
        match self.0 {
            Way::Direct(core) => Ok(core.store().close().await.map_err(profiles_core::Error::from)?),
            Way::Remote(_) => Ok(()),
        }
    }
}
