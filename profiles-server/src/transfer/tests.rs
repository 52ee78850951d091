//! Files that are whole, and files that are not.

use std::{
    io::{self, Cursor, Write},
    sync::{Arc, Mutex},
};

use profiles_core::{
    Core,
    avatar::{AvatarStore as _, MemoryAvatars},
    model::{AvatarFile, AvatarFormat, AvatarId, AvatarSize},
    store::{MemoryStore, Store, StoreError},
    testkit::{
        fixture,
        transfer::{assert_same_content, fill},
    },
};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::*;

const PICTURED: AvatarFile =
    AvatarFile { avatar: AvatarId { digest: [0xab; 32], format: AvatarFormat::Jpeg }, size: AvatarSize::Large };

/// What is written, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn exported() -> (Arc<dyn Store>, Vec<u8>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    fill(&*store).await;
    let avatars = MemoryAvatars::default();
    avatars.put(PICTURED, vec![0xff; 1000], fixture::NOW).await.unwrap();
    let core = Core::builder(Arc::clone(&store)).avatars(Arc::new(avatars)).build().unwrap();
    let kept = Kept::default();
    let counts = write(&core, kept.clone(), |_| {}).await.unwrap();
    assert_eq!(counts.to_string(), "5 accounts, 15 statuses, 1 files of pictures and 59 other rows");
    let bytes = kept.0.lock().unwrap().clone();
    (store, bytes)
}

type Outcome = Result<Counts, String>;

/// Takes a file into an empty store.
async fn restored(file: Vec<u8>) -> (Arc<dyn Store>, MemoryAvatars, Outcome) {
    let (store, avatars): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), MemoryAvatars::default());
    let reader = match Reader::open(Cursor::new(file)) {
        Ok(reader) => reader,
        Err(error) => return (store, avatars, Err(error.to_string())),
    };
    let (to, pieces) = mpsc::channel(1);
    let reading = spawn_blocking(move || reader.read(&to, |_| {}));
    let taken = profiles_core::restore(&store, &avatars, pieces).await;
    let read = reading.await.unwrap();
    assert!(read.is_ok() || taken.is_err(), "what is not whole is not kept");
    let outcome = match (read, taken) {
        (Ok(counts), Ok(())) => Ok(counts),
        (Err(ReadError::Stopped) | Ok(_), Err(StoreError::Unfit(what))) => Err(what.0),
        (Err(error), _) => Err(error.to_string()),
        (Ok(_), Err(error)) => Err(error.to_string()),
    };
    (store, avatars, outcome)
}

async fn refused(file: Vec<u8>) -> String {
    let (store, _, outcome) = restored(file).await;
    assert_eq!(store.accounts(None, 1).await.unwrap(), [], "nothing is kept");
    outcome.unwrap_err()
}

#[tokio::test]
async fn what_is_written_is_read_back_whole() {
    let (original, file) = exported().await;
    let (store, avatars, outcome) = restored(file.clone()).await;
    assert_eq!(outcome.unwrap().0["account"], 5);
    assert_same_content(&store, &original).await;
    assert_eq!(avatars.get(PICTURED).await.unwrap(), Some(vec![0xff; 1000]));
    let text = String::from_utf8(file).unwrap();
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with(r#"{"format":"profiles-server export","version":1,"program":"profiles-server "#),
        "{first}"
    );
    let last = text.lines().last().unwrap();
    assert!(last.starts_with(r#"{"end":{"rows":{"account":5,"#), "{last}");
    assert_eq!(text.lines().count(), 5 + 15 + 1 + 59 + 2);
}

#[tokio::test]
async fn a_file_that_is_cut_anywhere_is_refused() {
    let (_, file) = exported().await;
    for end in (0..file.len()).step_by(97).chain(file.len() - 3..file.len()) {
        let told = refused(file[..end].to_vec()).await;
        assert!(
            told.starts_with("is cut short: it ends after line ") || told.starts_with("is no export"),
            "{end}: {told}"
        );
    }
    // And between two lines.
    for (end, _) in file.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if end + 1 < file.len() {
            let told = refused(file[..=end].to_vec()).await;
            assert!(told.starts_with("is cut short: it ends after line "), "{told}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_changed_anywhere_is_refused() {
    let (_, file) = exported().await;
    for place in (0..file.len()).step_by(61) {
        let mut changed = file.clone();
        changed[place] ^= 1;
        refused(changed).await;
    }
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for number in 1..lines.len() - 2 {
        let (mut without, mut twice, mut swapped) = (lines.clone(), lines.clone(), lines.clone());
        without.remove(number);
        twice.insert(number, lines[number]);
        swapped.swap(number, number + 1);
        for changed in [without, twice, swapped] {
            refused(changed.concat()).await;
        }
    }
}

#[tokio::test]
async fn what_is_something_else_is_told() {
    let foreign = "is no export of profiles-server; one that was compressed has to be unpacked first";
    for file in [&b""[..], b"\n", b"hello\n", b"\x1f\x8b\x08\0\n", b"{}\n", b"[1]\n", &[b'x'; 10_000], &[b'['; 4000]] {
        assert_eq!(refused(file.to_vec()).await, foreign);
    }
    let (_, file) = exported().await;
    let text = String::from_utf8(file).unwrap();
    assert_eq!(refused(text.replacen("server export", "server backup", 1).into_bytes()).await, foreign);
    let told = refused(text.replacen("\"version\":1", "\"more\":[],\"version\":2", 1).into_bytes()).await;
    let newer = "is an export of version 2, and this program knows version 1: use the version of profiles-server that \
                 wrote it";
    assert_eq!(told, newer);
    let (last, lines) = (text.lines().count(), |number: usize| text.lines().nth(number).unwrap().to_owned());
    for (changed, told) in [
        (text.clone() + "\n", format!("is damaged: there is something after the end in line {}", last + 1)),
        (text.clone() + &text, format!("is damaged: there is something after the end in line {}", last + 1)),
        (
            text.replace("Łódź", "Lodz"),
            format!("is damaged: the checksum of all before it is another than in line {last}"),
        ),
        (
            text.replace("\"rows\":{\"account\":5", "\"rows\":{\"account\":6"),
            format!("is damaged: there are other numbers of rows than in line {last}"),
        ),
        (text.replace(&lines(1), "{\"row\":\"wish\"}"), "is damaged: there is no known row in line 2".to_owned()),
        (
            text.replace(&lines(1), "{\"row\":\"picture\",\"file\":\"../x\",\"at\":0,\"data\":\"\"}"),
            "is damaged: there is no known picture in line 2".to_owned(),
        ),
        (text.replace(&lines(last - 1), "{}"), format!("is damaged: there is no end in line {last}")),
    ] {
        assert_eq!(refused(changed.into_bytes()).await, told);
    }
}
