//! A directory to run the program in, and a program that serves.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longer than anything takes that works.
pub(crate) const AGES: Duration = Duration::from_secs(30);

/// An empty directory, in which the program runs with nothing set.
pub(crate) struct Place(TempDir);

/// What a command that ended has said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The program with these arguments.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_profiles-server"));
        command.current_dir(self.0.path()).env_clear().args(arguments.split_whitespace());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.run_with(arguments, "")
    }

    /// Runs a command that ends by itself, with this on its standard input.
    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> Ended {
        let command = &mut self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that has failed already does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Serves on a free port, with these arguments too.
    pub(crate) fn serve(&self, arguments: &str) -> Serving {
        Serving::start(self.command(&format!("serve --bind 127.0.0.1:0 {arguments}")))
    }
}

/// A program that serves; killed at the end of the test, if it still runs.
pub(crate) struct Serving {
    child: Child,
    err: BufReader<ChildStderr>,
    /// Standard output: mails.
    pub(crate) out: BufReader<ChildStdout>,
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    /// The first line that it has printed.
    pub(crate) greeting: String,
}

impl Serving {
    /// Waits until it says where it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        // The log may have begun.
        while !greeting.starts_with("profiles-server: ") {
            greeting.clear();
            assert!(err.read_line(&mut greeting).unwrap() > 0, "it ended at once");
        }
        let address = greeting.split_once("listening on ").unwrap_or_else(|| panic!("{greeting}")).1;
        let address = address.split(';').next().unwrap().to_owned();
        Self { child, err, out, address, greeting }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(AGES)).unwrap();
        stream
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        self.send("", method, path, body)
    }

    /// The same with more lines in its head, each with its end.
    pub(crate) fn send(&self, head: &str, method: &str, path: &str, body: &str) -> String {
        let mut stream = self.connect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {head}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.id().to_string()]).status().unwrap().success());
    }

    /// SIGKILL: no warning, no time to finish anything. It is gone when this returns.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Reads the log up to a line with this text in it.
    pub(crate) fn log_until(&mut self, text: &str) -> String {
        let mut log = String::new();
        while !log.contains(text) {
            assert!(self.err.read_line(&mut log).unwrap() > 0, "it ended without {text:?}: {log}");
        }
        log
    }

    /// Waits for the end; answers how, and what it has logged.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < AGES, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut log = String::new();
        self.err.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
