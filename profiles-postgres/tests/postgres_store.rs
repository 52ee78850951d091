//! The store over PostgreSQL has the behaviour of every store.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::config;

use profiles_core::{store::Store, testkit::model};
use profiles_postgres::{PostgresStore, migrate};
use profiles_test_cluster::{Database, cluster};

/// In a database that goes away with the test.
async fn open() -> (Arc<dyn Store>, Database) {
    let database = cluster()
        .database_like("migrated", async |url| {
            migrate(&config(url)).await.expect("tables");
        })
        .await;
    let store = PostgresStore::open(config(&database.url)).await.expect("a store");
    (Arc::new(store), database)
}

profiles_core::store_conformance!(open());

/// How many lists of random commands; each has a database of its own.
const CASES: u32 = 64;

#[test]
fn random_commands_have_the_memory_stores_answers() {
    model::against_memory(CASES, open);
}
