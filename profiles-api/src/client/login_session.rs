//! Logins to one's own account.

use reqwest::Method;

use super::{Client, ClientError, LIST_LIMIT};
use crate::{LoginSession, RevokeOthersResponse};

impl Client {
    /// Everything that is logged in to the account that the token belongs to, personal access tokens too.
    pub async fn sessions(&self) -> Result<Vec<LoginSession>, ClientError> {
        let request = self.request(Method::GET, "api/rest-auth/sessions/")?;
        self.exchange_within(LIST_LIMIT, request).await?.json()
    }

    /// Ends one of these logins; it may be the one that asks.
    pub async fn revoke_session(&self, id: u64) -> Result<(), ClientError> {
        self.exchange(self.request(Method::DELETE, &format!("api/rest-auth/sessions/{id}/"))?).await?;
        Ok(())
    }

    /// Ends all of them but the one that asks.
    pub async fn revoke_other_sessions(&self) -> Result<RevokeOthersResponse, ClientError> {
        self.exchange(self.request(Method::POST, "api/rest-auth/sessions/revoke-others/")?).await?.json()
    }
}
