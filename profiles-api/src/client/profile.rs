//! Profiles.

use reqwest::Method;

use super::{Client, ClientError, Pages};
use crate::{Profile, ProfileUpdate};

impl Client {
    /// All profiles, or those whose city or username holds every word of `search`, in the order of their ids.
    pub fn profiles(&self, search: Option<&str>) -> Result<Pages<'_, Profile>, ClientError> {
        let mut url = self.address("api/profiles/")?;
        if let Some(search) = search {
            url.query_pairs_mut().append_pair("search", search);
        }
        Ok(Pages::starting_at(self, url))
    }

    /// One profile.
    pub async fn profile(&self, id: u64) -> Result<Profile, ClientError> {
        self.exchange(self.request(Method::GET, &format!("api/profiles/{id}/"))?).await?.json()
    }

    /// The profile of the account with this name, in any case; `NotFound` if there is none.
    pub async fn profile_by_username(&self, username: &str) -> Result<Profile, ClientError> {
        let wanted = username.to_lowercase();
        // A name has no spaces, commas or quotes, which would take the search apart.
        let searchable = !wanted.is_empty() && !wanted.contains(|c: char| c.is_whitespace() || ",\"'\0".contains(c));
        if searchable {
            let mut pages = self.profiles(Some(username))?;
            while let Some(page) = pages.next_page().await? {
                if let Some(profile) = page.into_iter().find(|profile| profile.user.to_lowercase() == wanted) {
                    return Ok(profile);
                }
            }
        }
        Err(ClientError::NotFound { detail: format!("Nobody is called {username}.") })
    }

    /// The profile of the account that the token belongs to.
    pub async fn own_profile(&self) -> Result<Profile, ClientError> {
        let account = self.whoami().await?;
        self.profile_by_username(&account.username).await
    }

    /// Changes a profile: one's own, or as staff anybody's.
    pub async fn update_profile(&self, id: u64, change: &ProfileUpdate) -> Result<Profile, ClientError> {
        self.exchange(self.request(Method::PATCH, &format!("api/profiles/{id}/"))?.json(change)).await?.json()
    }
}
