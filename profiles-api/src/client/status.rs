//! Statuses.

use reqwest::Method;

use super::{Client, ClientError, Pages};
use crate::{Status, StatusWrite};

impl Client {
    /// All statuses, or those of one account, in the order of their ids. The case of `username` counts.
    pub fn statuses(&self, username: Option<&str>) -> Result<Pages<'_, Status>, ClientError> {
        let mut url = self.address("api/profile-status/")?;
        if let Some(username) = username {
            url.query_pairs_mut().append_pair("username", username);
        }
        Ok(Pages::starting_at(self, url))
    }

    /// One status.
    pub async fn status(&self, id: u64) -> Result<Status, ClientError> {
        self.exchange(self.request(Method::GET, &item(id))?).await?.json()
    }

    /// Posts a status for the account that the token belongs to.
    pub async fn post_status(&self, text: &str) -> Result<Status, ClientError> {
        let body = StatusWrite { status_content: text.to_owned() };
        self.exchange(self.request(Method::POST, "api/profile-status/")?.json(&body)).await?.json()
    }

    /// Posts a status as [`Client::post_status`] does, once: if no answer comes it is sent once more, and with the same
    /// `key` and text it can be sent again by hand within a day. The key is best something random; a server that does not
    /// know of keys posts again.
    pub async fn post_status_once(&self, text: &str, key: &str) -> Result<Status, ClientError> {
        let body = StatusWrite { status_content: text.to_owned() };
        let request = self.request(Method::POST, "api/profile-status/")?.json(&body);
        self.exchange_once(request, key).await?.json()
    }

    /// Replaces the text of a status: one's own, or as staff anybody's.
    pub async fn edit_status(&self, id: u64, text: &str) -> Result<Status, ClientError> {
        let body = StatusWrite { status_content: text.to_owned() };
        self.exchange(self.request(Method::PUT, &item(id))?.json(&body)).await?.json()
    }

    /// Deletes a status: one's own, or as staff anybody's.
    pub async fn delete_status(&self, id: u64) -> Result<(), ClientError> {
        self.exchange(self.request(Method::DELETE, &item(id))?).await?;
        Ok(())
    }
}

fn item(id: u64) -> String {
    format!("api/profile-status/{id}/")
}
