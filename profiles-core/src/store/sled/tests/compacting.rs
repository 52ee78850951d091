//! Writing a database anew.

use std::fs;

use super::*;
use crate::{
    model::Stamp,
    store::{
        Result,
        sled::{
            engine::Pair,
            keys::{self, Meta},
            open,
        },
    },
};

/// All that is in it but how often it was written to, or why that can't be read.
fn contents(store: &SledStore) -> Result<Vec<Pair>> {
    let pairs = store.shared.read(|view| view.scan(keys::everything()).collect::<Result<Vec<_>>>())?;
    let commits = Meta::Commits.key();
    Ok(pairs.into_iter().filter(|(key, _)| key.as_ref() != commits.as_slice()).collect())
}

fn length(path: &Path) -> u64 {
    fs::metadata(path.join("db")).unwrap().len()
}

/// A database that was written all over.
async fn worn(path: &Path) -> SledStore {
    let store = open(path);
    for round in 0..40 {
        let account = store.register(registration(&format!("user{round}"))).await.unwrap().account;
        for number in 0..30 {
            let status = store.post_status(account.id, text(&"x".repeat(200)), NOW).await.unwrap();
            let edited = text(&format!("edited {number} {}", "y".repeat(180)));
            store.update_status(status.id, status.revision, Some(edited), Stamp::from(NOW)).await.unwrap();
        }
    }
    store
}

#[tokio::test]
async fn a_database_that_was_written_anew_has_all_that_it_had_and_a_shorter_file() {
    let dir = directory();
    let store = worn(dir.path()).await;
    let before = contents(&store).unwrap();
    let config = SledConfig::new(dir.path());
    assert!(matches!(SledStore::compact(&config), Err(OpenError::Locked { .. })), "while it is open");
    store.close().await.unwrap();

    let compaction = SledStore::compact(&config).unwrap();
    assert!(compaction.after < compaction.before, "{compaction:?}");
    assert_eq!(compaction.after, length(dir.path()));
    assert!(!dir.path().join("compacting").exists());

    let store = open(dir.path());
    assert!(!store.opened_unclean());
    assert_eq!(contents(&store).unwrap(), before);
    assert_eq!(store.verify().await.unwrap(), nothing());
    let account = store.register(registration("next")).await.unwrap().account;
    store.post_status(account.id, text("goes on"), NOW).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(open(dir.path()).verify().await.unwrap(), nothing());
}

#[tokio::test]
async fn an_empty_one_and_one_that_was_not_closed_can_be_written_anew() {
    let empty = directory();
    SledStore::compact(&SledConfig::new(empty.path())).unwrap();
    let store = worn(empty.path()).await;
    let (crashed, before) = (directory(), contents(&store).unwrap());
    closing::copy(empty.path(), crashed.path());
    SledStore::compact(&SledConfig::new(crashed.path())).unwrap();
    let store = open(crashed.path());
    assert!(!store.opened_unclean());
    assert_eq!(contents(&store).unwrap(), before);
}

/// Whatever it was about when its process ended: all is there.
#[tokio::test]
async fn writing_anew_may_be_interrupted_anywhere() {
    let dir = directory();
    let store = worn(dir.path()).await;
    let before = contents(&store).unwrap();
    store.close().await.unwrap();
    let long = length(dir.path());
    for renamed in [false, true] {
        let open::Opened { engine, directory, .. } = open::open(&SledConfig::new(dir.path())).unwrap();
        let copy = directory.copy();
        drop(compact::write_copy(engine, &copy, 1 << 20).unwrap());
        if renamed {
            for entry in fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.file_name().unwrap().to_str().unwrap().starts_with("snap.") {
                    fs::remove_file(entry).unwrap();
                }
            }
            fs::rename(copy.join("db"), dir.path().join("db")).unwrap();
        }
        drop(directory);
        let store = open(dir.path());
        assert!(store.opened_unclean() && !copy.exists());
        assert_eq!(contents(&store).unwrap(), before);
        assert_eq!(store.verify().await.unwrap(), nothing());
        store.close().await.unwrap();
        assert!(!renamed || length(dir.path()) < long);
    }
}

/// What is damaged does not become worse by it.
#[tokio::test]
async fn of_a_damaged_database_nothing_more_is_lost() {
    let good = damage::crashed().await;
    for round in 0..40 {
        let (left, tried) = (directory(), directory());
        closing::copy(good.path(), left.path());
        damage::spoil(left.path(), round);
        closing::copy(left.path(), tried.path());
        let accepting = |dir: &TempDir| SledConfig { accept_loss: true, ..SledConfig::new(dir.path()) };
        let outcome = SledStore::compact(&accepting(&tried)).map(drop).map_err(|error| error.to_string());
        let place = format!("the database in {} is damaged (", tried.path().display());
        assert!(outcome.as_ref().err().is_none_or(|error| error.starts_with(&place)), "{outcome:?}");
        match (SledStore::open(accepting(&left)), SledStore::open(accepting(&tried))) {
            (Ok(left), Ok(tried)) => {
                let (left, tried) = (contents(&left), contents(&tried));
                assert_eq!(left.is_ok(), outcome.is_ok(), "{round}: {outcome:?}");
                assert_eq!(left.ok(), tried.ok(), "{round}: {outcome:?}");
            }
            (left, tried) => assert_eq!(left.is_ok(), tried.is_ok(), "{round}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn damage_to_what_was_written_anew_is_noticed() {
    let good = directory();
    worn(good.path()).await.close().await.unwrap();
    SledStore::compact(&SledConfig::new(good.path())).unwrap();
    for round in 0..40 {
        let dir = directory();
        closing::copy(good.path(), dir.path());
        damage::spoil(dir.path(), round);
        let refused = SledStore::open(SledConfig::new(dir.path())).map(drop);
        assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{round}: {refused:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn who_could_open_it_can_open_it_still() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

    let dir = directory();
    worn(dir.path()).await.close().await.unwrap();
    let file = dir.path().join("db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o620)).unwrap();
    // Root alone can give files away.
    let is_root = chown(&file, Some(65_534), Some(65_534)).is_ok();
    SledStore::compact(&SledConfig::new(dir.path())).unwrap();
    let found = fs::metadata(&file).unwrap();
    assert_eq!(found.mode() & 0o777, 0o620);
    assert!(!is_root || (found.uid(), found.gid()) == (65_534, 65_534));
}
