//! `profiles password`

use clap::{Args, Subcommand, ValueHint, builder::NonEmptyStringValueParser};

use super::manual::after_help;

/// What to do with a password.
#[derive(Debug, Subcommand)]
pub(crate) enum Password {
    /// Change one's own password
    Change(Change),
    /// Have a link to choose a new password mailed, if the old one is lost
    #[command(after_help = after_help("profiles password reset"))]
    Reset {
        /// Address of the account
        #[arg(value_hint = ValueHint::EmailAddress, value_parser = NonEmptyStringValueParser::new())]
        email: Option<String>,
    },
    /// Choose a new password with the mailed link
    ResetConfirm(ResetConfirm),
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles password change"))]
pub(crate) struct Change {
    /// Read the present password from standard input, one line; some servers do without
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Read the new password from standard input, one line, after the present one
    #[arg(long)]
    pub(crate) new_password_stdin: bool,
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles password reset-confirm"))]
pub(crate) struct ResetConfirm {
    /// The link in the mail, or UID and TOKEN out of it
    #[arg(value_name = "LINK|UID", value_hint = ValueHint::Url, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) link: Option<String>,
    /// The last part of the link, if it was not given as a whole
    #[arg(value_name = "TOKEN", value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) token: Option<String>,
    /// Read the new password from standard input, one line
    #[arg(long)]
    pub(crate) new_password_stdin: bool,
}
