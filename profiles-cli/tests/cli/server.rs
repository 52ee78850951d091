//! The real server, in this process, with an empty database of its own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt, Response, Route, Server as PoemServer,
    listener::{Acceptor, Listener, TcpListener},
};
use profiles_core::{
    Core, NewAccount,
    env::SystemEntropy,
    model::{AccountId, Email, Password, StatusText, Username, UsernameKey},
    password::Argon2Pool,
    permissions::{Actor, Proof},
    store::sled::{SledConfig, SledStore},
};
use profiles_server::{
    Api,
    http::{Pagination, Settings},
    mailer::{Site, Worker},
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, sync::watch};

use crate::{
    mailbox::Mailbox,
    program::{Program, Run},
};

/// What every account of the tests has.
pub(crate) const PASSWORD: &str = "tulip-tango-92";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    /// Its address, as a user would give it.
    pub(crate) url: String,
    core: Arc<Core>,
    runtime: Runtime,
    _folder: TempDir,
}

/// What differs between the servers of the tests. The defaults are those of a new deployment.
#[derive(Default)]
pub(crate) struct Deployment {
    pub(crate) core: profiles_core::Settings,
    pub(crate) http: Settings,
    /// Where the API is mounted, such as `/accounts`; empty for the root.
    pub(crate) prefix: &'static str,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::deployed(Deployment::default())
    }

    pub(crate) fn with_lists(pagination: Pagination) -> Self {
        let mut deployment = Deployment::default();
        deployment.http.pagination = pagination;
        Self::deployed(deployment)
    }

    pub(crate) fn deployed(deployment: Deployment) -> Self {
        Self::open(tempfile::tempdir().unwrap(), "127.0.0.1:0", deployment)
    }

    /// Stops the server, as if the process had ended.
    pub(crate) fn stop(self) -> Stopped {
        let Self { url, core, runtime, _folder: folder } = self;
        runtime.shutdown_timeout(Duration::from_secs(10));
        assert_eq!(Arc::strong_count(&core), 1, "somebody still has the database");
        drop(core);
        Stopped { address: url.trim_start_matches("http://").to_owned(), folder }
    }

    fn open(folder: TempDir, address: &str, Deployment { core, http, prefix }: Deployment) -> Self {
        let store = SledStore::open(SledConfig::new(folder.path().join("store"))).unwrap();
        let hasher = Argon2Pool::fast_for_tests(Arc::new(SystemEntropy));
        let core = Core::builder(Arc::new(store)).hasher(Arc::new(hasher)).settings(core).build().unwrap();
        let core = Arc::new(core);
        let api = Api::new(Arc::clone(&core)).settings(http).into_endpoint();
        let api = if prefix.is_empty() { api } else { Route::new().nest(prefix, api).boxed() };
        let runtime = Runtime::new().unwrap();
        let address = runtime.block_on(listen(address, api));
        Self { url: format!("http://{address}{prefix}"), core, runtime, _folder: folder }
    }

    /// The program of somebody who is not logged in.
    pub(crate) fn anonymous(&self) -> Program {
        Program::for_server(&self.url)
    }

    /// The program of a new account with this name, logged in.
    pub(crate) fn user(&self, name: &str) -> Program {
        let program = self.anonymous();
        register(&program, name).done();
        program
    }

    /// The program of a new staff account, logged in. The operator makes it.
    pub(crate) fn staff(&self) -> Program {
        let account = NewAccount {
            username: Username::parse("moderator").unwrap(),
            email: Email::parse("moderator@example.org").unwrap(),
            password: Password::parse(PASSWORD).unwrap(),
            is_staff: true,
        };
        self.runtime.block_on(self.core.create_account(account)).unwrap();
        let program = self.anonymous();
        log_in(&program, "moderator").done();
        program
    }

    /// The mails of this server, those that wait and those to come.
    pub(crate) fn mails(&self) -> Mailbox {
        let stop = watch::Sender::new(false);
        let stopped = stop.subscribe();
        let (mailbox, console) = Mailbox::new(stop);
        let site = Site {
            from: "profiles@example.org".parse().unwrap(),
            subject_prefix: String::new(),
            name: "example.org".to_owned(),
            public_url: self.url.clone(),
            confirm_email_url: None,
            password_reset_url: None,
        };
        let worker = Worker::new(Arc::clone(&self.core), Arc::new(console), site).unwrap();
        self.runtime.spawn(worker.run(stopped));
        mailbox
    }

    /// Switches an account off, as the operator can.
    pub(crate) fn deactivate(&self, name: &str) {
        self.runtime.block_on(self.core.set_active(&UsernameKey::of(name), false)).unwrap();
    }

    /// Posts a text so many times, quicker than the program could.
    pub(crate) fn post_statuses(&self, author: &Program, text: &str, times: usize) {
        let account = author.run(&["--json", "whoami"]).json();
        let id = AccountId::new(account["pk"].as_u64().unwrap());
        let author = Actor::Account { id, is_staff: false, proof: Proof::Program };
        let post = || self.core.post_status(author, StatusText::parse(text).unwrap());
        for _ in 0..times {
            self.runtime.block_on(post()).unwrap();
        }
    }

    /// Fails if anything in the store does not fit.
    pub(crate) fn verify(&self) {
        let damage = self.runtime.block_on(self.core.store().verify()).unwrap();
        assert!(damage.is_empty(), "{damage:?}");
    }
}

async fn listen(address: &str, api: impl Endpoint<Output = Response> + 'static) -> SocketAddr {
    let acceptor = TcpListener::bind(address.to_owned()).into_acceptor().await.unwrap();
    let address = acceptor.local_addr().into_iter().find_map(|address| address.as_socket_addr().copied()).unwrap();
    tokio::spawn(PoemServer::new_with_acceptor(acceptor).run(api));
    address
}

/// A server that does not run, and its data.
pub(crate) struct Stopped {
    address: String,
    folder: TempDir,
}

impl Stopped {
    /// Starts it again, at the same address.
    pub(crate) fn start(self) -> Server {
        Server::open(self.folder, &self.address, Deployment::default())
    }
}

/// Opens an account from a script.
pub(crate) fn register(program: &Program, name: &str) -> Run {
    let email = format!("{name}@example.org");
    let arguments = ["register", "--username", name, "--email", &email, "--password-stdin"];
    program.run_with_input(&arguments, &format!("{PASSWORD}\n"))
}

/// Logs in from a script.
pub(crate) fn log_in(program: &Program, name: &str) -> Run {
    program.run_with_input(&["login", "--username", name, "--password-stdin"], &format!("{PASSWORD}\n"))
}
