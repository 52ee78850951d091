//! What happens to statuses, for those who follow it.

use crate::{
    Core, Result,
    model::{ChangeId, ChangeKind, Status, StatusId, Username},
    store::Changes,
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
        /// The present name of its account; `None` if that is gone too.
        username: Option<Username>,
    },
    /// It was posted or written, and is gone by now: a later change tells of that.
    Passed,
}

impl StatusNews {
    /// Whether a follower of the statuses of `wanted`, or of all if it is `None`, hears of it. The name's case counts, as
    /// in [`StatusFilter::username`](crate::store::StatusFilter::username). That something is gone whose owner is gone too is told
    /// to all: nobody knows any more whom it belonged to, and the number alone gives nothing away.
    pub fn concerns(&self, wanted: Option<&str>) -> bool {
        let is_wanted = |name: &Username| wanted.is_none_or(|wanted| wanted == name.as_str());
        match self {
            Self::Created(status) | Self::Updated(status) => is_wanted(&status.username),
            Self::Deleted { username: Some(name), .. } => is_wanted(name),
            Self::Deleted { username: None, .. } => true,
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
                    let owner = self.store.account(change.account).await?;
                    StatusNews::Deleted { id: change.status, username: owner.map(|owner| owner.username) }
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
        let ada_now = Some(fixture::username("ada"));
        let expected = [
            StatusNews::Created(now.clone()),
            StatusNews::Passed,
            StatusNews::Created(three),
            StatusNews::Deleted { id: StatusId::new(2), username: ada_now },
            StatusNews::Updated(now),
        ];
        assert_eq!(news, expected);
        let heard = |name: &str| news.iter().filter(|news| news.concerns(Some(name))).count();
        assert_eq!((heard("ada"), heard("Ada")), (4, 0));

        // Of what went with its account everybody hears, and nobody whose it was.
        let after = store.last_change().await.unwrap();
        store.erase_account(fixture::erase(ada, 9)).await.unwrap();
        let told = core.changes(after, 9).await.unwrap().unwrap();
        let gone = [1, 3].map(|id| StatusNews::Deleted { id: StatusId::new(id), username: None });
        assert_eq!(told.iter().map(|change| change.news.clone()).collect::<Vec<_>>(), gone);
        assert!(gone[0].concerns(Some("bob")));
        assert_eq!(core.changes(ChangeId::new(99), 9).await.unwrap(), None);
    }
}
