//! A process that is killed in the middle of writing keeps what it said it had kept.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    io::{BufRead as _, BufReader, Write as _, stdout},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use profiles_core::{
    store::{
        Accounts as _, Maintenance as _, Slice, Start, StatusFilter, StatusOrder, Statuses as _,
        sled::{SledConfig, SledStore},
    },
    testkit::fixture,
};
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Tells this test, when it has started itself, to be the process that is killed.
const DIRECTORY: &str = "PROFILES_CRASH_TEST_DIRECTORY";
const SELF: &str = "what_was_acknowledged_outlives_a_kill";
const WRITERS: usize = 16;
const ROUNDS: u64 = 5;

#[test]
fn what_was_acknowledged_outlives_a_kill() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    match env::var_os(DIRECTORY) {
        Some(directory) => runtime.block_on(write_for_ever(Path::new(&directory))),
        None => runtime.block_on(kill_and_look()),
    }
}

/// Posts, and says what was kept, until somebody ends it.
async fn write_for_ever(directory: &Path) -> Outcome {
    let store = Arc::new(SledStore::open(SledConfig::new(directory))?);
    let ada = fixture::username("ada");
    let account = match store.account_by_username(&ada.key()).await? {
        Some(account) => account.id,
        None => store.register(fixture::register("ada")).await?.account.id,
    };
    let mut writers = JoinSet::<Outcome>::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            loop {
                let status = store.post_status(account, fixture::text("kept"), fixture::NOW).await?;
                writeln!(stdout(), "kept {}", status.id)?;
            }
        });
    }
    writers.join_next().await.ok_or("no writer")??
}

async fn kill_and_look() -> Outcome {
    let directory = tempfile::tempdir()?;
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos();
    let mut kept = BTreeSet::new();
    for round in 0..ROUNDS {
        // Anywhere in the first or in the thousandth group.
        let moment = (u64::from(nanos) / (round + 1)) % 2_000 + 1;
        kept.extend(write_until_killed(directory.path(), usize::try_from(moment)?)?);

        let store = SledStore::open(SledConfig::new(directory.path()))?;
        assert!(store.opened_unclean(), "the kill was noticed");
        assert_eq!(store.verify().await?, [], "round {round}, killed after {moment} writes");
        let all = Slice { start: Start::Skip(0), limit: usize::MAX };
        let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await?.rows;
        let there: BTreeSet<u64> = rows.iter().map(|row| row.id.get()).collect();
        let lost: Vec<_> = kept.difference(&there).collect();
        assert!(lost.is_empty(), "round {round}, killed after {moment} writes: {lost:?} are gone");
        store.close().await?;
    }
    assert!(kept.len() >= usize::try_from(ROUNDS)?);
    Ok(())
}

/// Starts the writing process and kills it (SIGKILL) when it has said so often that it kept something. Answers all that
/// it said, the last words in the pipe included.
fn write_until_killed(directory: &Path, moment: usize) -> Outcome<Vec<u64>> {
    let mut writer = Command::new(env::current_exe()?)
        .args(["--exact", SELF, "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut kept = Vec::new();
    for line in BufReader::new(writer.stdout.take().ok_or("no pipe")?).lines() {
        // Among it are the test harness's own words.
        if let Some(id) = line?.strip_prefix("kept ") {
            kept.push(id.parse()?);
        }
        if kept.len() == moment {
            writer.kill()?;
        }
    }
    let status = writer.wait()?;
    if kept.len() < moment {
        return Err(format!("the writer ended by itself, {status}").into());
    }
    Ok(kept)
}
