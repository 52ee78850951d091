//! What a user sees of the real server.

mod accounts;
mod deployments;
mod emails;
mod lists;
mod own_data;
mod passwords;
mod profiles;
mod refusals;
mod retrying;
mod sessions;
mod statuses;
mod tokens;
mod watching;
