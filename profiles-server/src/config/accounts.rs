//! What registration asks for.

use super::{choice::choice, setting::settings};

settings! {
    /// What registration asks for.
    pub struct Accounts {
        /// Whether registration asks for an e-mail address.
        "email_required" => email_required: bool = true;
        /// Whether the address must be confirmed: "optional" sends the mail, "mandatory" lets nobody log in before,
        /// "none" sends nothing. The link in the mail can't be followed in this version, so with "mandatory" nobody who
        /// registers can log in.
        "email_verification" => email_verification: EmailVerification = EmailVerification::Optional;
    }
}

choice! {
    /// Whether an e-mail address must be shown to be one's own.
    pub enum EmailVerification {
        /// A confirmation mail is sent; who ignores it can log in all the same.
        Optional = "optional",
        /// Nobody logs in before they have confirmed, which can't be done in this version.
        Mandatory = "mandatory",
        /// No mail is sent.
        None = "none",
    }
}
