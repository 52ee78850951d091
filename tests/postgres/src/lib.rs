//! Nothing: the tests of this crate are those of `profiles-server`, run over PostgreSQL.
