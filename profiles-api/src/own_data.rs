//! One's own data: taking it away, and having it erased.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{LoginSession, Profile, Status};

/// Erases the account that the login belongs to, with everything in it.
///
/// `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct DeleteAccountRequest {
    /// The account's password.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub password: String,
}

impl fmt::Debug for DeleteAccountRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeleteAccountRequest { .. }")
    }
}

/// Everything that is held about an account: the answer to its export, which a server sends in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccountExport {
    /// When it was read.
    pub exported_at: String,
    /// The account.
    pub user: ExportedUser,
    /// Its profile.
    pub profile: Profile,
    /// Its logins and personal tokens. Their keys are not held by anybody.
    pub sessions: Vec<LoginSession>,
    /// The parts of the internet that it logged in from.
    pub networks: Vec<KnownNetwork>,
    /// Mails to it that wait, or that could not be sent.
    pub mails: Vec<WaitingMail>,
    /// Its statuses, oldest first.
    pub statuses: Vec<Status>,
    /// What the audit trail says of it, oldest first.
    pub audit: Vec<AuditLine>,
}

/// An account as its export has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExportedUser {
    /// Number of the account.
    pub pk: u64,
    /// The name.
    pub username: String,
    /// The e-mail address; empty if there is none.
    pub email: String,
    /// Whether the address was confirmed.
    pub email_verified: bool,
    /// Given name; may be empty.
    pub first_name: String,
    /// Family name; may be empty.
    pub last_name: String,
    /// May moderate what others wrote.
    pub is_staff: bool,
    /// When it was made.
    pub date_joined: String,
    /// When it last logged in.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_login: Option<String>,
}

/// A part of the internet that somebody logged in from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct KnownNetwork {
    /// The addresses, as `203.0.113.0/24`.
    pub network: String,
    /// When somebody last logged in from there.
    pub last_seen_at: String,
}

/// A mail that waits, or that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WaitingMail {
    /// Its number.
    pub id: u64,
    /// What it is about: `confirm_email`, `reset_password`, ...
    pub kind: String,
    /// Where it goes.
    pub to: String,
    /// Since when.
    pub queued_at: String,
}

/// A line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditLine {
    /// Its number.
    pub id: u64,
    /// When, UTC.
    pub at: String,
    /// What was done, or tried: `login`, `password-change`, ...
    pub event: String,
    /// What came of it: `done`, `refused` or `throttled`.
    pub outcome: String,
    /// Who did it: `anonymous`, `operator`, or `account 7`.
    pub actor: String,
    /// Number of the account that it was done to.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub account: Option<u64>,
    /// Number of the token, profile or status that it was done to.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub object: Option<u64>,
    /// Address that it came from.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub address: Option<String>,
    /// What the client said it is.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub agent: Option<String>,
    /// The request's name in the server's log.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub request_id: Option<String>,
}

#[cfg(feature = "openapi")]
impl poem_openapi::types::Example for DeleteAccountRequest {
    fn example() -> Self {
        Self { password: "correct horse battery".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let shown = format!("{:?}", DeleteAccountRequest { password: "s3cret".into() });
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
