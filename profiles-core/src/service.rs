//! What an application asks of a [`Core`](crate::Core), one file per subject.

mod account;
mod login;
mod operator;
mod profile;
mod registration;
mod status;

pub use self::{
    account::AccountEdit,
    login::{Authentication, Credentials, Login},
    operator::NewAccount,
    profile::ProfileEditor,
    registration::{Registration, RegistrationOutcome},
    status::StatusEditor,
};

/// How often an update is tried again when somebody else wrote the row in between. Each attempt loses only to another
/// that won, so this is met only by hundreds of writers of one row.
const ATTEMPTS: usize = 64;
