//! The real program over an empty database, for benches that ask it.

#[allow(dead_code, clippy::allow_attributes, reason = "each bench uses a part")]
pub(crate) mod load;

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::Result;

pub(crate) struct Program {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    _directory: TempDir,
}

impl Program {
    /// Starts it with these flags, and waits until it takes connections.
    pub(crate) async fn start(flags: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let child = Command::new(env!("CARGO_BIN_EXE_profiles-server"))
            .args(["serve", "--bind", &address])
            .args(flags)
            .arg("--data-dir")
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()?;
        let program = Self { child, address, _directory: directory };
        let started = Instant::now();
        while TcpStream::connect(&program.address).await.is_err() {
            if started.elapsed() > Duration::from_secs(10) {
                return Err("the server does not start".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(program)
    }

    /// Resident memory in KiB.
    #[allow(dead_code, clippy::allow_attributes, reason = "not every bench asks")]
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
