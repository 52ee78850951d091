//! A store of one's own: here one that hands every call on to another, and counts and tells of the writes.
//!
//! `cargo run -p profiles-examples --bin custom_store`. The tests of this file run the behaviour suite that every store
//! has to pass: `cargo test -p profiles-examples --bin custom_store`.
#![forbid(unsafe_code)]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use profiles_core::{
    Core, Registration,
    store::{Delegate, MemoryStore, Result, Store},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A core takes any store; it does not know which it has.
    let store = Arc::new(CountingStore::new(Arc::new(MemoryStore::new())));
    let core = Core::builder(Arc::clone(&store) as Arc<dyn Store>).build()?;
    for _ in 0..2 {
        let form = Registration::parse("ada", "ada@example.org", "tulip-tango-9", "tulip-tango-9");
        if let Err(refusal) = core.register(form).await {
            println!("not registered: {refusal}");
        }
    }
    println!("{} writes were done", store.writes());
    Ok(())
}

/// Hands every call on, and counts the writes that were done.
struct CountingStore {
    inner: Arc<dyn Store>,
    writes: AtomicU64,
}

impl CountingStore {
    fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, writes: AtomicU64::new(0) }
    }

    /// How many writes were done.
    fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

/// A store is whatever has the parts of [`Store`], and what each method promises stands at the traits: no method reads a
/// clock, hashes or decides a permission. This one has all of its parts from another store.
impl Delegate for CountingStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    /// Does a write and tells of it.
    async fn write<T: Send>(&self, method: &'static str, write: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let answer = write.await;
        match &answer {
            Ok(_) => {
                self.writes.fetch_add(1, Ordering::Relaxed);
                println!("{method}: done");
            }
            Err(error) => println!("{method}: {error}"),
        }
        answer
    }
}

/// The suite: one test for each promise, each over a new and empty store, and each ending in `verify`.
#[cfg(test)]
mod conformance {
    use std::{
        future::{Ready, ready},
        sync::Arc,
    };

    use profiles_core::store::{MemoryStore, Store};

    use super::CountingStore;

    /// The store, and what has to live as long as it does: a folder, say, or a database. This one needs nothing.
    fn open() -> Ready<(Arc<dyn Store>, ())> {
        ready((Arc::new(CountingStore::new(Arc::new(MemoryStore::new()))), ()))
    }

    profiles_core::store_conformance!(open());
}
