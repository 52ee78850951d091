//! Pictures, from what people send to what others see: over a real folder, with images of every kind, and some that are
//! none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking"
)]

#[path = "avatars/files.rs"]
mod files;
#[path = "avatars/hostile.rs"]
mod hostile;
#[path = "avatars/images.rs"]
mod images;
#[path = "avatars/remaking.rs"]
mod remaking;

use std::{fs, path::Path, sync::Arc, time::Duration};

use profiles_core::{
    AvatarUpload, Core, Error, FieldError, Settings,
    avatar::{AvatarRules, FolderAvatars},
    model::{AccountId, AvatarFile, AvatarSize, Profile},
    permissions::Actor,
    store::{MemoryStore, Store},
    testkit::{FailingStore, ManualClock, fixture},
};
use tempfile::TempDir;

/// A core over a store that can fail and a folder, with a clock that stands still.
struct Home {
    core: Core,
    store: Arc<FailingStore>,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Home {
    fn with(rules: AvatarRules) -> Self {
        let store = Arc::new(FailingStore::new(Arc::new(MemoryStore::new())));
        let clock = Arc::new(ManualClock::new());
        let folder = tempfile::tempdir().unwrap();
        let avatars = FolderAvatars::open(folder.path()).unwrap();
        let mut settings = Settings::default();
        settings.avatars = rules;
        let builder = Core::builder(Arc::clone(&store) as Arc<dyn Store>).settings(settings);
        let core = builder.clock(Arc::clone(&clock) as _).avatars(Arc::new(avatars)).build().unwrap();
        Self { core, store, clock, folder }
    }

    fn new() -> Self {
        Self::with(AvatarRules::default())
    }

    async fn somebody(&self, name: &str) -> Actor {
        Actor::from(&self.core.store().register(fixture::register(name)).await.unwrap().account)
    }

    /// What is in the two files of the picture that a profile shows, the large one first.
    async fn shown(&self, profile: &Profile) -> [Vec<u8>; 2] {
        let avatar = profile.avatar.expect("a picture");
        let mut files = Vec::new();
        for size in AvatarSize::ALL {
            files.push(self.core.avatar_file(AvatarFile { avatar, size }).await.unwrap().expect("a file"));
        }
        files.try_into().unwrap()
    }

    /// How many files there are.
    fn files(&self) -> usize {
        count(self.folder.path())
    }
}

fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn upload(file_name: &str, content: impl Into<Vec<u8>>) -> AvatarUpload {
    AvatarUpload { file_name: file_name.to_owned(), content: content.into() }
}

/// What is wrong with a picture, by the one message that it gets.
fn refusal<T: std::fmt::Debug>(answer: Result<T, Error>) -> FieldError {
    match answer {
        Err(Error::Invalid(errors)) => {
            let [error] = errors.get("avatar") else { panic!("{errors}") };
            error.clone()
        }
        other => panic!("{other:?}"),
    }
}

const HOUR: Duration = Duration::from_hours(1);
const ADA: AccountId = AccountId::new(1);
