//! What tests of stores and services need: the behaviour every store must have, values to try it with, a clock that
//! is moved by hand, randomness that repeats, and a store that fails on request.
//!
//! To test a store, name an async function that opens an empty one, in a file of its integration tests:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use profiles_core::store::{MemoryStore, Store};
//!
//! async fn open() -> (Arc<dyn Store>, ()) {
//!     (Arc::new(MemoryStore::new()), ())
//! }
//!
//! profiles_core::store_conformance!(open());
//! ```
//!
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is test code in a library: it tells what is wrong by panicking"
)]

mod clock;
pub mod conformance;
mod entropy;
mod failing;
pub mod fixture;
pub mod model;
mod rate;
mod refusal;
pub mod transfer;

pub use self::{
    clock::ManualClock,
    entropy::SeededEntropy,
    failing::{FailingStore, Failure},
    rate::calls_a_second,
    refusal::{Refusal, refusal},
};
