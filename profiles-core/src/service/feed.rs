//! What happens to statuses, for those who follow it.

use crate::{
    Core, Result,
    model::{ChangeId, ChangeKind, ProfileId, Status, StatusId, Username},
    store::{Changes, StatusFilter},
};

/// A change, with what can be said of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// Its number.
    pub number: ChangeId,
    /// What happened.
    pub news: StatusNews,
}

/// What happened to a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusNews {
    /// It was posted. The row is as it is now, which may be later than the change.
    Created(Status),
    /// It was written again; the same holds.
    Updated(Status),
    /// It is gone.
    Deleted {
        /// Which.
        id: StatusId,
        /// Whose it was; `None` if the account is gone too.
        owner: Option<StatusOwner>,
    },
    /// It was posted or written, and is gone by now: a later change tells of that.
    Passed,
}

/// Whose a status was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusOwner {
    /// The profile.
    pub profile: ProfileId,
    /// Its present name.
    pub username: Username,
}

impl StatusNews {
    /// Whether a follower of this part of the list hears of it. When a status that is gone was posted, is not known any
    /// more: followers of any time hear that it is gone. That something is gone whose owner is gone too is told
    /// to all: nobody knows any more whom it belonged to, and the number alone gives nothing away.
    pub fn concerns(&self, filter: &StatusFilter) -> bool {
        match self {
            Self::Created(status) | Self::Updated(status) => filter.matches(status),
            Self::Deleted { owner: Some(owner), .. } => filter.shows_those_of(owner.profile, &owner.username),
            Self::Deleted { owner: None, .. } => true,
            Self::Passed => false,
        }
    }
}

/// For a program that tells them on: it asks [`Core::authorise`] for each of its listeners whether they may read the list.
impl Core {
    /// The number of the newest change: who reads the list after this and then follows the changes misses none.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn last_change(&self) -> Result<ChangeId> {
        Ok(self.store.last_change().await?)
    }

    /// Changes after this number, at most `limit`, with the rows that they are about; `None` if the log does not reach
    /// back to it, or has not come to it.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn changes(&self, after: ChangeId, limit: usize) -> Result<Option<Vec<StatusChange>>> {
        let Changes::Since(changes) = self.store.changes(after, limit).await? else { return Ok(None) };
        let mut told = Vec::with_capacity(changes.len());
        for change in changes {
            let news = match change.kind {
                ChangeKind::Deleted => {
                    let owner = self.store.profile_of(change.account).await?;
                    let owner = owner.map(|profile| StatusOwner { profile: profile.id, username: profile.username });
                    StatusNews::Deleted { id: change.status, owner }
                }
                kind => match self.store.status(change.status).await? {
                    Some(status) if kind == ChangeKind::Created => StatusNews::Created(status),
                    Some(status) => StatusNews::Updated(status),
                    None => StatusNews::Passed,
                },
            };
            told.push(StatusChange { number: change.number, news });
        }
        Ok(Some(told))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        store::{Accounts as _, Feed as _, MemoryStore, Statuses as _, Store},
        testkit::fixture,
    };

    #[tokio::test]
    async fn changes_come_with_the_rows_as_they_are_now() {
        let store = Arc::new(MemoryStore::new());
        let ada = store.register(fixture::register("ada")).await.unwrap().account.id;
        for _ in 0..3 {
            store.post_status(ada, fixture::text("hello"), fixture::NOW).await.unwrap();
        }
        let one = StatusId::new(1);
        store.delete_status(StatusId::new(2), fixture::NOW.into()).await.unwrap();
        let revision = crate::model::Revision::FIRST;
        let now =
            store.update_status(one, revision, Some(fixture::text("new")), fixture::after(1).into()).await.unwrap();
        let core = Core::builder(Arc::clone(&store) as Arc<dyn Store>).build().unwrap();
        let told = core.changes(ChangeId::new(0), 9).await.unwrap().unwrap();
        let news: Vec<StatusNews> = told.into_iter().map(|change| change.news).collect();
        let three = store.status(StatusId::new(3)).await.unwrap().unwrap();
        let owner = Some(StatusOwner { profile: three.profile, username: fixture::username("ada") });
        let expected = [
            StatusNews::Created(now.clone()),
            StatusNews::Passed,
            StatusNews::Created(three),
            StatusNews::Deleted { id: StatusId::new(2), owner },
            StatusNews::Updated(now),
        ];
        assert_eq!(news, expected);
        let heard = |name: &str| news.iter().filter(|news| news.concerns(&StatusFilter::by(name))).count();
        assert_eq!((heard("ada"), heard("Ada")), (4, 0));
        let of = |profile| StatusFilter { profile: Some(profile), ..StatusFilter::default() };
        let heard = |profile| news.iter().filter(|news| news.concerns(&of(profile))).count();
        assert_eq!((heard(ProfileId::new(1)), heard(ProfileId::new(2))), (4, 0));
        let later = StatusFilter { since: Some(fixture::after(1)), ..StatusFilter::default() };
        let heard: Vec<_> = news.iter().map(|news| news.concerns(&later)).collect();
        assert_eq!(heard, [false, false, false, true, false]);

        // Of what went with its account everybody hears, and nobody whose it was.
        let after = store.last_change().await.unwrap();
        store.erase_account(fixture::erase(ada, 9)).await.unwrap();
        let told = core.changes(after, 9).await.unwrap().unwrap();
        let gone = [1, 3].map(|id| StatusNews::Deleted { id: StatusId::new(id), owner: None });
        assert_eq!(told.iter().map(|change| change.news.clone()).collect::<Vec<_>>(), gone);
        assert!(gone[0].concerns(&StatusFilter::by("bob")));
        assert_eq!(core.changes(ChangeId::new(99), 9).await.unwrap(), None);
    }
}
