//! The store in memory has the behaviour of every store.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use profiles_core::store::{MemoryStore, Store};

fn open() -> Ready<(Arc<dyn Store>, ())> {
    ready((Arc::new(MemoryStore::new()), ()))
}

profiles_core::store_conformance!(open());
