//! One's own data: taking it away, and having it erased.

use std::fmt;

use serde::{Deserialize, Serialize};

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
