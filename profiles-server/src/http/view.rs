//! The table of views: which paths exist, what each allows, and who may come in.
//!
//! Poem's router knows paths and handlers. What the contract needs of a path before any handler runs (its `Allow`, who
//! may call it, how it is described by OPTIONS) stands here, one row each, in the words of the original.

use poem::http::Method;

use super::metadata::{self, Fields};

/// A path of the API and what holds for all of its methods.
#[derive(Debug)]
pub(crate) struct View {
    /// The path below the mount point, without its final slash; `{id}` stands for a row's number.
    pub(crate) path: &'static str,
    /// Its name in the answer to OPTIONS.
    pub(crate) name: &'static str,
    /// Its description there.
    pub(crate) description: &'static str,
    /// The `Allow` header; the methods with a handler are those of [`View::has`].
    pub(crate) allow: &'static str,
    /// Who may come in.
    pub(crate) access: Access,
    /// Whether the form without the final slash works too (dj-rest-auth) or is redirected (the router's).
    pub(crate) slash: Slash,
    /// Whether a suffix such as `.json` may name the format.
    pub(crate) suffixes: bool,
    /// Whether success always looks at the session, so that the answer varies by cookie.
    pub(crate) session: bool,
    /// The row it is about, if it is about one.
    pub(crate) row: Option<Row>,
    /// The method whose fields OPTIONS describes.
    pub(crate) fields: Option<(&'static str, Fields)>,
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

/// What the number in a path counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Profile,
    Status,
}

impl View {
    /// Whether the view answers this method by a handler: what `Allow` lists, less OPTIONS, and less the methods that
    /// the original lists and then refuses (`GET` of logout, `HEAD` of verify-email).
    pub(crate) fn has(&self, method: &Method) -> bool {
        let listed = self.allow.split(", ").any(|allowed| allowed == method.as_str());
        let refused = self.path == LOGOUT.path && matches!(*method, Method::GET | Method::HEAD);
        listed && !refused && method != Method::OPTIONS
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
    fields: Some(("PUT", metadata::USER)),
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

const STATUSES: View = View {
    path: "/api/profile-status",
    name: "Profile Status List",
    allow: "GET, POST, HEAD, OPTIONS",
    access: Access::ReadOrAccount,
    suffixes: true,
    fields: Some(("POST", metadata::STATUS)),
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

/// Every view of the API.
pub(crate) static VIEWS: [View; 9] = [PROFILE, STATUS, PROFILES, STATUSES, USER, LOGIN, LOGOUT, REGISTRATION, ROOT];
