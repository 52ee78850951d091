//! The property test: the same commands have the same answers on every store.
//!
//! [`against_memory`] is the whole of it; [`play`] and [`commands`] are its parts, for other pairs of stores and for
//! commands that once found something.

mod answer;
mod closing;
mod command;
mod material;
mod play;
mod strategy;

use std::sync::Arc;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

pub use self::{
    command::Command,
    material::{Checked, Expected, Key, Login, MailAttempt, Outcome, Registration, Renewal, Token},
    play::{Difference, play},
    strategy::commands,
};
use crate::store::{MemoryStore, Store};

/// Plays `cases` random lists of commands on [`MemoryStore`] and on stores that `open` opens, each with a new one;
/// panics with the shortest list that it finds to make a difference.
///
/// `open` gives an empty store, and something to be kept while it is used, such as a temporary folder. It runs inside
/// a tokio runtime of its own, so this must not be called from async code.
pub fn against_memory<Opened, Keep>(cases: u32, open: impl Fn() -> Opened)
where
    Opened: Future<Output = (Arc<dyn Store>, Keep)>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the system gives a test its threads");
    // A list that failed is kept as a test that names what it found, not as a seed in a file.
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    let outcome = runner.run(&commands(), |commands| {
        runtime
            .block_on(async {
                let (store, _keep) = open().await;
                play(&commands, &MemoryStore::new(), &*store).await
            })
            .map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
