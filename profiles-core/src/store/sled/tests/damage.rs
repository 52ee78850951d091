//! Databases that something has gone over: never a panic that gets out, never a hang.

use std::{fs, time::Duration};

use super::*;

/// What is done to the file.
fn spoil(data: &mut Vec<u8>, kind: usize, at: usize) {
    let at = at % data.len();
    let end = (at + 4096).min(data.len());
    match kind {
        0 => data.truncate(at),
        1 => data[at..end].fill(0),
        2 => data[at..end].fill(0xff),
        3 => data[at..end].iter_mut().for_each(|byte| *byte ^= 0x55),
        _ => data[at] ^= 0x10,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_an_error_or_is_found_or_does_no_harm() {
    let whole = directory();
    let store = open(whole.path());
    for number in 0..40 {
        let account = store.register(registration(&format!("user{number}"))).await.unwrap().account;
        for _ in 0..10 {
            store.post_status(account.id, text(&"x".repeat(200)), NOW).await.unwrap();
        }
    }
    drop(store);
    let data = fs::read(whole.path().join("db")).unwrap();
    let written = data.iter().rposition(|byte| *byte != 0).unwrap();

    let (mut refused, mut found) = (0, 0);
    for round in 0..40_usize {
        let dir = directory();
        closing::copy(whole.path(), dir.path());
        let mut spoilt = data.clone();
        spoil(&mut spoilt, round % 5, round.wrapping_mul(0x9E37_79B9) % written);
        fs::write(dir.path().join("db"), spoilt).unwrap();
        let path = dir.path().to_owned();
        let opening = tokio::task::spawn_blocking(move || SledStore::open(SledConfig::new(path)));
        match tokio::time::timeout(Duration::from_secs(30), opening).await.expect("it hangs").unwrap() {
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
                assert_eq!(error.to_string().lines().count(), 1);
                refused += 1;
            }
            Ok(store) => {
                let checked = tokio::time::timeout(Duration::from_secs(30), store.verify()).await.expect("it hangs");
                found += usize::from(!matches!(checked, Ok(found) if found.is_empty()));
            }
        }
    }
    assert!(refused > 0, "no damage was noticed at opening");
    println!("of 40, {refused} were refused, {found} were found by verify()");
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
    let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}
