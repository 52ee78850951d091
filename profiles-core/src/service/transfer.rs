//! Everything that is held, carried to another place: rows and the files of pictures. No permission is asked: who can run
//! it, may.

use std::{fmt, sync::Arc};

use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::{
    Core, Error, Result,
    avatar::AvatarStore,
    model::{AvatarFile, Timestamp},
    store::{self, Record, Store, StoreError},
};

/// A piece of everything that is held.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Some rows, in the order in which a store sends them. [`Record::Numbers`] comes in the last piece, alone.
    Rows(Vec<Record>),
    /// A file of a picture, and when it was put.
    Picture {
        /// Its name.
        file: AvatarFile,
        /// What is in it.
        content: Vec<u8>,
        /// When.
        at: Timestamp,
    },
}

/// Neither rows nor pictures.
impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(records) => f.debug_tuple("Rows").field(&records.len()).finish(),
            Self::Picture { file, content, .. } => {
                f.debug_struct("Picture").field("file", file).field("bytes", &content.len()).finish_non_exhaustive()
            }
        }
    }
}

impl Core {
    /// Sends everything that is held: rows of one moment, and every file that they point at. Until all rows are sent,
    /// writes may wait; until all is sent, no picture is removed. So take the pieces quickly.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store or a file fails, or the receiver is dropped.
    pub async fn export(&self, to: Sender<Piece>) -> Result<()> {
        // Rows first: what they point at was put before them, and stays.
        let _pointing = self.studio.pointing().await;
        let (sender, mut rows) = mpsc::channel(1);
        let store = Arc::clone(&self.store);
        let sending = tokio::spawn(async move { store.export(sender).await });
        let mut last = Vec::new();
        while let Some(mut records) = rows.recv().await {
            last.extend(records.pop_if(|record| matches!(record, Record::Numbers(_))));
            send(&to, Piece::Rows(records)).await?;
        }
        sending.await.map_err(|failure| Error::Unavailable(failure.into()))??;
        let failed = |error: std::io::Error| Error::Unavailable(error.into());
        for first in 0..=u8::MAX {
            let mut files = self.studio.files.list(first).await.map_err(failed)?;
            files.sort_unstable();
            for (file, at) in files {
                if let Some(content) = self.studio.files.get(file).await.map_err(failed)? {
                    send(&to, Piece::Picture { file, content, at }).await?;
                }
            }
        }
        send(&to, Piece::Rows(last)).await
    }
}

async fn send(to: &Sender<Piece>, piece: Piece) -> Result<()> {
    to.send(piece).await.map_err(|_| Error::Unavailable("nobody takes the pieces any more".into()))
}

/// Takes everything that [`Core::export`] has sent into an empty store, and the files of pictures to where they are kept.
/// It is all there once the last piece is: without that, no rows are kept.
///
/// # Errors
/// Those of [`Transfer::import`](store::Transfer::import); `Unavailable` if a file can't be kept.
pub async fn restore(
    store: &Arc<dyn Store>,
    avatars: &dyn AvatarStore,
    mut from: Receiver<Piece>,
) -> store::Result<()> {
    let (sender, rows) = mpsc::channel(1);
    let taking = tokio::spawn({
        let store = Arc::clone(store);
        async move { store.import(rows).await }
    });
    let mut kept = Ok(());
    while let Some(piece) = from.recv().await {
        match piece {
            Piece::Rows(records) => {
                // A store that has refused some wants no more.
                if sender.send(records).await.is_err() {
                    break;
                }
            }
            Piece::Picture { file, content, at } => {
                kept = avatars.put(file, content, at).await.map_err(StoreError::unavailable);
                if kept.is_err() {
                    break;
                }
            }
        }
    }
    drop((sender, from));
    let taken = taking.await.map_err(StoreError::unavailable)?;
    kept.and(taken)
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
    use super::*;
    use crate::{
        avatar::MemoryAvatars,
        model::AvatarSize,
        store::MemoryStore,
        testkit::{
            Refusal, fixture, refusal,
            transfer::{assert_same_content, fill},
        },
    };

    const FILE: AvatarFile = AvatarFile {
        avatar: crate::model::AvatarId { digest: [7; 32], format: crate::model::AvatarFormat::Png },
        size: AvatarSize::Small,
    };

    async fn pieces() -> (Arc<dyn Store>, Vec<Piece>) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        fill(&*store).await;
        let avatars = MemoryAvatars::default();
        avatars.put(FILE, vec![1, 2, 3], fixture::NOW).await.unwrap();
        let core = Core::builder(Arc::clone(&store)).avatars(Arc::new(avatars)).build().unwrap();
        let (to, mut from) = mpsc::channel(1);
        let sending = tokio::spawn(async move { core.export(to).await });
        let mut pieces = Vec::new();
        while let Some(piece) = from.recv().await {
            pieces.push(piece);
        }
        sending.await.unwrap().unwrap();
        (store, pieces)
    }

    async fn restored(pieces: Vec<Piece>) -> (Arc<dyn Store>, MemoryAvatars, store::Result<()>) {
        let (store, avatars): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), MemoryAvatars::default());
        let (to, from) = mpsc::channel(pieces.len());
        for piece in pieces {
            to.send(piece).await.unwrap();
        }
        drop(to);
        let outcome = restore(&store, &avatars, from).await;
        (store, avatars, outcome)
    }

    #[tokio::test]
    async fn rows_and_pictures_are_carried_and_the_numbers_come_last() {
        let (original, pieces) = pieces().await;
        assert!(matches!(pieces.last(), Some(Piece::Rows(rows)) if matches!(rows[..], [Record::Numbers(_)])));
        let (store, avatars, outcome) = restored(pieces).await;
        outcome.unwrap();
        assert_same_content(&store, &original).await;
        assert_eq!(avatars.get(FILE).await.unwrap(), Some(vec![1, 2, 3]));
    }

    #[tokio::test]
    async fn without_the_last_piece_no_rows_are_kept() {
        let (_, mut pieces) = pieces().await;
        pieces.pop();
        let (store, _, outcome) = restored(pieces).await;
        assert_eq!(refusal(outcome), Refusal::Unfit);
        assert_eq!(store.accounts(None, 9).await.unwrap(), []);
    }
}
