//! PostgreSQL's programs: where they are, and who runs them.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::folder::Folder;

/// Names a folder of programs to use instead of the newest that is found.
const VARIABLE: &str = "TEST_POSTGRES_BIN";

/// The folder with `initdb`, `pg_ctl`, `postgres` and `psql`.
#[derive(Clone, Debug)]
pub(crate) struct Programs(PathBuf);

impl Programs {
    /// The newest of Debian's, or those on the path.
    pub(crate) fn find() -> Self {
        let named = env::var_os(VARIABLE).map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let mut candidates: Vec<PathBuf> = match named {
            Some(folder) => vec![folder],
            None => debian().into_iter().chain(env::split_paths(&path)).collect(),
        };
        candidates.retain(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists());
        let Some(folder) = candidates.into_iter().next() else {
            panic!(
                "this test needs PostgreSQL, and neither /usr/lib/postgresql nor the path has initdb: \
                 `apt-get install postgresql`, or name the folder of its programs with {VARIABLE}"
            );
        };
        Self(folder)
    }

    /// A program, run by who owns the cluster: it does not work for root.
    pub(crate) fn command(&self, program: &str, folder: &Folder) -> Command {
        let mut command = Command::new(self.0.join(program));
        // What is set for other databases is not meant here.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.current_dir(folder.path()).stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some((user, group)) = folder.owner() {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Debian keeps each version in a folder of its own; the newest comes first.
fn debian() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()));
    let mut versions: Vec<_> = entries.filter_map(version).collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path.join("bin")).collect()
}

/// What a program prints, or why it fails.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("{}: {}{}", command.get_program().display(), text(&output.stdout), text(&output.stderr)))
}

/// As [`run`], for what has to work.
pub(crate) fn must(command: &mut Command) -> String {
    match run(command) {
        Ok(text) => text,
        Err(why) => panic!("{why}"),
    }
}
