//! Files that are meant to harm, or are broken: each is refused, and says why.

use image::ImageFormat;
use profiles_core::{
    Error, FieldError,
    avatar::AvatarRules,
    permissions::{Actor, Denied},
};

use super::{
    Home,
    images::{chunk, drawing, encoded, photograph, png_head, segment},
    refusal, upload,
};

/// A GIF of so many frames of a pixel.
fn gif(frames: usize) -> Vec<u8> {
    let frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0";
    [b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff", &frame.repeat(frames)[..], b";"].concat()
}

async fn refused(home: &Home, who: Actor, file: Vec<u8>) -> FieldError {
    let error = refusal(home.core.set_avatar(who, upload("a.png", file)).await);
    assert_eq!(home.files(), 0);
    error
}

#[tokio::test]
async fn what_is_too_much_is_refused_before_it_is_decoded() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let pixels = FieldError::TooManyPixels { max: 25_000_000 };

    let bomb = [png_head(50_000, 50_000), chunk(*b"IDAT", &[0; 900]), chunk(*b"IEND", b"")].concat();
    assert!(bomb.len() < 1024);
    assert_eq!(refused(&home, ada, bomb).await, pixels);
    // So deep that its pixels are too much memory, though they are not too many.
    let size = [5000_u32.to_be_bytes(), 4999_u32.to_be_bytes()].concat();
    let deep = [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &[&size[..], &[16, 6, 0, 0, 0]].concat())].concat();
    let deep = [deep, chunk(*b"IDAT", &[0; 900]), chunk(*b"IEND", b"")].concat();
    assert_eq!(refused(&home, ada, deep).await, pixels);

    let mut jpeg = encoded(&drawing(16, 16), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|window| window == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(refused(&home, ada, jpeg).await, pixels);

    let mut wide = gif(1);
    wide[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(refused(&home, ada, wide).await, pixels);
    assert_eq!(refused(&home, ada, gif(1000)).await, FieldError::TooManyFrames { max: 200 });
    home.core.set_avatar(ada, upload("a.gif", gif(200))).await.unwrap();
}

#[tokio::test]
async fn a_jpeg_is_not_gone_over_without_end() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let jpeg = encoded(&drawing(16, 16), ImageFormat::Jpeg);
    let scan = segment(0xda, &[1, 1, 0, 0, 63, 0]);
    let jpeg = [&jpeg[..jpeg.len() - 2], &scan.repeat(10_000)[..], &[0xff, 0xd9]].concat();
    assert_eq!(refused(&home, ada, jpeg).await, FieldError::NotAnImage);
}

#[tokio::test]
async fn what_breaks_off_or_is_no_image_is_refused() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encoded(&photograph(60, 60), format);
        for part in 1..20 {
            let cut = whole[..whole.len() * part / 20].to_vec();
            assert_eq!(refused(&home, ada, cut).await, FieldError::NotAnImage, "{format:?}, {part} of 20");
        }
        let cut = whole[..whole.len() - 1].to_vec();
        assert_eq!(refused(&home, ada, cut).await, FieldError::NotAnImage, "{format:?}");
    }
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let page = b"<!DOCTYPE html><script>alert(1)</script>".to_vec();
    let script = b"GIF89a/*\x01\0\x80*/=alert(1);".to_vec();
    let bitmap = [b"BM", &[0; 200][..]].concat();
    for file in [svg, page, script, bitmap, b"\x89PNG\r\n\x1a\n".to_vec(), vec![0xff, 0xd8, 0xff], vec![0; 100]] {
        assert_eq!(refused(&home, ada, file).await, FieldError::NotAnImage);
    }
    // An image whose lengths all fit, around nothing that decodes.
    let hollow = [png_head(10, 10), chunk(*b"IDAT", b"nothing"), chunk(*b"IEND", b"")].concat();
    assert_eq!(refused(&home, ada, hollow).await, FieldError::NotAnImage);
}

#[tokio::test]
async fn an_image_with_something_else_behind_it_is_refused() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let image = encoded(&drawing(20, 20), format);
        for other in [&b"PK\x03\x04 an archive"[..], b"<script>alert(1)</script>", b"%PDF-1.7", b"<?php"] {
            let both = [&image[..], other].concat();
            assert_eq!(refused(&home, ada, both).await, FieldError::MoreThanAnImage, "{format:?}");
        }
    }
    // What a telephone appends is left behind.
    let appended = b"\0\0\0\x18ftypmp42 a film of a second";
    let file = [&encoded(&drawing(20, 20), ImageFormat::Jpeg)[..], appended].concat();
    let profile = home.core.set_avatar(ada, upload("a.jpg", file)).await.unwrap();
    for file in home.shown(&profile).await {
        assert!(!file.windows(4).any(|window| window == b"ftyp"));
    }
}

#[tokio::test]
async fn names_are_looked_at_and_never_used() {
    let home = Home::with(AvatarRules { max_bytes: 10_000, ..AvatarRules::default() });
    let ada = home.somebody("ada").await;
    let png = encoded(&drawing(20, 20), ImageFormat::Png);
    let answer = async |name: &str, content: &[u8]| home.core.set_avatar(ada, upload(name, content)).await;
    let too_long = FieldError::FileNameTooLong { max: 100, length: 101 };
    for (name, content, expected) in [
        ("a\0.png", &png[..], FieldError::InvalidFileName),
        ("../../etc/passwd\0.png", &png, FieldError::InvalidFileName),
        ("\x1b[2J.png", &png, FieldError::InvalidFileName),
        (&format!("{}.png", "é".repeat(97)), &png, too_long),
        ("a.png", b"", FieldError::EmptyFile),
        ("a.png", &[0; 10_001], FieldError::FileTooLarge { max: 10_000 }),
        // What it is comes before what it is called.
        ("a.exe", b"MZ", FieldError::NotAnImage),
    ] {
        assert_eq!(refusal(answer(name, content).await), expected, "{name:?}");
    }
    for (name, extension) in
        [("a.exe", "exe"), ("a.SVG", "svg"), ("png", ""), (".png", ""), ("a.", ""), ("a.png/b", "")]
    {
        let FieldError::ExtensionNotAllowed { extension: told, .. } = refusal(answer(name, &png).await) else {
            panic!("{name}")
        };
        assert_eq!(told, extension, "{name}");
    }
    assert_eq!(home.files(), 0);
    for name in [
        "a.png",
        "A.PNG",
        "/etc/a.jpeg",
        "C:\\a.b\\c.gif",
        "..a.webp",
        &format!("{}/{}.png", "x".repeat(300), "y".repeat(96)),
    ] {
        answer(name, &png).await.unwrap();
    }
    assert_eq!(home.files(), 2);
}

#[tokio::test]
async fn nobody_sets_a_picture_without_being_known() {
    let home = Home::new();
    let png = encoded(&drawing(20, 20), ImageFormat::Png);
    let answer = home.core.set_avatar(Actor::Anonymous, upload("a.png", png)).await;
    assert!(matches!(answer, Err(Error::Denied(Denied::Unauthenticated))));
}

/// Two are made at a time and eight wait; who comes then is told so at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pictures_is_held_back() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let png = encoded(&photograph(1000, 1000), ImageFormat::Png);
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (core, file) = (home.core.clone(), upload("a.png", png.clone()));
        answers.spawn(async move { core.set_avatar(ada, file).await });
    }
    let (mut set, mut busy) = (0, 0);
    while let Some(answer) = answers.join_next().await {
        match answer.unwrap() {
            Ok(_) => set += 1,
            Err(Error::Busy) => busy += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(set >= 10 && busy >= 1, "{set} were made, {busy} sent away");
    home.core.set_avatar(ada, upload("a.png", png)).await.unwrap();
}
