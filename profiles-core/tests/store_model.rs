//! Random commands have the same answers on every store.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use profiles_core::{
    store::{MemoryStore, Store},
    testkit::model,
};

/// How many lists of commands; each opens a store of its own.
const CASES: u32 = 256;

fn memory() -> Ready<(Arc<dyn Store>, ())> {
    ready((Arc::new(MemoryStore::new()), ()))
}

/// The model gives the same answers twice: nothing in it depends on chance or on the time.
#[test]
fn the_memory_store_answers_as_itself() {
    model::against_memory(CASES, memory);
}
