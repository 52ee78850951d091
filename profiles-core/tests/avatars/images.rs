//! Images of every kind, and what can be put into their files.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

/// Red in the upper left quarter, blue elsewhere.
pub(crate) fn drawing(width: u32, height: u32) -> DynamicImage {
    let colour = |x, y| if x < width / 2 && y < height / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) };
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, colour))
}

/// Something that no encoder makes small.
pub(crate) fn photograph(width: u32, height: u32) -> DynamicImage {
    let mut seed = 1_u32;
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (seed >> 27).to_le_bytes()[0];
        let smooth = |part: u32, whole: u32| u8::try_from(part * 200 / whole).unwrap();
        Rgba([smooth(x, width) + noise, smooth(y, height) + noise, 100 + noise, 255])
    }))
}

pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let image = if format == ImageFormat::Jpeg { image.to_rgb8().into() } else { image.clone() };
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A chunk of a PNG, with its checksum.
pub(crate) fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let body = [&kind[..], content].concat();
    let checksum = body.iter().fold(u32::MAX, |checksum, byte| {
        (0..8).fold(
            checksum ^ u32::from(*byte),
            |rest, _| if rest & 1 == 0 { rest >> 1 } else { rest >> 1 ^ 0xedb8_8320 },
        )
    });
    [&length[..], &body, &(!checksum).to_be_bytes()].concat()
}

/// The head of a PNG of so many pixels, one bit each.
pub(crate) fn png_head(width: u32, height: u32) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(*b"IHDR", &[&size[..], &[1, 0, 0, 0, 0]].concat())].concat()
}

/// A segment of a JPEG.
pub(crate) fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// The same file with a remark in it, of the kind that cameras leave: in a JPEG, where and how it was taken, with which
/// side up.
pub(crate) fn with_remark(file: &[u8], format: ImageFormat, remark: &[u8], orientation: u8) -> Vec<u8> {
    let length = u8::try_from(remark.len()).unwrap();
    match format {
        ImageFormat::Jpeg => {
            // One entry, the orientation, in the order of Motorola.
            let tiff =
                [b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], b"\0\0\0\0\0\0"].concat();
            let exif = segment(0xe1, &[b"Exif\0\0", &tiff[..], remark].concat());
            [&file[..2], &exif, &segment(0xfe, remark), &file[2..]].concat()
        }
        ImageFormat::Png => {
            let text = chunk(*b"tEXt", &[b"Comment\0", remark].concat());
            [&file[..33], &text, &file[33..]].concat()
        }
        ImageFormat::Gif => {
            let comment = [b"!\xfe", &[length][..], remark, &[0]].concat();
            [&file[..file.len() - 1], &comment, b";"].concat()
        }
        ImageFormat::WebP => {
            let more = [b"EXIF", &[length, 0, 0, 0][..], remark, &vec![0; remark.len() % 2]].concat();
            let mut file = [file, &more].concat();
            let length = u32::try_from(file.len() - 8).unwrap();
            file[4..8].copy_from_slice(&length.to_le_bytes());
            file
        }
        other => panic!("{other:?}"),
    }
}
