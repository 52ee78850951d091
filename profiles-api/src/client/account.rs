//! Registering, logging in and out, and one's own account.

use std::fmt;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Client, ClientError};
use crate::{Detail, LoginRequest, RegisterRequest, UserDetails, UserPatch};

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By the account's name, which every server takes unless it is set up otherwise.
    Username(String),
    /// By the account's address, on servers that are set up so.
    Email(String),
}

/// A new account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name.
    pub username: String,
    /// The address; a server may insist on one.
    pub email: Option<String>,
    /// The password.
    pub password: SecretString,
}

/// What came of a registration.
pub enum Registered {
    /// The account is open, and this is its token.
    LoggedIn(SecretString),
    /// The account must first be confirmed by mail; this is what the server says about it.
    Pending(String),
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn(_) => f.write_str("LoggedIn(..)"),
            Self::Pending(detail) => f.debug_tuple("Pending").field(detail).finish(),
        }
    }
}

/// Either of the two answers to a registration.
#[derive(Deserialize)]
struct KeyOrDetail {
    key: Option<String>,
    detail: Option<String>,
}

impl Client {
    /// Opens an account.
    pub async fn register(&self, registration: &Registration) -> Result<Registered, ClientError> {
        self.register_under(registration, None).await
    }

    /// Opens an account as [`Client::register`] does, once: if no answer comes it is sent once more, and then logs in to
    /// the account that was opened before. The key is best something random; a server that does not know of keys says then
    /// that the name is taken.
    pub async fn register_once(&self, registration: &Registration, key: &str) -> Result<Registered, ClientError> {
        self.register_under(registration, Some(key)).await
    }

    async fn register_under(&self, registration: &Registration, key: Option<&str>) -> Result<Registered, ClientError> {
        let password = registration.password.expose_secret();
        let body = RegisterRequest {
            username: registration.username.clone(),
            email: registration.email.clone(),
            password1: password.to_owned(),
            password2: password.to_owned(),
        };
        // A token that has gone stale would have this refused, although it needs none.
        let client = self.without_token();
        let request = client.request(Method::POST, "api/rest-auth/registration/")?.json(&body);
        let answer = match key {
            Some(key) => client.exchange_once(request, key).await?,
            None => client.exchange(request).await?,
        };
        match answer.json()? {
            KeyOrDetail { key: Some(key), .. } => Ok(Registered::LoggedIn(key.into())),
            KeyOrDetail { key: None, detail: Some(detail) } => Ok(Registered::Pending(detail)),
            KeyOrDetail { key: None, detail: None } => {
                Err(answer.unexpected("it registers without a token".to_owned()))
            }
        }
    }

    /// Gets a token for an account.
    pub async fn login(&self, identity: &Identity, password: &SecretString) -> Result<SecretString, ClientError> {
        let (username, email) = match identity {
            Identity::Username(username) => (Some(username.clone()), None),
            Identity::Email(email) => (None, Some(email.clone())),
        };
        let body = LoginRequest { username, email, password: password.expose_secret().to_owned() };
        let client = self.without_token();
        let answer = client.exchange(client.request(Method::POST, "api/rest-auth/login/")?.json(&body)).await?;
        let KeyOrDetail { key, .. } = answer.json()?;
        key.map(SecretString::from).ok_or_else(|| answer.unexpected("it logs in without a token".to_owned()))
    }

    /// Makes the token worthless. Returns what the server says about it.
    pub async fn logout(&self) -> Result<String, ClientError> {
        let answer = self.exchange(self.request(Method::POST, "api/rest-auth/logout/")?).await?;
        let Detail { detail } = answer.json()?;
        Ok(detail)
    }

    /// The account that the token belongs to.
    pub async fn whoami(&self) -> Result<UserDetails, ClientError> {
        self.exchange(self.request(Method::GET, "api/rest-auth/user/")?).await?.json()
    }

    /// Changes the account that the token belongs to.
    pub async fn update_user(&self, change: &UserPatch) -> Result<UserDetails, ClientError> {
        self.exchange(self.request(Method::PATCH, "api/rest-auth/user/")?.json(change)).await?.json()
    }
}
