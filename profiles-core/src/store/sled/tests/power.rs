//! A model of losing power.
//!
//! What may be on an ext4 disk after a loss of power: everything up to the last sync that was completed; of what was
//! written later, any part; and the file may be as short as it was at that sync. The store runs on a disk that copies
//! its directory at one sync, and again just before the next, which never completes. From the two copies, states are
//! made that a disk could be in, and each must hold every write that was acknowledged.
//!
//! Only the file of data is mixed so. It does not model a disk that lies about a sync.

use std::{fs, path::PathBuf};

use tokio::task::JoinSet;

use super::{closing::copy, *};
use crate::store::{Slice, Start, StatusFilter, StatusOrder};

/// Loses its power at a sync.
struct Doomed {
    data: File,
    left: usize,
    /// At the last sync that is completed.
    synced: PathBuf,
    /// When the next one was asked for.
    lost: PathBuf,
    source: PathBuf,
}

impl Barrier for Doomed {
    fn sync(&mut self) -> io::Result<()> {
        match self.left {
            0 => {
                copy(&self.source, &self.lost);
                return Err(io::Error::other("no power"));
            }
            1 => {
                // What sled's own threads write during the copy is what they wrote after the sync.
                self.data.sync_data()?;
                copy(&self.source, &self.synced);
            }
            _ => self.data.sync_data()?,
        }
        self.left -= 1;
        Ok(())
    }
}

/// Sixteen tasks post until the power is lost; answers what they were told is kept.
async fn write_until_dark(source: &Path, synced: &Path, lost: &Path, syncs: usize) -> Vec<u64> {
    let (source, synced, lost) = (source.to_owned(), synced.to_owned(), lost.to_owned());
    let config = SledConfig::new(&source);
    let store = SledStore::open_with(config, |data| Box::new(Doomed { data, left: syncs, synced, lost, source }));
    let store = Arc::new(store.unwrap());
    let account = store.register(registration("ada")).await.unwrap().account.id;
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut kept = Vec::new();
            while let Ok(status) = store.post_status(account, text(&"x".repeat(200)), NOW).await {
                kept.push(status.id.get());
            }
            kept
        });
    }
    tasks.join_all().await.concat()
}

/// A stream of numbers that is the same every time (xorshift).
fn numbers(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    }
}

/// A file of which some pages were written after the sync, and others not.
fn mix(synced: &[u8], lost: &[u8], mut number: impl FnMut() -> u64) -> Vec<u8> {
    const PAGE: usize = 4096;
    let grown = lost.len().saturating_sub(synced.len()) as u64;
    let length = synced.len() + usize::try_from(number() % (grown + 1)).unwrap();
    let mut mixed: Vec<u8> = synced.iter().copied().chain(std::iter::repeat(0)).take(length).collect();
    for (page, later) in mixed.chunks_mut(PAGE).zip(lost.chunks(PAGE)) {
        if number().is_multiple_of(2) {
            let same = page.len().min(later.len());
            page[..same].copy_from_slice(&later[..same]);
        }
    }
    mixed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_loss_of_power() {
    let mut acknowledged = 0;
    for round in 0..6_u64 {
        let (source, synced, lost) = (directory(), directory(), directory());
        let syncs = [2, 5, 17, 40, 97, 200][usize::try_from(round).unwrap()];
        let kept = write_until_dark(source.path(), synced.path(), lost.path(), syncs).await;
        acknowledged += kept.len();
        let (early, late) = (fs::read(synced.path().join("db")).unwrap(), fs::read(lost.path().join("db")).unwrap());

        // The tail gone, everything there, and four mixtures.
        let mut states = vec![early.clone(), late.clone()];
        states.extend((1..=4).map(|seed| mix(&early, &late, numbers(round * 10 + seed))));
        for (state, data) in states.into_iter().enumerate() {
            let dark = directory();
            copy(lost.path(), dark.path());
            fs::write(dark.path().join("db"), data).unwrap();
            let store = open(dark.path());
            assert!(store.opened_unclean());
            let all = Slice { start: Start::Skip(0), limit: usize::MAX };
            let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.unwrap().rows;
            let there: std::collections::BTreeSet<u64> = rows.iter().map(|row| row.id.get()).collect();
            let gone: Vec<_> = kept.iter().filter(|id| !there.contains(id)).collect();
            assert!(gone.is_empty(), "round {round}, state {state}: {} of {} are gone", gone.len(), kept.len());
            assert_eq!(store.verify().await.unwrap(), nothing(), "round {round}, state {state}");
        }
    }
    assert!(acknowledged > 500, "only {acknowledged} writes: the test shows little");
}
