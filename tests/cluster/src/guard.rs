//! What is left when a test ends, by whatever: nothing.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::folder::Folder;

/// Reads until its other end is gone, which the system sees to though we be killed; then ends the cluster and removes it.
const SCRIPT: &str = r#"
cat >/dev/null
pid="$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)"
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
  tries=200
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -gt 0 ]; do sleep 0.05; tries=$((tries - 1)); done
  kill -KILL "$pid" 2>/dev/null
fi
mountpoint -q "$1" && umount -l "$1"
rm -rf "$1"
"#;

/// A process beside ours.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    pub(crate) fn over(folder: &Folder) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "guard"]).arg(folder.path()).current_dir("/");
        // In a group of its own: a ^C at the terminal is for the test, and not for who cleans up behind it.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = shell.spawn().unwrap_or_else(|error| panic!("no shell: {error}"));
        let pipe = child.stdin.take();
        Self { child, pipe }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // It ends by itself now.
        let _ = self.child.wait();
    }
}
