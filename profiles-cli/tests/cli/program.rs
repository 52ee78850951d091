//! Runs `profiles` apart from the user's own settings.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The program with a config folder of its own.
pub(crate) struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What came of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    pub(crate) fn for_server(url: &str) -> Self {
        Self::new().with("PROFILES_URL", url)
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the token for the server of this program is kept.
    pub(crate) fn token_file(&self) -> PathBuf {
        let (_, url) = self.variables.iter().find(|(variable, _)| variable == "PROFILES_URL").unwrap();
        self.folder().join("tokens").join(format!("{url}/").replace(':', "%3A").replace('/', "%2F"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_profiles"));
        command
            .env_clear()
            .env("PROFILES_CONFIG_DIR", self.folder.path())
            .envs(self.variables.iter().map(|(variable, value)| (variable, value)))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input is free to close it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }
}

impl Run {
    /// What it printed. Fails unless it did what was asked, without a word on standard error.
    pub(crate) fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// What it said on standard error. Fails unless it failed with this code, and printed nothing else.
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.err
    }

    /// The JSON document that it printed. Fails as [`Self::done`] does, or if it is not one line.
    pub(crate) fn json(self) -> Value {
        one_line(&self.done())
    }

    /// The JSON document that it failed with.
    pub(crate) fn failed_json(self, code: i32) -> Value {
        let document = one_line(&self.failed(code));
        assert_eq!(document["error"]["exit_code"], code, "{document}");
        document["error"].clone()
    }
}

fn one_line(text: &str) -> Value {
    assert_eq!(text.matches('\n').count(), 1, "{text:?}");
    serde_json::from_str(text).unwrap()
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
