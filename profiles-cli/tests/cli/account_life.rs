//! The life of an account, with a server that answers as a test wants it: what is sent, and what is said and kept.

mod emails;
mod own_data;
mod passwords;
#[cfg(unix)]
mod prompts;
mod sessions;
mod tokens;
