//! What hostile images cost in memory. Alone in its file, because the figure is that of the whole process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "shared with the tests of pictures")]
#[path = "avatars/images.rs"]
mod images;

use std::{fs, sync::Arc};

use image::ImageFormat;
use profiles_core::{
    AvatarUpload, Core,
    permissions::Actor,
    store::{MemoryStore, Store},
    testkit::fixture,
};

/// The most memory that this process has had, in KiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_bomb_takes_no_more_than_its_file() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ada = Actor::from(&store.register(fixture::register("ada")).await.unwrap().account);
    let core = Core::builder(store).build().unwrap();
    let set = async |content: Vec<u8>| core.set_avatar(ada, AvatarUpload { file_name: "a.png".into(), content }).await;
    // Whatever is taken once, by the first image.
    set(images::encoded(&images::drawing(600, 600), ImageFormat::Png)).await.unwrap();

    let before = most_memory();
    let head = images::png_head(50_000, 50_000);
    for content in [
        [head.clone(), images::chunk(*b"IDAT", &[0; 900]), images::chunk(*b"IEND", b"")].concat(),
        // A profile of colours that is 4 MB of nothing, compressed: refused with the rest of the head.
        [
            head,
            images::chunk(*b"iCCP", &[b"x\0\0", &[0x78, 0x9c][..], &vec![0; 4_000_000]].concat()),
            images::chunk(*b"IEND", b""),
        ]
        .concat(),
    ] {
        set(content).await.unwrap_err();
    }
    let after = most_memory();
    assert!(after < before + 24 * 1024, "{before} KiB before, {after} KiB after");
}
