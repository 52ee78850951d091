//! The table of views: which paths exist, what each allows, and who may come in.
//!
//! Poem's router knows paths and handlers. What the contract needs of a path before any handler runs (its `Allow`, who
//! may call it, how it is described by OPTIONS) stands here, one row each, in the words of the original.

use poem::http::Method;

use profiles_core::LoginBy;

use super::{
    Settings,
    media::JSON,
    metadata::{self, Fields},
};

/// A path of the API and what holds for all of its methods.
#[derive(Debug)]
pub(crate) struct View {
    /// The path below the mount point, without its final slash; `{id}` stands for a row's number, `{name}` for a
    /// username.
    pub(crate) path: &'static str,
    /// Its name in the answer to OPTIONS.
    pub(crate) name: &'static str,
    /// Its description there.
    pub(crate) description: &'static str,
    /// The `Allow` header, as [`View::allow`] gives it; the methods with a handler are those of [`View::has`].
    allow: &'static str,
    /// Who may come in.
    pub(crate) access: Access,
    /// Whether the form without the final slash works too (dj-rest-auth) or is redirected (the router's).
    pub(crate) slash: Slash,
    /// Whether a suffix such as `.json` may name the format.
    pub(crate) suffixes: bool,
    /// The media type of what is asked for, where it is not JSON. Refusals are JSON in any case.
    pub(crate) media: (&'static str, &'static str),
    /// Whether success always looks at the session, as [`View::touches_session`] gives it.
    session: bool,
    /// The row it is about, if it is about one.
    pub(crate) row: Option<Row>,
    /// The method whose fields OPTIONS describes, as [`View::fields`] gives it.
    fields: Option<(&'static str, Fields)>,
}

/// Who may come in at all; what they may do to a row is for the core to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone.
    Open,
    /// Everyone for reading (or accounts only, if so configured), accounts for the rest.
    ReadOrAccount,
    /// Accounts.
    Account,
}

/// What the missing final slash means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slash {
    Optional,
    Required,
}

/// The row that a path is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// The profile with this number.
    Profile,
    /// The profile of this name.
    NamedProfile,
    /// The status with this number.
    Status,
    /// The token with this number, of whoever asks.
    Token,
    /// The account of whoever asks.
    OwnAccount,
}

impl View {
    /// The `Allow` header.
    pub(crate) fn allow(&self, settings: &Settings) -> &'static str {
        let may_delete = self.path == USER.path && settings.account_deletion;
        if may_delete { "GET, PUT, PATCH, DELETE, HEAD, OPTIONS" } else { self.allow }
    }

    /// Whether the view answers this method by a handler: what `Allow` lists, less OPTIONS, and less the methods that
    /// the original lists and then refuses (`GET` of logout, `HEAD` where there is no GET).
    pub(crate) fn has(&self, method: &Method, settings: &Settings) -> bool {
        let lists = |name: &str| self.allow(settings).split(", ").any(|allowed| allowed == name);
        let reads = lists("GET") && self.path != LOGOUT.path;
        match *method {
            Method::GET => reads,
            Method::HEAD => reads && lists("HEAD"),
            Method::OPTIONS => false,
            ref other => lists(other.as_str()),
        }
    }

    /// Whether this deployment has the view.
    pub(crate) fn is_there(&self, settings: &Settings) -> bool {
        self.path != AVATAR.path || settings.avatars
    }

    /// The method whose form OPTIONS describes, and its fields; some depend on what this deployment asks for.
    pub(crate) fn fields(&self, settings: &profiles_core::Settings) -> Option<(&'static str, Fields)> {
        if self.path == PASSWORD_CHANGE.path && settings.old_password {
            return Some(("POST", metadata::PASSWORD_CHANGE_WITH_OLD));
        }
        if self.path == REGISTRATION.path && settings.login_by == LoginBy::Email {
            return Some(("POST", metadata::REGISTRATION_BY_EMAIL));
        }
        if self.path == REGISTRATION.path && !settings.needs_email() {
            return Some(("POST", metadata::REGISTRATION_WITHOUT_EMAIL));
        }
        if self.path == RESEND_EMAIL.path && !settings.needs_email() {
            return Some(("POST", metadata::ANY_EMAIL_ADDRESS));
        }
        self.fields
    }

    /// Whether success looks at the session in any case, so that the answer varies by cookie.
    pub(crate) fn touches_session(&self, settings: &profiles_core::Settings) -> bool {
        let ends_it = self.path == PASSWORD_CHANGE.path && settings.log_out_on_password_change;
        self.session && !ends_it
    }
}

const BASE: View = View {
    path: "",
    name: "",
    description: "",
    allow: "",
    access: Access::Open,
    slash: Slash::Required,
    suffixes: false,
    media: JSON,
    session: false,
    row: None,
    fields: None,
};

const ROOT: View = View {
    path: "/api",
    name: "Api Root",
    description: "The default basic root view for DefaultRouter",
    allow: "GET, HEAD, OPTIONS",
    suffixes: true,
    ..BASE
};

const REGISTRATION: View = View {
    path: "/api/rest-auth/registration",
    name: "Register",
    description: "Registers a new user.\n\nAccepts the following POST parameters: username, email, password1, \
                  password2.",
    allow: "POST, OPTIONS",
    session: true,
    fields: Some(("POST", metadata::REGISTRATION)),
    ..BASE
};

const LOGIN: View = View {
    path: "/api/rest-auth/login",
    name: "Login",
    description: "Check the credentials and return the REST Token\nif the credentials are valid and authenticated.\n\
                  Calls Django Auth login method to register User ID\nin Django session framework\n\nAccept the \
                  following POST parameters: username, password\nReturn the REST Framework Token Object's key.",
    allow: "POST, OPTIONS",
    slash: Slash::Optional,
    session: true,
    fields: Some(("POST", metadata::LOGIN)),
    ..BASE
};

const LOGOUT: View = View {
    path: "/api/rest-auth/logout",
    name: "Logout",
    description: "Calls Django logout method and delete the Token object\nassigned to the current User object.\n\n\
                  Accepts/Returns nothing.",
    allow: "GET, POST, HEAD, OPTIONS",
    slash: Slash::Optional,
    session: true,
    ..BASE
};

const USER: View = View {
    path: "/api/rest-auth/user",
    name: "User Details",
    description: "Reads and updates UserModel fields\nAccepts GET, PUT, PATCH methods.\n\nDefault accepted fields: \
                  username, first_name, last_name\nDefault display fields: pk, username, email, first_name, \
                  last_name\nRead-only fields: pk, email\n\nReturns UserModel fields.",
    allow: "GET, PUT, PATCH, HEAD, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    row: Some(Row::OwnAccount),
    fields: Some(("PUT", metadata::USER)),
    ..BASE
};

const EXPORT: View = View {
    path: "/api/rest-auth/user/export",
    name: "User Export",
    description: "Everything that is held about one's own account.",
    allow: "GET, HEAD, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    ..BASE
};

const PASSWORD_CHANGE: View = View {
    path: "/api/rest-auth/password/change",
    name: "Password Change",
    description: "Calls Django Auth SetPasswordForm save method.\n\nAccepts the following POST parameters: \
                  new_password1, new_password2\nReturns the success/fail message.",
    allow: "POST, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    session: true,
    fields: Some(("POST", metadata::PASSWORD_CHANGE)),
    ..BASE
};

const PASSWORD_RESET: View = View {
    path: "/api/rest-auth/password/reset",
    name: "Password Reset",
    description: "Calls Django Auth PasswordResetForm save method.\n\nAccepts the following POST parameters: \
                  email\nReturns the success/fail message.",
    allow: "POST, OPTIONS",
    slash: Slash::Optional,
    fields: Some(("POST", metadata::EMAIL_ADDRESS)),
    ..BASE
};

const PASSWORD_RESET_CONFIRM: View = View {
    path: "/api/rest-auth/password/reset/confirm",
    name: "Password Reset Confirm",
    description: "Password reset e-mail link is confirmed, therefore\nthis resets the user's password.\n\nAccepts the \
                  following POST parameters: token, uid,\n    new_password1, new_password2\nReturns the success/fail \
                  message.",
    allow: "POST, OPTIONS",
    slash: Slash::Optional,
    fields: Some(("POST", metadata::PASSWORD_RESET_CONFIRM)),
    ..BASE
};

const VERIFY_EMAIL: View = View {
    path: "/api/rest-auth/registration/verify-email",
    name: "Verify Email",
    description: "Verifies the email associated with the provided key.\n\nAccepts the following POST parameter: key.",
    allow: "POST, OPTIONS, HEAD",
    slash: Slash::Optional,
    fields: Some(("POST", metadata::VERIFY_EMAIL)),
    ..BASE
};

const RESEND_EMAIL: View = View {
    path: "/api/rest-auth/registration/resend-email",
    name: "Resend Email Verification",
    description: "Resends another email to an unverified email.\n\nAccepts the following POST parameter: email.",
    allow: "POST, OPTIONS",
    slash: Slash::Optional,
    fields: Some(("POST", metadata::EMAIL_ADDRESS)),
    ..BASE
};

const EMAIL_CHANGE: View = View {
    path: "/api/rest-auth/email/change",
    name: "Email Change",
    description: "Mails a link that changes one's own address to the new one.",
    allow: "POST, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    fields: Some(("POST", metadata::EMAIL_CHANGE)),
    ..BASE
};

const SESSIONS: View = View {
    path: "/api/rest-auth/sessions",
    name: "Session List",
    description: "One's own logins and personal tokens.",
    allow: "GET, HEAD, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    ..BASE
};

const SESSION: View = View {
    path: "/api/rest-auth/sessions/{id}",
    name: "Session Instance",
    description: "One of one's own logins and personal tokens.",
    allow: "DELETE, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    row: Some(Row::Token),
    ..BASE
};

const REVOKE_OTHERS: View = View {
    path: "/api/rest-auth/sessions/revoke-others",
    name: "Session Revocation",
    description: "Ends all of one's own logins but this one.",
    allow: "POST, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    ..BASE
};

const TOKENS: View = View {
    path: "/api/rest-auth/tokens",
    name: "Personal Token List",
    description: "One's own personal tokens.",
    allow: "GET, POST, HEAD, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    fields: Some(("POST", metadata::PERSONAL_TOKEN)),
    ..BASE
};

const TOKEN: View = View {
    path: "/api/rest-auth/tokens/{id}",
    name: "Personal Token Instance",
    description: "One of one's own personal tokens.",
    allow: "DELETE, OPTIONS",
    access: Access::Account,
    slash: Slash::Optional,
    row: Some(Row::Token),
    ..BASE
};

const PROFILES: View = View {
    path: "/api/profiles",
    name: "Profile List",
    allow: "GET, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    ..BASE
};

const PROFILE: View = View {
    path: "/api/profiles/{id}",
    name: "Profile Instance",
    allow: "GET, PUT, PATCH, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    row: Some(Row::Profile),
    fields: Some(("PUT", metadata::PROFILE)),
    ..BASE
};

const PROFILE_BY_USERNAME: View = View {
    path: "/api/profiles/by-username/{name}",
    name: "Profile By Username",
    allow: "GET, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    row: Some(Row::NamedProfile),
    ..BASE
};

const PROFILE_STATUSES: View = View {
    path: "/api/profiles/{id}/statuses",
    name: "Profile Statuses",
    allow: "GET, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    row: Some(Row::Profile),
    ..BASE
};

const AVATAR: View = View {
    path: "/api/avatar",
    name: "Avatar Update",
    allow: "PUT, PATCH, OPTIONS",
    access: Access::Account,
    fields: Some(("PUT", metadata::AVATAR)),
    ..BASE
};

const STATUSES: View = View {
    path: "/api/profile-status",
    name: "Profile Status List",
    allow: "GET, POST, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    fields: Some(("POST", metadata::STATUS)),
    ..BASE
};

const STREAM: View = View {
    path: "/api/profile-status/stream",
    name: "Profile Status Stream",
    description: "What happens to statuses, as server-sent events.",
    allow: "GET, OPTIONS",
    access: Access::ReadOrAccount,
    media: ("text", "event-stream"),
    ..BASE
};

const STATUS: View = View {
    path: "/api/profile-status/{id}",
    name: "Profile Status Instance",
    allow: "GET, PUT, PATCH, DELETE, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    row: Some(Row::Status),
    fields: Some(("PUT", metadata::STATUS)),
    ..BASE
};

/// Every view of the API. A path that would pass for a number comes before the one that has a number there.
pub(crate) static VIEWS: [View; 25] = [
    PROFILE,
    PROFILE_BY_USERNAME,
    PROFILE_STATUSES,
    STREAM,
    STATUS,
    PROFILES,
    STATUSES,
    AVATAR,
    USER,
    EXPORT,
    LOGIN,
    LOGOUT,
    REGISTRATION,
    VERIFY_EMAIL,
    RESEND_EMAIL,
    PASSWORD_CHANGE,
    PASSWORD_RESET,
    PASSWORD_RESET_CONFIRM,
    EMAIL_CHANGE,
    REVOKE_OTHERS,
    SESSION,
    SESSIONS,
    TOKEN,
    TOKENS,
    ROOT,
];
