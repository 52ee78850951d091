//! E-mail addresses: confirming one, and changing it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Confirms an address, with the key that was mailed to it: the one of a registration, or a new one.
///
/// `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct VerifyEmailRequest {
    /// The key in the mailed link. It works once, and not for long.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub key: String,
}

impl fmt::Debug for VerifyEmailRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyEmailRequest { .. }")
    }
}

/// Asks for the confirmation mail again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct ResendEmailRequest {
    /// The address to confirm. The answer is the same whether it waits to be confirmed or not.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub email: String,
}

/// Gives the account another address, which takes the old one's place once it is confirmed.
///
/// `Debug` shows no password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct EmailChangeRequest {
    /// The new address, at most 254 characters. The confirmation mail goes there.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub email: String,
    /// The account's password.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1)))]
    pub password: String,
}

impl fmt::Debug for EmailChangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, password: _ } = self;
        f.debug_struct("EmailChangeRequest").field("email", email).finish_non_exhaustive()
    }
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{EmailChangeRequest, ResendEmailRequest, VerifyEmailRequest};

    impl Example for VerifyEmailRequest {
        fn example() -> Self {
            Self { key: "mzxw6ytboi5gk43umvzwk3tdmvzxgzlo".into() }
        }
    }

    impl Example for ResendEmailRequest {
        fn example() -> Self {
            Self { email: "ada@example.org".into() }
        }
    }

    impl Example for EmailChangeRequest {
        fn example() -> Self {
            Self { email: "ada@example.com".into(), password: "correct horse battery".into() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let verify = VerifyEmailRequest { key: "s3cret-one".into() };
        let change = EmailChangeRequest { email: "ada@example.org".into(), password: "s3cret-two".into() };
        let shown = format!("{verify:?} {change:?}");
        assert!(shown.contains("ada@example.org") && !shown.contains("s3cret"), "{shown}");
    }
}
