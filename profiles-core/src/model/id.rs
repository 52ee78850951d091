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
    /// A line of the log of changes.
    ChangeId
}
id! {
    /// How many times a row has been written, from 1. An update that names an older one is stale.
    Revision
}

impl AccountId {
    /// In base 36 with lower-case letters, as Django writes an account into a link for a new password.
    ///
    /// ```
    /// use profiles_core::model::AccountId;
    ///
    /// assert_eq!(AccountId::new(1234).to_base36(), "ya");
    /// assert_eq!(AccountId::from_base36("ya"), Some(AccountId::new(1234)));
    /// ```
    pub fn to_base36(self) -> String {
        let mut digits = Vec::new();
        let mut rest = self.0;
        loop {
            digits.extend(u32::try_from(rest % 36).ok().and_then(|digit| char::from_digit(digit, 36)));
            rest /= 36;
            if rest == 0 {
                return digits.iter().rev().collect();
            }
        }
    }

    /// Reads what [`AccountId::to_base36`] has written, in either case; `None` if it is something else.
    pub fn from_base36(text: &str) -> Option<Self> {
        // `from_str_radix` would take a sign.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        digits.then(|| u64::from_str_radix(text, 36).ok())?.map(Self)
    }
}

impl ChangeId {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_in_base_36_is_that_account_again() {
        for number in [0, 1, 35, 36, 1295, 1296, u64::MAX] {
            let text = AccountId::new(number).to_base36();
            assert_eq!(AccountId::from_base36(&text), Some(AccountId::new(number)), "{text}");
            assert_eq!(AccountId::from_base36(&text.to_uppercase()), Some(AccountId::new(number)), "{text}");
        }
        for bad in ["", "+1", "-1", " 1", "1 ", "1_0", "é", "3w5e11264sgsg", &"z".repeat(1000)] {
            assert_eq!(AccountId::from_base36(bad), None, "{bad}");
        }
    }
}
