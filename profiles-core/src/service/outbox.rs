//! What an operator does with mails that wait, or that could not be sent. No permission is asked: who can run it, may.

use crate::{Core, Result, model::OutboxId, store::OutboxEntry};

impl Core {
    /// Mails after `after`, by number, at most `limit`: those that wait, those that are on their way, and dead letters.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn mails(&self, after: Option<OutboxId>, limit: usize) -> Result<Vec<OutboxEntry>> {
        Ok(self.store.mails(after, limit).await?)
    }

    /// Has a mail sent now, dead letter or not, and its attempts counted anew. One that is on its way is left alone.
    /// Answers whether there is such a mail.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn retry_mail(&self, id: OutboxId) -> Result<bool> {
        Ok(self.store.retry_mail(id, self.clock.now()).await?)
    }

    /// Removes a mail; it is not sent (unless it is on its way already). Answers whether there was such a mail.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store fails.
    pub async fn drop_mail(&self, id: OutboxId) -> Result<bool> {
        Ok(self.store.drop_mail(id).await?)
    }
}
