//! The store over sled has the behaviour of every store.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use profiles_core::{
    store::{
        Store,
        sled::{SledConfig, SledStore},
    },
    testkit::model,
};
use tempfile::TempDir;

/// In a directory that goes away with the test.
fn open() -> Ready<(Arc<dyn Store>, TempDir)> {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SledStore::open(SledConfig::new(directory.path())).expect("a store");
    ready((Arc::new(store), directory))
}

profiles_core::store_conformance!(open());

/// How many lists of random commands; each opens a database of its own.
const CASES: u32 = 128;

#[test]
fn random_commands_have_the_memory_stores_answers() {
    model::against_memory(CASES, open);
}
