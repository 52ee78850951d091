//! HTTP.

pub mod acceptor;
pub mod headers;
pub mod health;
pub mod trace;
