//! What differs between deployments.

use std::time::Duration;

use crate::{avatar::AvatarRules, model::Limit, permissions::Reads};

/// Whether an e-mail address must be shown to be one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// A confirmation mail is sent; who ignores it can log in all the same.
    #[default]
    Optional,
    /// Nobody logs in before they have confirmed.
    Mandatory,
    /// No mail is sent at registration.
    None,
}

/// What people log in with, beside their password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginBy {
    /// Their username.
    #[default]
    Username,
    /// Their address. Registration then asks for no username, and makes one of the address if none is given.
    Email,
    /// Either. An address is also taken where the username goes.
    Either,
}

/// What differs between deployments. The defaults are those of a new deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as an operator knows it")]
pub struct Settings {
    /// Who may read profiles and statuses.
    pub reads: Reads,
    /// Whether registration asks for an address.
    pub email_required: bool,
    /// Whether the address must be confirmed.
    pub verification: Verification,
    /// What people log in with.
    pub login_by: LoginBy,
    /// Whether a login opens a session (a cookie) beside its token.
    pub session_login: bool,
    /// How long a session lasts; two weeks, as Django's `SESSION_COOKIE_AGE`.
    pub session_age: Duration,
    /// How long a session may lie unused; `None` as long as it lasts, as in the original.
    pub session_idle: Option<Duration>,
    /// How long a token of a login lasts; `None` for ever, as in the original.
    pub token_age: Option<Duration>,
    /// How long a token of a login may lie unused; `None` as long as it lasts, as in the original.
    pub token_idle: Option<Duration>,
    /// How long a mailed key that confirms an address works; three days, as django-allauth's.
    pub confirmation_age: Duration,
    /// How long a mailed key that resets a password works; three days, as Django's `PASSWORD_RESET_TIMEOUT`.
    pub reset_age: Duration,
    /// Within this time after a registration no other registration sends a confirmation mail to the same address; three
    /// minutes, as django-allauth's.
    pub confirmation_pause: Duration,
    /// Whether changing the password asks for the present one; not by default, as in dj-rest-auth.
    pub old_password: bool,
    /// Whether a new password ends tokens. Sessions end in any case.
    pub revoke_on_password_change: bool,
    /// Whether changing the password also ends the login by which it is changed.
    pub log_out_on_password_change: bool,
    /// What people are told of by mail.
    pub notices: Notices,
    /// What may not be tried too often.
    pub throttles: Throttles,
    /// What a picture may be, and what becomes of it.
    pub avatars: AvatarRules,
}

impl Settings {
    /// Whether nobody registers without an address: because it is asked for, or because they log in by it.
    pub fn needs_email(&self) -> bool {
        self.email_required || self.login_by == LoginBy::Email
    }
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            reads: Reads::default(),
            email_required: true,
            verification: Verification::default(),
            login_by: LoginBy::default(),
            session_login: true,
            session_age: DAY * 14,
            session_idle: None,
            token_age: None,
            token_idle: None,
            confirmation_age: DAY * 3,
            reset_age: DAY * 3,
            confirmation_pause: Duration::from_mins(3),
            old_password: false,
            revoke_on_password_change: true,
            log_out_on_password_change: false,
            notices: Notices::default(),
            throttles: Throttles::default(),
            avatars: AvatarRules::default(),
        }
    }
}

/// What people are told of by mail, so that they notice what was not them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notices {
    /// Their password was changed.
    pub password_changed: bool,
    /// Their address was changed; told at the old one.
    pub email_changed: bool,
    /// Somebody logged in from a part of the internet from which they never did before.
    pub new_login: bool,
}

impl Default for Notices {
    /// All of them.
    fn default() -> Self {
        Self { password_changed: true, email_changed: true, new_login: true }
    }
}

/// What may not be tried too often; `None` for no limit. A client is an IPv4 address or an IPv6 network of 64 bits; see
/// [`Core::on_behalf_of`](crate::Core::on_behalf_of).
///
/// Wrong passwords are counted for each account and client together: whoever fails on purpose makes themselves wait, and
/// never the owner, who comes from elsewhere. An attacker with many addresses is only slowed at each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttles {
    /// Wrong passwords for one account by one client.
    pub passwords_per_account: Option<Limit>,
    /// Wrong passwords by one client, whatever the account.
    pub passwords_per_client: Option<Limit>,
    /// Registrations by one client.
    pub registrations: Option<Limit>,
    /// Mails asked for by one client: to reset a password, to confirm an address.
    pub mails_per_client: Option<Limit>,
    /// The same, for one address. Beyond it no mail is sent, and nobody is told.
    pub mails_per_address: Option<Limit>,
}

impl Throttles {
    /// No limits at all: for tests.
    pub const OFF: Self = Self {
        passwords_per_account: None,
        passwords_per_client: None,
        registrations: None,
        mails_per_client: None,
        mails_per_address: None,
    };
}

impl Default for Throttles {
    /// Limits that a person does not meet: 10 wrong passwords, then one after 30 s, 1 min, 2 min .. 15 min, until a day
    /// without any; 100 for a client; 60 registrations and 60 mails for a client, then one a minute; 5 mails for an
    /// address, then one in ten minutes.
    fn default() -> Self {
        let (half, minute) = (Duration::from_secs(30), Duration::from_mins(1));
        let (quarter, day) = (minute * 15, Duration::from_hours(24));
        Self {
            passwords_per_account: Some(Limit::new(10, half, quarter, day)),
            passwords_per_client: Some(Limit::new(100, half, quarter, day)),
            registrations: Some(Limit::steady(60, minute)),
            mails_per_client: Some(Limit::steady(60, minute)),
            mails_per_address: Some(Limit::steady(5, minute * 10)),
        }
    }
}
