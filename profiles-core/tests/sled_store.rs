//! The store over sled has the behaviour of every store.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use profiles_core::store::{
    Store,
    sled::{SledConfig, SledStore},
};
use tempfile::TempDir;

/// In a directory that goes away with the test.
fn open() -> Ready<(Arc<dyn Store>, TempDir)> {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SledStore::open(SledConfig::new(directory.path())).expect("a store");
    ready((Arc::new(store), directory))
}

profiles_core::store_conformance!(open());
