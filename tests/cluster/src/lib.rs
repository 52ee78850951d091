//! A real PostgreSQL for tests: made in a temporary folder, and gone with the process that made it, however that ends.
//!
//! [`cluster`] is started by the first test of a process that asks for it and shared by all; each test takes a
//! [`Database`] of its own from it. A test that stops, kills or fills a cluster makes one for itself by
//! [`Cluster::start`]. Everything here waits on the thread that calls it, and panics where something does not work: that is
//! how a test fails.
#![forbid(unsafe_code)]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod folder;
mod guard;
mod port;
mod programs;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use self::{
    folder::Folder,
    guard::Guard,
    programs::{Programs, must, run},
};

/// The superuser, who owns every database.
const USER: &str = "postgres";
/// What it says to come in by TCP.
const PASSWORD: &str = "hunter2-cluster";
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The cluster that all tests of this process share.
pub fn cluster() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

/// A PostgreSQL with its data in a temporary folder. It listens on 127.0.0.1, where it wants a password.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    folder: Folder,
    port: u16,
    databases: AtomicU32,
    templates: Mutex<BTreeSet<&'static str>>,
    /// Ends the processes and removes the folder when this one is gone.
    _guard: Guard,
}

/// An empty database, or a copy of a filled one. It goes with its cluster.
#[derive(Clone, Debug)]
pub struct Database {
    /// Its name in the cluster.
    pub name: String,
    /// `postgres://user:password@127.0.0.1:port/name`.
    pub url: String,
}

impl Cluster {
    /// One for this test alone, which it may stop, kill and spoil.
    pub fn start() -> Self {
        Self::start_in(Folder::new())
    }

    /// One on a disk of so many MiB, 60 at least: what is written beyond them fails. Needs the rights to mount a `tmpfs`,
    /// and is `None` without them.
    pub fn start_on_small_disk(mebibytes: u32) -> Option<Self> {
        Folder::on_small_disk(mebibytes).map(Self::start_in)
    }

    /// A copy of this one, which follows it for as long as it is there and takes no writes.
    #[must_use]
    pub fn standby(&self) -> Self {
        let folder = Folder::new();
        let guard = Guard::over(&folder);
        let mut copy = self.programs.command("pg_basebackup", &folder);
        copy.arg("--host").arg(self.folder.path()).args(["--port", &self.port.to_string(), "--username", USER]);
        copy.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--pgdata"]).arg(folder.data());
        must(&mut copy);
        let cluster = Self::over(self.programs.clone(), folder, guard);
        // It asks for its primary again at once, and not after five seconds.
        cluster.set("wal_retrieve_retry_interval", "100ms");
        cluster.resume();
        cluster
    }

    /// Makes a standby a primary of its own.
    pub fn promote(&self) {
        let mut promote = self.programs.command("pg_ctl", &self.folder);
        promote.args(["promote", "--wait", "--silent", "--pgdata"]).arg(self.folder.data());
        must(&mut promote);
    }

    fn start_in(folder: Folder) -> Self {
        let programs = Programs::find();
        let guard = Guard::over(&folder);
        let password = folder.file("password", PASSWORD);
        let mut make = programs.command("initdb", &folder);
        make.arg("--pgdata").arg(folder.data()).arg("--pwfile").arg(password).args(["--username", USER]);
        make.args(["--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]);
        must(&mut make);
        let cluster = Self::over(programs, folder, guard);
        cluster.set("listen_addresses", "127.0.0.1");
        cluster.set("max_connections", "400");
        cluster.set("shared_buffers", "64MB");
        cluster.resume();
        cluster
    }

    /// Over data that is there, at a place and a port of its own.
    fn over(programs: Programs, folder: Folder, guard: Guard) -> Self {
        let cluster = Self {
            programs,
            folder,
            port: port::free(),
            databases: AtomicU32::new(0),
            templates: Mutex::default(),
            _guard: guard,
        };
        cluster.set("port", &cluster.port.to_string());
        cluster.set("unix_socket_directories", &cluster.folder.path().display().to_string());
        cluster
    }

    /// Changes a setting of `postgresql.conf`, which holds from the next start on.
    pub fn set(&self, setting: &str, value: &str) {
        self.folder.append("data/postgresql.conf", &format!("{setting} = '{}'\n", value.replace('\'', "''")));
    }

    /// Makes a file beside its data, which the cluster can read and nobody else.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        self.folder.file(name, text)
    }

    /// The address of a database that is here, or is not.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The data directory, as `PGDATA`.
    pub fn data(&self) -> PathBuf {
        self.folder.data()
    }

    /// An empty database.
    pub fn database(&self) -> Database {
        self.database_from("template0")
    }

    /// A copy of the database that `fill` fills when the first of this kind is asked for. `fill` is given its address, and
    /// leaves no connection behind.
    pub async fn database_like(&self, kind: &'static str, fill: impl AsyncFnOnce(&str)) -> Database {
        let template = format!("like_{kind}");
        let mut templates = self.templates.lock().await;
        if !templates.contains(kind) {
            self.sql("postgres", &format!("drop database if exists {template}"));
            self.sql("postgres", &format!("create database {template} template template0"));
            fill(&self.url(&template)).await;
            templates.insert(kind);
        }
        drop(templates);
        self.database_from(&template)
    }

    fn database_from(&self, template: &str) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name} template {template}"));
        let url = self.url(&name);
        Database { name, url }
    }

    /// What `psql` prints for these statements: a line for each row, columns apart by `|`.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = self.programs.command("psql", &self.folder);
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        psql.arg("--host").arg(self.folder.path()).args(["--port", &self.port.to_string(), "--username", USER]);
        psql.args(["--dbname", database, "--command", statements]);
        must(&mut psql)
    }

    /// Transactions in a second that `pgbench` does over so many connections with this script, each prepared once.
    ///
    /// # Panics
    /// It tells no rate.
    pub fn pgbench(&self, database: &str, script: &str, connections: usize, seconds: u32) -> f64 {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let script = self.folder.file(&format!("pgbench-{number}.sql"), script);
        let mut bench = self.programs.command("pgbench", &self.folder);
        bench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--host=127.0.0.1", "--username", USER]);
        bench.arg(format!("--port={}", self.port)).arg(format!("--client={connections}"));
        bench.arg(format!("--time={seconds}")).arg("--file").arg(script).arg(database).env("PGPASSWORD", PASSWORD);
        let told = must(&mut bench);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rate| rate.split_whitespace().next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("pgbench tells no rate: {told}"))
    }

    /// Stops it in order; connections are cut.
    pub fn stop(&self) {
        let mut stop = self.programs.command("pg_ctl", &self.folder);
        stop.args(["stop", "--mode=fast", "--wait", "--pgdata"]).arg(self.folder.data());
        must(&mut stop);
    }

    /// Kills it as a loss of power would, but for what the system still writes.
    ///
    /// # Panics
    /// It does not run.
    pub fn kill(&self) {
        let Some(process) = self.process() else { panic!("the cluster does not run") };
        must(std::process::Command::new("kill").args(["-KILL", &process]));
        let start = Instant::now();
        while fs::exists(format!("/proc/{process}")).unwrap_or(false) {
            assert!(start.elapsed() < PATIENCE, "the cluster does not die");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again after it was stopped or killed.
    ///
    /// # Panics
    /// It does not start.
    pub fn resume(&self) {
        let log = self.folder.path().join("log");
        let start = Instant::now();
        loop {
            let mut command = self.programs.command("pg_ctl", &self.folder);
            command.args(["start", "--wait", "--silent", "--pgdata"]).arg(self.folder.data()).arg("--log").arg(&log);
            match run(&mut command) {
                Ok(_) => return,
                // After a kill its children need a moment to see that they are alone.
                Err(_) if start.elapsed() < PATIENCE / 2 => thread::sleep(Duration::from_millis(100)),
                Err(why) => panic!("{why}\n{}", fs::read_to_string(&log).unwrap_or_default()),
            }
        }
    }

    /// Takes what room there is on a small disk, but for a little.
    ///
    /// # Panics
    /// The file that takes it can't be made.
    pub fn fill(&self) {
        self.folder.fill();
    }

    /// Gives back what [`Cluster::fill`] took, and starts the cluster again if it has ended.
    pub fn make_room(&self) {
        self.folder.make_room();
        let mut status = self.programs.command("pg_ctl", &self.folder);
        if run(status.args(["status", "--pgdata"]).arg(self.folder.data())).is_err() {
            self.resume();
        }
    }

    /// What the cluster has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The number of its first process, while it runs.
    fn process(&self) -> Option<String> {
        let file = fs::read_to_string(self.folder.data().join("postmaster.pid")).ok()?;
        file.lines().next().map(str::to_owned)
    }
}
