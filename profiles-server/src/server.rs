//! A server: a socket, the app behind it, and what goes on beside the requests.

mod soundness;
mod sweeper;

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use poem::listener::TcpAcceptor;
use profiles_core::store::StoreError;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{
    app::{App, Opened, StartError, open_core},
    config::{Config, HostPort, Throttle},
    http::{
        acceptor::{LimitedAcceptor, Timeouts},
        connections,
    },
    mailer::{self, Mailer, Site, TemplateError, Templates, Worker},
    operator::socket::{ControlSocket, SocketError},
};

/// Why a server does not start, or did not end well. `Display` is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Something else listens there.
    #[error("{0} is in use: stop what listens there, or choose another address with --bind")]
    InUse(HostPort),
    /// The system does not let us listen there.
    #[error("can't listen on {bind} ({error}): choose another address with --bind")]
    Bind {
        /// Where.
        bind: HostPort,
        /// Why.
        error: io::Error,
    },
    /// The data can't be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A template of a mail does not do.
    #[error(transparent)]
    Templates(#[from] TemplateError),
    /// The socket failed.
    #[error("the server failed: {0}")]
    Serve(#[source] io::Error),
    /// The store did not end cleanly; what was acknowledged is on disk all the same.
    #[error("the database was not closed cleanly: {0}")]
    Close(#[source] StoreError),
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
    app: App,
    templates: Templates,
    /// Takes an operator's commands, if that is wanted and possible.
    control: Option<Result<ControlSocket, SocketError>>,
    /// Whether the database was not closed the last time.
    unclean: bool,
}

impl Server {
    /// Listens, then opens the database: nothing is touched if the address is taken. Then the control socket is made;
    /// if it can't be, the server does without, and the log will say why.
    ///
    /// # Errors
    /// The address or the data is in use or can't be used.
    pub async fn start(mut config: Config) -> Result<Self, ServeError> {
        let bind = config.network.bind.clone();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse(bind.clone()),
            _ => ServeError::Bind { bind: bind.clone(), error },
        };
        let listener = TcpListener::bind(bind.as_str()).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if bind.port() == Some(0) {
            // Links in mails need the port that it became.
            config.network.bind = address.into();
        }
        let templates = mailer::templates(&config.mail)?;
        let Opened { core, unclean } = open_core(&config).await?;
        // Only who has the database may take the socket's place. Where a database takes several programs, none is needed.
        let control = match config.storage.control_socket().filter(|_| config.database.url.is_none()) {
            Some(path) => Some(ControlSocket::bind(path, &config.storage).await),
            None => None,
        };
        let app = App::new(core, &config);
        Ok(Self { config, listener, address, app, templates, control, unclean })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a browser on this machine finds it.
    pub fn url(&self) -> String {
        self.config.network.bind.url()
    }

    /// Answers requests until `stop` is ready; then accepts no more, lets those under way finish within
    /// `shutdown_grace`, and closes the database. If the database was not closed the last time, all of it is read
    /// meanwhile to see whether it fits together; the log has the outcome.
    ///
    /// # Errors
    /// The socket fails, or the database does not close cleanly.
    pub async fn run(self, mailer: Arc<dyn Mailer>, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { config, listener, app, templates, control, unclean, .. } = self;
        warn_of(&config);
        let core = Arc::clone(app.core());
        let stopping = watch::Sender::new(false);
        let mut beside = JoinSet::new();
        let (site, retries) = (Site::from(&config), mailer::retries(&config.mail));
        let worker = Worker::with(Arc::clone(&core), mailer, site, templates, retries);
        beside.spawn(worker.run(stopping.subscribe()));
        beside.spawn(sweeper::run(Arc::clone(&core), config.accounts.audit_age, stopping.subscribe()));
        beside.spawn(sweeper::collect_pictures(Arc::clone(&core), stopping.subscribe()));
        if let Some(control) = listening(control) {
            beside.spawn(control.run(Arc::clone(&core), stopping.subscribe()));
        }
        if unclean {
            beside.spawn(soundness::tell(Arc::clone(&core), stopping.subscribe()));
        }

        let network = &config.network;
        let timeouts = Timeouts { head: network.header_timeout, idle: network.idle_timeout };
        let acceptor = TcpAcceptor::from_tokio(listener).map_err(ServeError::Serve)?;
        let acceptor = LimitedAcceptor::new(acceptor, network.max_connections, timeouts);
        let streams = app.streams().clone();
        let stop = async move {
            stop.await;
            // They would not end by themselves, and a client comes back to wherever it finds a server.
            streams.end();
        };
        let served = connections::serve(acceptor, app.endpoint(), stop, network.shutdown_grace).await;

        stopping.send_replace(true);
        if timeout(network.shutdown_grace, async { while beside.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("a mail or an operator's command was still on its way; a mail will be sent again");
        }
        core.store().close().await.map_err(ServeError::Close)?;
        served.map_err(ServeError::Serve)
    }
}

/// The control socket, if there is one. No client needs it: without it the server goes on, and says why.
fn listening(control: Option<Result<ControlSocket, SocketError>>) -> Option<ControlSocket> {
    let failed = |error: &SocketError| {
        tracing::warn!(%error, "there is no control socket: operator's commands need this server to be stopped");
    };
    control?.inspect_err(failed).ok()
}

/// Says what is dangerous about a configuration.
fn warn_of(config: &Config) {
    if config.api.throttle == Throttle::Off {
        tracing::warn!(
            "THROTTLE IS OFF: nothing slows down whoever guesses passwords, registers in masses or has mails sent to \
             others. Use this for tests alone"
        );
    }
}
