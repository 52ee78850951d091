//! Directories that can't be opened: one clear line each, and nothing changed.

use std::{fs, path::PathBuf};

use super::*;

/// Opening fails with this line, in which `{}` stands for the path, and changes nothing.
fn refused(path: &Path, line: &str) {
    let before = contents(path);
    let error = SledStore::open(SledConfig::new(path)).unwrap_err();
    assert_eq!(error.to_string(), line.replace("{}", &path.display().to_string()));
    assert_eq!(contents(path), before);
}

fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    if path.is_file() {
        return vec![(path.to_owned(), fs::read(path).unwrap())];
    }
    let entries = fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.flat_map(|path| if path.is_dir() { vec![] } else { contents(&path) }).collect();
    found.sort();
    found
}

#[test]
fn a_directory_is_made_with_those_above_it_and_is_private() {
    let dir = directory();
    let path = dir.path().join("a/b");
    drop(open(&path));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
    drop(open(&path));
}

#[test]
fn an_open_database_is_in_use() {
    let dir = directory();
    let store = open(dir.path());
    let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "the database in {} is in use by another process: stop that one, or name another directory",
            dir.path().display()
        )
    );
    drop(store);
    drop(open(dir.path()));
}

#[test]
fn what_is_not_a_database_is_left_alone() {
    let dir = directory();
    let file = dir.path().join("file");
    fs::write(&file, "precious").unwrap();
    let advice = "name an empty directory, or one that does not exist yet";
    refused(&file, &format!("{{}} is not a profiles database (it is a file): {advice}"));
    refused(dir.path(), &format!("{{}} is not a profiles database (it contains \"file\"): {advice}"));

    let other = directory();
    ::sled::open(other.path()).unwrap().insert("a", "b").unwrap();
    refused(other.path(), &format!("{{}} is not a profiles database (it contains \"blobs\"): {advice}"));
}

#[test]
fn a_path_through_a_file_is_told_in_the_systems_words() {
    let dir = directory();
    fs::write(dir.path().join("file"), "").unwrap();
    let path = dir.path().join("file/store");
    refused(
        &path,
        "the database at {} can't be opened (Not a directory (os error 20)): \
         check the path, its permissions and the disk",
    );
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let line = "the database in {} has format 7 and this program knows 5: use the version that wrote it";
    let dir = directory();
    drop(open(dir.path()));
    let marker = dir.path().join("profiles-store");
    let text = fs::read_to_string(&marker).unwrap().replace("format 5 commits", "format 7 whatever it says");
    fs::write(&marker, text).unwrap();
    refused(dir.path(), line);

    // And should the marker not tell, the database does.
    let dir = directory();
    let store = open(dir.path());
    store.write(|transaction| transaction.put(keys::Meta::Format.key(), &7_u64)).await.unwrap();
    drop(store);
    for _ in 0..2 {
        let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
        assert_eq!(error.to_string(), line.replace("{}", &dir.path().display().to_string()));
    }
}

#[tokio::test]
async fn the_format_of_a_development_version_is_refused() {
    let line = "the database in {} was made by a development version (format 1, and this program knows 5): \
                name another directory, or remove that one";
    let dir = directory();
    drop(open(dir.path()));
    let marker = dir.path().join("profiles-store");
    let text = fs::read_to_string(&marker).unwrap().replace("format 5 commits", "format 1 commits");
    fs::write(&marker, text).unwrap();
    refused(dir.path(), line);

    let dir = directory();
    let store = open(dir.path());
    store.write(|transaction| transaction.put(keys::Meta::Format.key(), &1_u64)).await.unwrap();
    drop(store);
    let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
    assert_eq!(error.to_string(), line.replace("{}", &dir.path().display().to_string()));
}

#[tokio::test]
async fn a_database_that_took_a_part_of_something_is_refused_until_it_is_removed() {
    let original: std::sync::Arc<dyn crate::store::Store> = std::sync::Arc::new(crate::store::MemoryStore::new());
    crate::testkit::transfer::fill(&*original).await;
    let mut records = crate::testkit::transfer::records(&original).await;
    let rest = records.split_off(20);
    let dir = directory();
    let store = open(dir.path());
    let (to, from) = tokio::sync::mpsc::channel(1);
    let taking = tokio::spawn(async move { crate::store::Transfer::import(&store, from).await });
    to.send(records).await.unwrap();
    // There is room for these once those are being taken; then the call is dropped, as by the end of the process.
    to.send(rest).await.unwrap();
    taking.abort();
    assert!(taking.await.unwrap_err().is_cancelled());
    let told =
        "the database in {} holds a part of what was to be restored into it: remove that directory, and restore again";
    for _ in 0..2 {
        let error = SledStore::open(SledConfig::new(dir.path())).unwrap_err();
        assert_eq!(error.to_string(), told.replace("{}", &dir.path().display().to_string()));
    }
    fs::remove_dir_all(dir.path()).unwrap();
    drop(open(dir.path()));
}

#[test]
fn a_marker_that_makes_no_sense_is_damage() {
    let dir = directory();
    drop(open(dir.path()));
    fs::write(dir.path().join("profiles-store"), "scribble").unwrap();
    refused(
        dir.path(),
        "the database in {} is damaged (\"profiles-store\" makes no sense): \
         put a backup in its place, or name another directory",
    );
}

#[test]
fn a_database_that_has_lost_a_file_is_not_made_anew() {
    for name in ["db", "conf"] {
        let dir = directory();
        drop(open(dir.path()));
        let advice = "put a backup in its place, or name another directory";
        fs::write(dir.path().join(name), "").unwrap();
        refused(dir.path(), &format!("the database in {{}} is damaged (\"{name}\" is empty): {advice}"));
        fs::remove_file(dir.path().join(name)).unwrap();
        refused(dir.path(), &format!("the database in {{}} is damaged (\"{name}\" is missing): {advice}"));
    }
}

#[test]
fn making_a_database_may_be_interrupted_anywhere() {
    let whole = directory();
    drop(open(whole.path()));
    // Our marker comes first and is filled in last; sled makes the rest in this order.
    let order = ["profiles-store", "blobs", "conf", "db"];
    for made in 1..=order.len() {
        let dir = directory();
        for name in &order[..made] {
            match *name {
                "blobs" => fs::create_dir(dir.path().join(name)).unwrap(),
                "conf" => drop(fs::copy(whole.path().join(name), dir.path().join(name)).unwrap()),
                empty => fs::write(dir.path().join(empty), "").unwrap(),
            }
        }
        drop(open(dir.path()));
    }
}

#[test]
fn half_a_snapshot_is_no_obstacle() {
    let dir = directory();
    drop(open(dir.path()));
    fs::write(dir.path().join("snap.FFFFFFFFFFFFFFFF.generating"), "half").unwrap();
    drop(open(dir.path()));
}
