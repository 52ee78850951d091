//! An idle pool holds no memory. Alone in its file, because the figure is that of the whole process.
#![cfg(target_os = "linux")]

use std::{
    error::Error,
    fs,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use profiles_core::{
    env::SystemEntropy,
    password::{Argon2Config, Argon2Pool, PasswordHasher},
};

/// Memory of this process that belongs to no file, in KiB.
fn anonymous_memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[tokio::test]
async fn memory_is_taken_for_work_and_given_back_every_time() -> Result<(), Box<dyn Error>> {
    let config = Argon2Config::default()
        .with_threads(NonZeroUsize::new(2).ok_or("zero")?)
        .with_idle_release(Duration::from_millis(500));
    let pool = Argon2Pool::new(config, Arc::new(SystemEntropy));
    let hash = || async { pool.hash("difference engine".into()).await };
    let before = anonymous_memory()?;
    // More than once: allocators learn from the first time, and may keep what they gave back then.
    for round in 1..=3 {
        tokio::try_join!(hash(), hash(), hash(), hash())?;
        let busy = anonymous_memory()?;
        assert!(busy >= before + 19 * 1024, "round {round}: {before} KiB before, {busy} KiB at work");
        let deadline = Instant::now() + Duration::from_secs(20);
        while anonymous_memory()? > before + 4 * 1024 {
            let idle = anonymous_memory()?;
            assert!(Instant::now() < deadline, "round {round}: {before} KiB before, {idle} KiB idle");
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}
