//! `profiles email`

use clap::{Subcommand, ValueHint, builder::NonEmptyStringValueParser};

use super::manual::after_help;

/// What to do with an e-mail address.
#[derive(Debug, Subcommand)]
pub(crate) enum Email {
    /// Confirm an address with the mailed link
    #[command(after_help = after_help("profiles email verify"))]
    Verify {
        /// The link in the mail, or the key that is its last part
        #[arg(value_name = "LINK|KEY", value_hint = ValueHint::Url, value_parser = NonEmptyStringValueParser::new())]
        link: Option<String>,
    },
    /// Have the mail to confirm an address sent again
    Resend {
        /// The address
        #[arg(value_hint = ValueHint::EmailAddress, value_parser = NonEmptyStringValueParser::new())]
        email: Option<String>,
    },
    /// Give one's own account another address, to be confirmed by a mail there
    #[command(after_help = after_help("profiles email change"))]
    Change {
        /// The new address
        #[arg(value_hint = ValueHint::EmailAddress, value_parser = NonEmptyStringValueParser::new())]
        email: Option<String>,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
}
