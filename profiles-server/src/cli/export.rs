//! `export`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    process,
    time::Instant,
};

use clap::Args;

use super::{Failure, check::is_unmade, complain, progress, say};
use crate::{
    config::{Config, Storage},
    operator::{Operator, OperatorError, transfer::Export},
    transfer::{Counts, WriteError, write},
};

#[derive(Debug, Args)]
pub(super) struct ExportCommand {
    /// File to write, readable by its owner alone. Without it, to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there already.
    #[arg(long, requires = "output")]
    force: bool,
}

/// Writes everything that is held, of one moment. A server that runs lends a hand.
pub(super) async fn run(command: ExportCommand, config: &Config) -> Result<(), Failure> {
    let ExportCommand { output, force } = command;
    let storage = &config.storage;
    if config.database.url.is_none() && is_unmade(storage) {
        let data_dir = storage.data_dir.display();
        return Err(Failure::Input(format!("there is no database in {data_dir}: name its directory with --data-dir")));
    }
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::Input("an export is not for a terminal: name a file with --output, or a pipe".to_owned()));
    }
    let draft = output.map(|path| Draft::begin(path, force)).transpose()?;
    let started = Instant::now();
    let operator = Operator::connect(config).await?;
    let written = match &draft {
        Some(draft) => draft.file.try_clone().map_err(|error| draft.failed(&error))?,
        None => File::from(io::stdout().as_fd().try_clone_to_owned()?),
    };
    let written = export(&operator, storage, written).await;
    let closed = operator.close().await;
    let counts = written?;
    closed?;
    let seconds = started.elapsed().as_secs_f64();
    let told = format!("exported {counts} in {seconds:.1} s");
    let secret = if storage.secret_key.is_some() { "the secret_key that is set" } else { "secret.key" };
    let apart = format!("{secret} is not in it: keep that apart");
    if let Some(draft) = draft {
        let path = draft.keep()?;
        say(&super::one_line(&format!("{told} to {}; {apart}", path.display())))
    } else {
        complain(&format!("{told}; {apart}"));
        Ok(())
    }
}

async fn export(operator: &Operator, storage: &Storage, mut out: File) -> Result<Counts, Failure> {
    let Some(core) = operator.core() else {
        let spool = Spool(spool(storage)?);
        let counts = operator.ask(Export { file: spool.0.clone() }).await?;
        let mut file = File::open(&spool.0)?;
        tokio::task::spawn_blocking(move || io::copy(&mut file, &mut out)).await.map_err(io::Error::other)??;
        return Ok(counts);
    };
    write(core, out, progress()).await.map_err(|error| match error {
        // Whoever closed the pipe has enough, as with every command.
        WriteError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Failure::Io(error),
        WriteError::Io(_) => Failure::Input(error.to_string()),
        WriteError::Core(error) => Failure::Core(error),
    })
}

/// Where a running server writes: a place that is its own, and that both know.
fn spool(storage: &Storage) -> Result<PathBuf, Failure> {
    let refused = |error| Failure::Operator(OperatorError::Refused(format!("{}: {error}", storage.data_dir.display())));
    let data_dir = storage.data_dir.canonicalize().map_err(refused)?;
    Ok(data_dir.join(format!("export-{}.unfinished", process::id())))
}

/// A file that goes with this value.
struct Spool(PathBuf);

impl Drop for Spool {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = fs::remove_file(&self.0);
    }
}

/// A file that is being written, under another name beside its own (mode 0600 from the start). It goes if it is not kept.
struct Draft {
    file: File,
    unfinished: Spool,
    path: PathBuf,
    force: bool,
}

impl Draft {
    fn begin(path: PathBuf, force: bool) -> Result<Self, Failure> {
        match fs::symlink_metadata(&path) {
            Ok(there) if !there.is_file() => {
                return Err(Failure::Input(format!("{} is there already, and is no ordinary file", path.display())));
            }
            Ok(_) if !force => return Err(taken(&path)),
            _ => {}
        }
        let mut name = path.clone().into_os_string();
        name.push(format!(".{}.unfinished", process::id()));
        let draft = PathBuf::from(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.map_err(|error| Failure::Input(format!("{} can't be written: {error}", path.display())))?;
        Ok(Self { file, unfinished: Spool(draft), path, force })
    }

    /// Puts it on the disk, and under its name.
    fn keep(self) -> Result<PathBuf, Failure> {
        let keep = || {
            self.file.sync_all()?;
            if self.force {
                fs::rename(&self.unfinished.0, &self.path)?;
            } else {
                // A link replaces nothing, where a new name would.
                fs::hard_link(&self.unfinished.0, &self.path)?;
            }
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        match keep() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(&self.path)),
            Err(error) => Err(self.failed(&error)),
            Ok(()) => Ok(self.path),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::Input(format!("{} can't be written: {error}", self.path.display()))
    }
}

fn taken(path: &Path) -> Failure {
    Failure::Input(format!("{} is there already: choose another name, or replace it with --force", path.display()))
}
