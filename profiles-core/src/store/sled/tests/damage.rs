//! Databases that something has gone over: noticed, told in one line, never a panic that gets out, never a hang.

use std::{fs, time::Duration};

use super::*;
use crate::store::{ProfileFilter, Profiles as _, Slice, Start, StatusFilter, StatusOrder, sled::keys};

const STATUSES: usize = 300;

/// A database of some size, and its file.
async fn whole(path: &Path) -> SledStore {
    let store = open(path);
    for number in 0..30 {
        let account = store.register(registration(&format!("user{number}"))).await.unwrap().account;
        for _ in 0..STATUSES / 30 {
            store.post_status(account.id, text(&"x".repeat(200)), NOW).await.unwrap();
        }
    }
    store
}

/// The same as a crash would leave it, once sled has nothing left to write in the background.
pub(super) async fn crashed() -> TempDir {
    let (good, crashed) = (directory(), directory());
    let store = whole(good.path()).await;
    closing::copy(good.path(), crashed.path());
    drop(store);
    crashed
}

/// What is done to a file, in 40 ways. The part that is hit has been written to, and begins with what no way leaves as it
/// was: how sled lays a file out depends on when its threads run.
pub(super) fn spoil(path: &Path, round: usize) {
    let file = path.join("db");
    let mut data = fs::read(&file).unwrap();
    let is_written = |byte: &u8| ![0, 0xff].contains(byte);
    let written = data.iter().rposition(is_written).unwrap();
    let at = 512 + round * (written - 512) / 40;
    let at = at + data[at..].iter().position(is_written).unwrap();
    let end = (at + 4096).min(written + 1);
    match round % 5 {
        0 => data.truncate(at),
        1 => data[at..end].fill(0),
        2 => data[at..end].fill(0xff),
        3 => data[at..end].iter_mut().for_each(|byte| *byte ^= 0x55),
        _ => data[at] ^= 0x10,
    }
    fs::write(&file, data).unwrap();
}

async fn try_open(config: SledConfig) -> Result<SledStore, OpenError> {
    let opening = tokio::task::spawn_blocking(move || SledStore::open(config));
    tokio::time::timeout(Duration::from_secs(30), opening).await.expect("it hangs").unwrap()
}

#[tokio::test]
async fn damage_to_a_closed_database_is_noticed_before_anything_is_changed() {
    let good = directory();
    whole(good.path()).await.close().await.unwrap();
    for round in 0..40 {
        let dir = directory();
        closing::copy(good.path(), dir.path());
        spoil(dir.path(), round);
        let before = fs::read(dir.path().join("db")).unwrap();
        let error = try_open(SledConfig::new(dir.path())).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the database in {} is damaged (its data is not what it was when it was closed): \
                 put a backup in its place, or name another directory",
                dir.path().display()
            )
        );
        assert_eq!(fs::read(dir.path().join("db")).unwrap(), before);
    }
}

#[tokio::test]
async fn damage_to_one_that_was_not_closed_is_noticed_when_anything_is_gone() {
    let crashed = crashed().await;
    let mut noticed = 0;
    for round in 0..40 {
        let dir = directory();
        closing::copy(crashed.path(), dir.path());
        spoil(dir.path(), round);
        match try_open(SledConfig::new(dir.path())).await {
            Err(OpenError::Damaged { .. }) => noticed += 1,
            Err(other) => panic!("{other}"),
            Ok(store) => {
                let all = Slice { start: Start::Skip(0), limit: 1000 };
                let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.unwrap().rows;
                assert_eq!((rows.len(), store.verify().await.unwrap()), (STATUSES, nothing()), "round {round}");
            }
        }
    }
    // The others hit what was written over since, of which nothing is missing.
    assert!(noticed > 10, "only {noticed}");
}

#[tokio::test]
async fn what_is_left_can_be_opened_by_who_asks_for_it() {
    let good = directory();
    whole(good.path()).await.close().await.unwrap();
    let mut older = 0;
    for round in (4..40).step_by(5) {
        let dir = directory();
        closing::copy(good.path(), dir.path());
        spoil(dir.path(), round);
        try_open(SledConfig::new(dir.path())).await.unwrap_err();
        let accepted = SledConfig { accept_loss: true, ..SledConfig::new(dir.path()) };
        let store = try_open(accepted).await.unwrap();
        let left = store.count_statuses(&StatusFilter::default()).await.unwrap();
        assert!((0..=STATUSES as u64).contains(&left), "{left}");
        // What was written over since may be spoilt, and nothing is lost. Otherwise `verify` says what no longer fits: what
        // sled wrote behind the damage may lie before it in the file.
        older += usize::from(left < STATUSES as u64);
        store.verify().await.unwrap();
        // From then on it is whole again.
        drop(store);
        drop(open(dir.path()));
    }
    assert!(older > 0);
}

#[tokio::test]
async fn texts_that_cannot_be_read_cost_searches_and_nothing_else() {
    let crashed = crashed().await;
    let raw = ::sled::open(crashed.path()).unwrap();
    let (place, _) = raw.range(..keys::all_search_texts().end).next_back().unwrap().unwrap();
    raw.insert(place, &[0xff; 32]).unwrap();
    drop(raw);
    let store = open(crashed.path());
    let all = Slice { start: Start::Skip(0), limit: 1000 };
    let rows = store.statuses(&StatusFilter::default(), StatusOrder::OldestFirst, all).await.unwrap().rows;
    assert_eq!(rows.len(), STATUSES);
    let search = ProfileFilter { terms: vec!["user".into()] };
    let error = store.count_profiles(&search).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert_ne!(store.verify().await.unwrap(), nothing());
}

#[test]
fn a_spoilt_snapshot_is_damage() {
    let dir = directory();
    drop(open(dir.path()));
    // A snapshot is written at the second opening.
    drop(open(dir.path()));
    let snapshots = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let snapshot = snapshots.filter(|path| path.to_string_lossy().contains("snap.")).max().unwrap();
    fs::write(snapshot, "nonsense, and more than twelve bytes of it").unwrap();
    for _ in 0..2 {
        let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
}
