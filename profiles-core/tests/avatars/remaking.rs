//! What becomes of an image.

use image::{GenericImageView as _, ImageFormat, Rgba};
use profiles_core::model::AvatarFormat;

use super::{
    Home,
    images::{drawing, encoded, photograph, with_remark},
    upload,
};

const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];
const REMARK: &[u8] = b"taken at 51.4934 N 0.0098 W";

fn contains(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn every_kind_of_image_becomes_two_squares_with_nothing_else_in_them() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    for format in FORMATS {
        for (width, height, sides) in [(900, 700, [512, 96]), (200, 300, [200, 96]), (50, 50, [50, 50]), (1, 1, [1, 1])]
        {
            let file = with_remark(&encoded(&drawing(width, height), format), format, REMARK, 1);
            assert!(contains(&file, REMARK));
            // The name says something else, and is not believed.
            let profile = home.core.set_avatar(ada, upload("holiday.bmp", file)).await.unwrap();
            for (file, side) in home.shown(&profile).await.iter().zip(sides) {
                assert!(!contains(file, b"51.4934") && !contains(file, b"Exif"), "{format:?}");
                let image = image::load_from_memory(file).unwrap();
                assert_eq!(image.dimensions(), (side, side), "{format:?} of {width} by {height}");
            }
        }
    }
}

#[tokio::test]
async fn the_middle_is_shown_the_right_way_up() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let plain = encoded(&drawing(300, 300), ImageFormat::Jpeg);
    // Where the red quarter comes to lie: upper left, upper right, lower left, lower right.
    let corners = [(128, 128), (384, 128), (128, 384), (384, 384)].map(|(x, y)| (x * 300 / 512, y * 300 / 512));
    for (orientation, red) in [(1, 0), (2, 1), (3, 3), (4, 2), (5, 0), (6, 1), (7, 3), (8, 2), (99, 0)] {
        let file = with_remark(&plain, ImageFormat::Jpeg, REMARK, orientation);
        let profile = home.core.set_avatar(ada, upload("a.jpg", file)).await.unwrap();
        let [large, _] = home.shown(&profile).await;
        let image = image::load_from_memory(&large).unwrap();
        for (number, (x, y)) in corners.into_iter().enumerate() {
            let Rgba([r, _, b, _]) = image.get_pixel(x, y);
            assert_eq!(r > b, number == red, "orientation {orientation}, corner {number}: {r} red, {b} blue");
        }
    }
    // Only the middle of this is red all over.
    let mut wide = drawing(300, 100).to_rgba8();
    wide.enumerate_pixels_mut()
        .filter(|(x, _, _)| (100..200).contains(x))
        .for_each(|(.., pixel)| pixel.0 = [255, 0, 0, 255]);
    let profile = home.core.set_avatar(ada, upload("a.png", encoded(&wide.into(), ImageFormat::Png))).await.unwrap();
    let image = image::load_from_memory(&home.shown(&profile).await[0]).unwrap();
    assert!(image.pixels().all(|(.., pixel)| pixel == Rgba([255, 0, 0, 255])));
}

#[tokio::test]
async fn what_is_transparent_stays_so_and_photographs_are_small() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let mut pierced = drawing(100, 100).to_rgba8();
    pierced.put_pixel(50, 50, Rgba([0, 0, 0, 0]));
    let profile = home.core.set_avatar(ada, upload("a.png", encoded(&pierced.into(), ImageFormat::Png))).await.unwrap();
    assert_eq!(profile.avatar.unwrap().format, AvatarFormat::Png);
    let image = image::load_from_memory(&home.shown(&profile).await[0]).unwrap();
    assert_eq!(image.get_pixel(50, 50).0[3], 0);

    let file = encoded(&photograph(1200, 1200), ImageFormat::Png);
    let profile = home.core.set_avatar(ada, upload("a.png", file)).await.unwrap();
    assert_eq!(profile.avatar.unwrap().format, AvatarFormat::Jpeg);
    assert!(home.shown(&profile).await[0].len() < 150_000);
}

#[tokio::test]
async fn of_an_animation_the_first_frame_is_shown() {
    let home = Home::new();
    let ada = home.somebody("ada").await;
    let mut file = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut file);
    for side in [40, 20] {
        encoder.encode_frame(image::Frame::new(drawing(side, side).to_rgba8())).unwrap();
    }
    drop(encoder);
    let profile = home.core.set_avatar(ada, upload("a.gif", file)).await.unwrap();
    let image = image::load_from_memory(&home.shown(&profile).await[0]).unwrap();
    assert_eq!((image.dimensions(), image.get_pixel(5, 5)), ((40, 40), Rgba([255, 0, 0, 255])));
}
