//! The audit trail: what happened that matters for security.

use super::{AccountId, AuditId, Origin, Timestamp};

macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[ $( Self::$variant, )+ ];

            /// Its word, which never changes: it is what stores keep and tools search for.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The one with this word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What was done, or tried.
    pub enum AuditEvent {
        /// An account was registered, or made by an operator.
        Registration = "registration",
        /// A login.
        Login = "login",
        /// A logout.
        Logout = "logout",
        /// A new password, by the old login or by an operator.
        PasswordChange = "password-change",
        /// A mail was asked for that lets somebody choose a new password.
        PasswordResetRequest = "password-reset-request",
        /// A new password, by a mailed key.
        PasswordReset = "password-reset",
        /// An address was shown to be its owner's.
        EmailConfirmation = "email-confirmation",
        /// Another confirmation mail was asked for.
        ConfirmationRequest = "confirmation-request",
        /// A change of address was asked for.
        EmailChangeRequest = "email-change-request",
        /// The address was changed.
        EmailChange = "email-change",
        /// Details of an account changed: its name, or whether it is staff or active.
        AccountChange = "account-change",
        /// A personal token was made.
        TokenCreation = "token-creation",
        /// A login or a personal token was ended by its owner.
        TokenRevocation = "token-revocation",
        /// Everything held about an account was read out.
        Export = "export",
        /// An account was erased.
        Erasure = "erasure",
        /// Staff edited somebody's profile.
        ProfileEdit = "profile-edit",
        /// Staff edited somebody's status.
        StatusEdit = "status-edit",
        /// Staff deleted somebody's status.
        StatusDeletion = "status-deletion",
    }
}

words! {
    /// What came of it.
    pub enum AuditOutcome {
        /// It was done.
        Done = "done",
        /// It was refused: wrong credentials, a bad key.
        Refused = "refused",
        /// It was tried too often. Noted once for each wait, not for each try during it.
        Throttled = "throttled",
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditActor {
    /// Nobody we know, or somebody who did not log in for it.
    Anonymous,
    /// An account.
    Account(AccountId),
    /// An operator, by the command line of the server, or the program that this is embedded in.
    Operator,
}

/// A line of the trail, before it is kept. It holds no secret, and nothing that somebody typed: what is typed for a
/// username at a failed login is often a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditNote {
    /// What was done, or tried.
    pub event: AuditEvent,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// Who did it.
    pub actor: AuditActor,
    /// The account that it was done to; `None` if there is no such account.
    pub account: Option<AccountId>,
    /// Number of the token, profile or status that it was done to.
    pub object: Option<u64>,
    /// Where it came from.
    pub origin: Origin,
}

impl AuditNote {
    /// Whether it was done by this account, or to it.
    pub fn concerns(&self, account: AccountId) -> bool {
        self.account == Some(account) || self.actor == AuditActor::Account(account)
    }
}

/// A line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; lines are numbered in the order in which they were kept.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub note: AuditNote,
}

/// When something is written, and the line that the trail gets in the same step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Now.
    pub at: Timestamp,
    /// The line, if this is something that the trail tells of.
    pub audit: Option<AuditNote>,
}

impl From<Timestamp> for Stamp {
    fn from(at: Timestamp) -> Self {
        Self { at, audit: None }
    }
}
