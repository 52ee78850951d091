//! How accounts are made, kept and lost.

use std::time::Duration;

use profiles_core::LoginBy;

use super::{
    choice::{choice, words},
    setting::settings,
};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

settings! {
    /// How accounts are made, kept and lost.
    pub struct Accounts {
        /// Whether registration asks for an e-mail address.
        "email_required" => email_required: bool = true;
        /// Whether the address must be confirmed: "optional" sends the mail, "mandatory" lets nobody log in before,
        /// "none" sends nothing.
        "email_verification" => email_verification: EmailVerification = EmailVerification::Optional;
        /// What people log in with beside their password: "username", "email" (registration then needs no username), or
        /// "either".
        "login_by" => login_by: LoginBy = LoginBy::Username;
        /// Whether people may erase their own accounts.
        "account_deletion" => deletion: bool = true;
        /// Seconds that a mailed link to confirm an address works.
        "confirmation_age" => confirmation_age: Duration = DAY * 3, MINUTE..=DAY * 366;
        /// Seconds that a mailed link to choose a new password works.
        "reset_age" => reset_age: Duration = DAY * 3, MINUTE..=DAY * 366;
        /// Whether changing the password asks for the present one.
        "old_password" => old_password: bool = false;
        /// Whether a new password ends the tokens of other logins, and personal ones; their sessions end in any case.
        "revoke_on_password_change" => revoke_on_password_change: bool = true;
        /// Whether changing the password also ends the login by which it is changed.
        "logout_on_password_change" => logout_on_password_change: bool = false;
        /// Whether people get a mail when their password was changed.
        "notify_password_change" => notify_password_change: bool = true;
        /// Whether people get a mail at their old address when it was changed.
        "notify_email_change" => notify_email_change: bool = true;
        /// Whether people get a mail when somebody logs in from a network that is new for the account.
        "notify_new_login" => notify_new_login: bool = true;
        /// Seconds that a line of the audit trail is kept.
        "audit_age" => audit_age: Duration = DAY * 180, DAY..=DAY * 36_600;
    }
}

choice! {
    /// Whether an e-mail address must be shown to be one's own.
    pub enum EmailVerification {
        /// A confirmation mail is sent; who ignores it can log in all the same.
        Optional = "optional",
        /// Nobody logs in before they have confirmed.
        Mandatory = "mandatory",
        /// No mail is sent.
        None = "none",
    }
}

words!(LoginBy { Username = "username", Email = "email", Either = "either", });
