//! `restore`.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use profiles_core::{
    Error, Piece,
    avatar::AvatarStore,
    store::{Store, StoreError},
};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{Failure, compact::compact_what_was_filled, complain, one_line, progress, say};
use crate::{
    app::{Database, StartError, place},
    config::Config,
    secret,
    transfer::{Counts, ReadError, Reader},
};

/// Pieces that wait to be taken.
const WAITING: usize = 4;

#[derive(Debug, Args)]
pub(super) struct RestoreCommand {
    /// The export, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Takes everything of an export into an empty database. No server may run meanwhile.
pub(super) async fn run(command: RestoreCommand, config: &Config) -> Result<(), Failure> {
    let RestoreCommand { file } = command;
    let unreadable = |error: ReadError| Failure::Input(format!("{} {error}", named(&file)));
    let input: Box<dyn BufRead + Send> = if file == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(&file).map_err(|error| unreadable(error.into()))?))
    };
    // What is not ours makes nothing.
    let reader = Reader::open(input).map_err(unreadable)?;
    let started = Instant::now();
    let database = Database::open(config).await?;
    let (store, avatars) = (database.store(), database.avatars(&config.storage)?);
    let restored = restore(reader, &store, &*avatars).await;
    let closed = store.close().await.map_err(Error::from);
    let counts = restored.map_err(|refused| match refused {
        Refused::File(error) => unreadable(error),
        Refused::Store(StoreError::NotEmpty) => {
            let advice = "restore into another, named by --data-dir or --database";
            Failure::Input(format!("the database in {} is not empty: {advice}", place(config)))
        }
        Refused::Store(StoreError::Unfit(what)) => {
            Failure::Input(format!("{} can't be restored ({what}); nothing of it was kept", named(&file)))
        }
        Refused::Store(other) => Failure::Core(other.into()),
    })?;
    closed?;
    let seconds = started.elapsed().as_secs_f64();
    say(&one_line(&format!("restored {counts} in {seconds:.1} s to {}", place(config))))?;
    if secret::stored(&config.storage).map_err(StartError::from)?.is_none() {
        let to = config.storage.secret_file();
        complain(&format!(
            "links in mails that were sent work with the old secret key alone: copy secret.key of the old data \
             directory to {}, before the first start makes another",
            to.display()
        ));
    }
    compact_what_was_filled(&database, config);
    Ok(())
}

/// Who refuses it.
enum Refused {
    File(ReadError),
    Store(StoreError),
}

async fn restore(
    reader: Reader<Box<dyn BufRead + Send>>,
    store: &Arc<dyn Store>,
    avatars: &dyn AvatarStore,
) -> Result<Counts, Refused> {
    let (to, pieces) = mpsc::channel::<Piece>(WAITING);
    let reading = spawn_blocking(move || reader.read(&to, progress()));
    let taken = profiles_core::restore(store, avatars, pieces).await;
    let read = reading.await.unwrap_or_else(|failure| Err(io::Error::other(failure).into()));
    match (read, taken) {
        // Who has stopped taking says why.
        (Err(ReadError::Stopped) | Ok(_), Err(error)) => Err(Refused::Store(error)),
        // What is cut short is not whole, which the store says in its way.
        (Err(error), _) => Err(Refused::File(error)),
        (Ok(counts), Ok(())) => Ok(counts),
    }
}

fn named(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}
