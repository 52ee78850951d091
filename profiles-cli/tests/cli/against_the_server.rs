//! What a user sees of the real server.

mod accounts;
mod deployments;
mod lists;
mod profiles;
mod refusals;
mod statuses;
