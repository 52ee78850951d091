//! Personal access tokens.

use reqwest::Method;

use super::{Client, ClientError, LIST_LIMIT};
use crate::{LoginSession, NewPersonalToken, PersonalTokenRequest};

impl Client {
    /// The personal access tokens of the account that the token belongs to.
    pub async fn personal_tokens(&self) -> Result<Vec<LoginSession>, ClientError> {
        let request = self.request(Method::GET, "api/rest-auth/tokens/")?;
        self.exchange_within(LIST_LIMIT, request).await?.json()
    }

    /// Makes one. Its key is in this answer and in no other.
    pub async fn create_personal_token(&self, wanted: &PersonalTokenRequest) -> Result<NewPersonalToken, ClientError> {
        self.exchange(self.request(Method::POST, "api/rest-auth/tokens/")?.json(wanted)).await?.json()
    }

    /// Ends one.
    pub async fn revoke_personal_token(&self, id: u64) -> Result<(), ClientError> {
        self.exchange(self.request(Method::DELETE, &format!("api/rest-auth/tokens/{id}/"))?).await?;
        Ok(())
    }
}
