//! Changing a password, and choosing a new one by mail.

use std::fmt;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::{Client, ClientError};
use crate::{Detail, PasswordChangeRequest, PasswordResetConfirmRequest, PasswordResetRequest};

/// Another password for an account.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The present one, which a server may insist on.
    pub old_password: Option<SecretString>,
    /// The new one.
    pub new_password: SecretString,
}

/// A new password for an account whose owner got a link by mail.
#[derive(Clone)]
pub struct PasswordReset {
    /// The account, as the link names it.
    pub uid: String,
    /// The key in the link.
    pub token: SecretString,
    /// The new password.
    pub new_password: SecretString,
}

impl fmt::Debug for PasswordReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, token: _, new_password: _ } = self;
        f.debug_struct("PasswordReset").field("uid", uid).finish_non_exhaustive()
    }
}

impl Client {
    /// Changes the password of the account that the token belongs to. This token stays good; a server may end all other
    /// logins. Returns what the server says about it.
    pub async fn change_password(&self, change: &PasswordChange) -> Result<String, ClientError> {
        let new = change.new_password.expose_secret();
        let body = PasswordChangeRequest {
            new_password1: new.to_owned(),
            new_password2: new.to_owned(),
            old_password: change.old_password.as_ref().map(|old| old.expose_secret().to_owned()),
        };
        let request = self.request(Method::POST, "api/rest-auth/password/change/")?.json(&body);
        let Detail { detail } = self.exchange(request).await?.json()?;
        Ok(detail)
    }

    /// Has a link to choose a new password mailed to this address, if there is an account with it. Returns what the
    /// server says about it, which is the same if there is none.
    pub async fn request_password_reset(&self, email: &str) -> Result<String, ClientError> {
        let body = PasswordResetRequest { email: email.to_owned() };
        // A token that has gone stale would have this refused, although it needs none.
        let client = self.without_token();
        let request = client.request(Method::POST, "api/rest-auth/password/reset/")?.json(&body);
        let Detail { detail } = client.exchange(request).await?.json()?;
        Ok(detail)
    }

    /// Chooses a new password with what the mailed link holds. Returns what the server says about it. Nobody is logged
    /// in by this.
    pub async fn reset_password(&self, reset: &PasswordReset) -> Result<String, ClientError> {
        let new = reset.new_password.expose_secret();
        let body = PasswordResetConfirmRequest {
            uid: reset.uid.clone(),
            token: reset.token.expose_secret().to_owned(),
            new_password1: new.to_owned(),
            new_password2: new.to_owned(),
        };
        let client = self.without_token();
        let request = client.request(Method::POST, "api/rest-auth/password/reset/confirm/")?.json(&body);
        let Detail { detail } = client.exchange(request).await?.json()?;
        Ok(detail)
    }
}
