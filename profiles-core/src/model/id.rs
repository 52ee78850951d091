//! Numbers that name things.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number. Stores number their rows from 1.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number that clients see.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// An account: Django's `user.pk`.
    AccountId
}
id! {
    /// A profile. Not always the number of its account: a Django database may have given them apart.
    ProfileId
}
id! {
    /// A status.
    StatusId
}
id! {
    /// A token, session or personal token.
    TokenId
}
id! {
    /// A line of the audit trail.
    AuditId
}
id! {
    /// A mail that waits in the outbox.
    OutboxId
}
id! {
    /// How many times a row has been written, from 1. An update that names an older one is stale.
    Revision
}

impl Revision {
    /// Of a row that was just made.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
