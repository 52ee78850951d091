//! Confirming an e-mail address, and changing it.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::{Client, ClientError};
use crate::{Detail, EmailChangeRequest, ResendEmailRequest, VerifyEmailRequest};

impl Client {
    /// Confirms an address with the key that was mailed to it. Returns what the server says about it; `NotFound` if the
    /// key is unknown, used or too old.
    pub async fn verify_email(&self, key: &SecretString) -> Result<String, ClientError> {
        let body = VerifyEmailRequest { key: key.expose_secret().to_owned() };
        // A token that has gone stale would have this refused, although it needs none.
        let client = self.without_token();
        let request = client.request(Method::POST, "api/rest-auth/registration/verify-email/")?.json(&body);
        let Detail { detail } = client.exchange(request).await?.json()?;
        Ok(detail)
    }

    /// Has the confirmation mail sent again, if this address waits to be confirmed. Returns what the server says about
    /// it, which is the same if it does not.
    pub async fn resend_email(&self, email: &str) -> Result<String, ClientError> {
        let body = ResendEmailRequest { email: email.to_owned() };
        let client = self.without_token();
        let request = client.request(Method::POST, "api/rest-auth/registration/resend-email/")?.json(&body);
        let Detail { detail } = client.exchange(request).await?.json()?;
        Ok(detail)
    }

    /// Gives the account that the token belongs to another address, which is to be confirmed by
    /// [`Self::verify_email`] with the key that is mailed there. Returns what the server says about it.
    pub async fn change_email(&self, email: &str, password: &SecretString) -> Result<String, ClientError> {
        let body = EmailChangeRequest { email: email.to_owned(), password: password.expose_secret().to_owned() };
        let request = self.request(Method::POST, "api/rest-auth/email/change/")?.json(&body);
        let Detail { detail } = self.exchange(request).await?.json()?;
        Ok(detail)
    }
}
