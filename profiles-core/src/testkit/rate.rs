//! How fast something is.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

/// Makes these calls from so many tasks, one after another in each, for so long; answers how many were done in a second. For
/// benches, which compare two such figures of one run.
///
/// # Errors
/// The first error that a call ends with.
pub async fn calls_a_second<Call>(
    callers: usize,
    while_: Duration,
    call: impl Fn() -> Call + Clone + Send + 'static,
) -> Result<f64, Box<dyn Error + Send + Sync>>
where
    Call: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let started = Instant::now();
    let mut tasks = JoinSet::<Result<u32, Box<dyn Error + Send + Sync>>>::new();
    for _ in 0..callers {
        let call = call.clone();
        tasks.spawn(async move {
            let mut done = 0;
            while started.elapsed() < while_ {
                call().await?;
                done += 1;
            }
            Ok(done)
        });
    }
    let mut done = 0;
    while let Some(count) = tasks.join_next().await {
        done += count??;
    }
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}
