//! What the store over sled does in a second, beside what its disk allows.
//!
//! `cargo bench -p profiles-core --bench store` takes about ten seconds. Writes are status posts that are durable when
//! they return; beside them, in the same run, stands a loop that appends as many bytes to a plain file and syncs it
//! once for all who wait: nothing durable can be faster on this disk. `PROFILES_BENCH_DIR` names another disk.

use std::{
    env,
    error::Error,
    fs::File,
    hint::black_box,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use profiles_core::{
    model::AccountId,
    store::{
        Accounts as _, Maintenance as _, Profiles as _, Register, Statuses as _, Tokens as _,
        sled::{SledConfig, SledStore},
    },
    testkit::{calls_a_second, fixture},
};
use tokio::sync::oneshot;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long each figure is measured.
const WHILE: Duration = Duration::from_millis(800);
/// About what a status costs in keys and values.
const ROW: usize = 200;
/// As in the store's writer.
const GROUP: usize = 512;

fn main() -> Outcome {
    // `cargo test --all-targets` runs benches too, to see that they start.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let parent = env::var_os("PROFILES_BENCH_DIR").map_or(PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let directory = tempfile::tempdir_in(parent)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    runtime.block_on(measure(directory.path()))
}

async fn measure(directory: &Path) -> Outcome {
    let started = Instant::now();
    let store = Arc::new(SledStore::open(SledConfig::new(directory.join("store")))?);
    println!("an empty store opens in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let tokens = vec![fixture::token("token")];
    let account = store.register(Register { tokens, ..fixture::register("ada") }).await?.account.id;

    println!("{:>8} {:>14} {:>22} {:>6}", "callers", "posts/s", "append + fdatasync/s", "ratio");
    for callers in [1, 16, 64, 128] {
        let raw = raw(&directory.join("raw"), callers).await?;
        let posts = posts(&store, account, callers).await?;
        println!("{callers:>8} {posts:>14.0} {raw:>22.0} {:>6.2}", posts / raw);
    }
    for readers in [1, 2] {
        reads(&store, account, readers).await?;
    }
    store.close().await?;
    Ok(())
}

/// Durable posts in a second, by so many callers at a time.
async fn posts(store: &Arc<SledStore>, account: AccountId, callers: usize) -> Outcome<f64> {
    let store = Arc::clone(store);
    calls_a_second(callers, WHILE, move || {
        let store = Arc::clone(&store);
        async move {
            store.post_status(account, fixture::text(&"x".repeat(140)), fixture::NOW).await?;
            Ok(())
        }
    })
    .await
}

/// The same for rows that are appended to a file by one thread, which syncs once for all who wait.
async fn raw(path: &Path, callers: usize) -> Outcome<f64> {
    let mut file = File::options().create(true).append(true).open(path)?;
    let (sender, jobs) = mpsc::sync_channel::<oneshot::Sender<()>>(1024);
    let writer = thread::spawn(move || -> std::io::Result<()> {
        while let Ok(first) = jobs.recv() {
            let group: Vec<_> = std::iter::once(first).chain(jobs.try_iter()).take(GROUP).collect();
            file.write_all(&vec![b'x'; ROW * group.len()])?;
            file.sync_data()?;
            for waiting in group {
                let _ = waiting.send(());
            }
        }
        Ok(())
    });
    let rate = calls_a_second(callers, WHILE, move || {
        let sender = sender.clone();
        async move {
            let (done, wait) = oneshot::channel();
            sender.try_send(done)?;
            Ok(wait.await?)
        }
    })
    .await;
    // The senders are gone with their callers, so the writer ends.
    writer.join().map_err(|_| "the raw writer panicked")??;
    rate
}

/// Point reads in a second, of each kind.
async fn reads(store: &Arc<SledStore>, account: AccountId, readers: usize) -> Outcome {
    let digest = fixture::digest("token");
    let (authenticating, showing) = (Arc::clone(store), Arc::clone(store));
    let principals = calls_a_second(readers, WHILE, move || {
        let store = Arc::clone(&authenticating);
        async move {
            black_box(store.principal(&digest, fixture::NOW).await?);
            Ok(())
        }
    });
    let principals = principals.await?;
    let profiles = calls_a_second(readers, WHILE, move || {
        let store = Arc::clone(&showing);
        async move {
            black_box(store.profile_of(account).await?);
            Ok(())
        }
    });
    let profiles = profiles.await?;
    println!("{readers} readers: {principals:.0} principals/s, {profiles:.0} profiles/s");
    Ok(())
}
