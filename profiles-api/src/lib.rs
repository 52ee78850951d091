//! The values that the profiles API speaks over HTTP, and a typed client for it.
//!
//! - [`RegisterRequest`], [`LoginRequest`], [`KeyResponse`], [`UserDetails`], [`UserUpdate`], [`UserPatch`]: accounts.
//! - [`PasswordChangeRequest`], [`PasswordResetRequest`], [`PasswordResetConfirmRequest`], [`VerifyEmailRequest`],
//!   [`ResendEmailRequest`], [`EmailChangeRequest`], [`DeleteAccountRequest`]: the rest of an account's life.
//! - [`LoginSession`], [`LoginKind`], [`RevokeOthersResponse`]: what is logged in to an account.
//! - [`PersonalTokenRequest`], [`NewPersonalToken`], [`Scope`]: personal access tokens.
//! - [`Profile`], [`ProfileUpdate`]: what the public sees of an account; [`Avatar`], [`AvatarClear`]: its picture.
//! - [`Status`], [`StatusWrite`], [`StatusPatch`], [`DeletedStatus`]: short messages of a profile.
//! - [`Page`]: one page of a list. [`Detail`], [`FieldErrors`]: what the API says when it refuses.
//! - [`ApiRoot`]: where the lists are.
//! - `Client` (feature `client`): every operation as an async method, every failure as a typed error.
//!
//! Field names and the order of keys are those of the JSON. A `None` in a request is a field that is not sent, which
//! to the API means "leave as it is"; a `None` in an answer is `null`.
//!
//! With the feature `openapi` each type also describes itself to `poem_openapi`, with the limits of its fields and an
//! example. The limits only document: the server checks with the rules of its core, which report every field at once.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a test fails by panicking"
    )
)]

mod account;
mod avatar;
#[cfg(feature = "client")]
pub mod client;
mod email;
mod error;
mod login_session;
mod own_data;
mod page;
mod password;
mod personal_token;
mod profile;
mod service;
mod status;

#[cfg(feature = "client")]
pub use self::client::{Client, ClientError};
pub use self::{
    account::{KeyResponse, LoginRequest, RegisterRequest, UserDetails, UserPatch, UserUpdate},
    avatar::{Avatar, AvatarClear},
    email::{EmailChangeRequest, ResendEmailRequest, VerifyEmailRequest},
    error::{Detail, FieldErrors},
    login_session::{LoginKind, LoginSession, RevokeOthersResponse},
    own_data::{AccountExport, AuditLine, DeleteAccountRequest, ExportedUser, KnownNetwork, WaitingMail},
    page::{Page, Row},
    password::{PasswordChangeRequest, PasswordResetConfirmRequest, PasswordResetRequest},
    personal_token::{NewPersonalToken, PersonalTokenRequest, Scope},
    profile::{Profile, ProfileUpdate},
    service::ApiRoot,
    status::{DeletedStatus, Status, StatusPatch, StatusWrite},
};
