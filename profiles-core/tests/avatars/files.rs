//! Files that come and go.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use image::ImageFormat;
use profiles_core::{
    Core, Error,
    avatar::{AvatarStore, MemoryAvatars},
    model::{AvatarFile, AvatarId, AvatarSize, Timestamp},
    permissions::Actor,
    store::{MemoryStore, Store},
    testkit::{Failure, ManualClock, fixture},
};
use tokio::{task::JoinHandle, time::timeout};

use super::{
    ADA, HOUR, Home,
    images::{drawing, encoded, photograph},
    upload,
};

fn one() -> super::AvatarUpload {
    upload("one.png", encoded(&drawing(100, 100), ImageFormat::Png))
}

fn other() -> super::AvatarUpload {
    upload("other.png", encoded(&photograph(100, 100), ImageFormat::Png))
}

#[tokio::test]
async fn a_picture_that_two_people_show_stays_until_both_have_dropped_it() {
    let home = Home::new();
    let (ada, bob) = (home.somebody("ada").await, home.somebody("bob").await);
    let first = home.core.set_avatar(ada, one()).await.unwrap().avatar;
    let second = home.core.set_avatar(bob, one()).await.unwrap().avatar;
    assert_eq!(first, second, "the same picture has the same files");
    assert_eq!(home.files(), 2);
    let profile = home.core.set_avatar(ada, other()).await.unwrap();
    assert_ne!(profile.avatar, first);
    assert_eq!(home.files(), 4);
    let profile = home.core.edit_avatar(bob).await.unwrap().clear().await.unwrap();
    assert_eq!((profile.avatar, home.files()), (None, 2));
    home.core.edit_avatar(bob).await.unwrap().clear().await.unwrap();
    home.core.edit_avatar(ada).await.unwrap().clear().await.unwrap();
    assert_eq!(home.files(), 0);
}

#[tokio::test]
async fn the_same_picture_again_changes_nothing() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let first = home.core.set_avatar(ada, one()).await.unwrap();
    let again = home.core.set_avatar(ada, one()).await.unwrap();
    assert_eq!((first.avatar, home.files()), (again.avatar, 2));
    home.shown(&again).await;
}

#[tokio::test]
async fn an_erased_account_takes_its_picture_along() {
    let home = Home::new();
    let (ada, bob) = (home.somebody("ada").await, home.somebody("bob").await);
    home.core.set_avatar(ada, one()).await.unwrap();
    home.core.set_avatar(bob, other()).await.unwrap();
    home.core.erase_account(&fixture::username("ada").key()).await.unwrap();
    assert_eq!(home.files(), 2);
    assert_eq!(home.core.store().account(ADA).await.unwrap(), None);
    home.shown(&home.core.own_profile(bob).await.unwrap()).await;
}

/// The row is written last. Whatever ends the process before that leaves a profile as it was, and files that go when they
/// are older than an hour; whatever ends it after that leaves both.
#[tokio::test]
async fn files_come_before_the_row_and_go_if_it_never_came() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let before = home.core.set_avatar(ada, one()).await.unwrap();
    home.store.fail_next_write(Failure::Unavailable);
    let answer = home.core.set_avatar(ada, other()).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))));
    assert_eq!(home.files(), 4, "the new files were there before the row was tried");
    assert_eq!(home.core.own_profile(ada).await.unwrap(), before);
    home.shown(&before).await;

    assert_eq!(home.core.collect_avatars().await.unwrap(), 0);
    home.clock.advance(HOUR);
    assert_eq!(home.core.collect_avatars().await.unwrap(), 0);
    home.clock.advance(HOUR);
    assert_eq!(home.core.collect_avatars().await.unwrap(), 1);
    assert_eq!(home.files(), 2);
    home.shown(&before).await;

    home.store.fail_next_write(Failure::UnavailableThoughDone);
    assert!(home.core.set_avatar(ada, other()).await.is_err());
    let profile = home.core.own_profile(ada).await.unwrap();
    assert_ne!(profile.avatar, before.avatar);
    home.shown(&profile).await;
    // The former one stayed, because nobody knew better; now it goes.
    home.clock.advance(2 * HOUR);
    assert_eq!(home.core.collect_avatars().await.unwrap(), 1);
    assert_eq!(home.files(), 2);
}

#[tokio::test]
async fn files_that_were_put_again_are_young_again() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    home.store.fail_next_write(Failure::Unavailable);
    home.core.set_avatar(ada, one()).await.unwrap_err();
    home.clock.advance(2 * HOUR);
    home.store.fail_next_write(Failure::Unavailable);
    home.core.set_avatar(ada, one()).await.unwrap_err();
    assert_eq!((home.core.collect_avatars().await.unwrap(), home.files()), (0, 2));
}

/// People who take up and drop one picture at the same time, and a sweep that finds it old each time: whoever shows it at
/// the end, or at any moment between, has its files.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_left_pointing_at_files_that_went() {
    let home = Arc::new(Home::new());
    let mut people = tokio::task::JoinSet::new();
    for number in 0..4 {
        let home = Arc::clone(&home);
        people.spawn(async move {
            let who = home.somebody(&format!("person{number}")).await;
            for round in 0..25 {
                let profile = home.core.set_avatar(who, one()).await.unwrap();
                home.clock.advance(2 * HOUR);
                home.core.collect_avatars().await.unwrap();
                home.shown(&profile).await;
                if round % 5 != 4 {
                    home.core.edit_avatar(who).await.unwrap().clear().await.unwrap();
                }
            }
            who
        });
    }
    while let Some(who) = people.join_next().await {
        home.shown(&home.core.own_profile(who.unwrap()).await.unwrap()).await;
    }
    assert_eq!(home.files(), 2);
}

/// Files in memory, and a sweep that comes as soon as both files of a picture are there: before anybody points at them,
/// at a moment at which they are old.
#[derive(Default)]
struct Meddled {
    files: MemoryAvatars,
    clock: Arc<ManualClock>,
    core: OnceLock<Core>,
    sweeps: Mutex<Vec<JoinHandle<usize>>>,
}

#[async_trait]
impl AvatarStore for Meddled {
    async fn put(&self, file: AvatarFile, content: Vec<u8>, at: Timestamp) -> io::Result<()> {
        self.files.put(file, content, at).await?;
        if file.size == AvatarSize::Small {
            self.clock.advance(2 * HOUR);
            let core = self.core.get().unwrap().clone();
            let mut sweep = tokio::spawn(async move { core.collect_avatars().await.unwrap() });
            // It has all the time that it wants, if it does not wait for us.
            let _ = timeout(Duration::from_millis(200), &mut sweep).await;
            self.sweeps.lock().unwrap().push(sweep);
        }
        Ok(())
    }

    async fn get(&self, file: AvatarFile) -> io::Result<Option<Vec<u8>>> {
        self.files.get(file).await
    }

    async fn remove(&self, file: AvatarFile) -> io::Result<()> {
        self.files.remove(file).await
    }

    async fn list(&self, first: u8) -> io::Result<Vec<(AvatarFile, Timestamp)>> {
        self.files.list(first).await
    }
}

#[tokio::test]
async fn a_sweep_between_file_and_row_waits_for_the_row() {
    let files = Arc::new(Meddled::default());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ada = Actor::from(&store.register(fixture::register("ada")).await.unwrap().account);
    let builder = Core::builder(store).clock(Arc::clone(&files.clock) as _);
    let core = builder.avatars(Arc::clone(&files) as _).build().unwrap();
    files.core.set(core.clone()).unwrap();
    let avatar = core.set_avatar(ada, one()).await.unwrap().avatar.unwrap();
    let sweep = files.sweeps.lock().unwrap().pop().unwrap();
    assert_eq!(sweep.await.unwrap(), 0);
    for file in AvatarFile::all_of(avatar) {
        assert!(core.avatar_file(file).await.unwrap().is_some(), "{file}");
    }
}

#[tokio::test]
async fn a_file_is_for_whoever_knows_its_name() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let avatar = home.core.set_avatar(ada, one()).await.unwrap().avatar.unwrap();
    let [file, _] = AvatarFile::all_of(avatar);
    assert!(home.core.avatar_file(file).await.unwrap().is_some());
    let nobodys = AvatarFile { avatar: AvatarId { digest: [0; 32], ..avatar }, ..file };
    assert_eq!(home.core.avatar_file(nobodys).await.unwrap(), None);
}
