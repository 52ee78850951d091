//! HTTP.

pub mod acceptor;
