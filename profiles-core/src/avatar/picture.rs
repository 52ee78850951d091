//! Making a picture out of whatever came.

use std::io::Cursor;

use image::{
    DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageFormat, ImageResult, Limits, RgbaImage,
    codecs::{
        gif::GifDecoder,
        jpeg::{JpegDecoder, JpegEncoder},
        png::{CompressionType, FilterType as PngFilter, PngDecoder, PngEncoder},
        webp::WebPDecoder,
    },
    imageops::{FilterType, thumbnail},
    metadata::Orientation,
};
use sha2::{Digest as _, Sha256};

use super::extent;
use crate::{
    fields::FieldError,
    model::{AvatarFormat, AvatarId, AvatarSize},
};

/// Frames of an animation at most, of which the first is shown.
const MAX_FRAMES: usize = 200;
/// Times that a JPEG may be gone over. Real ones have some ten; each costs as much as the whole image, and may be sent in a
/// few bytes.
const MAX_SCANS: usize = 64;
/// Memory of a decoder for a pixel; beyond it, so much for whatever it needs besides.
const BYTES_PER_PIXEL: u64 = 4;
const BYTES_BESIDES: u64 = 8 * 1024 * 1024;
/// Of a hundred; what shows in a picture of this size.
const JPEG_QUALITY: u8 = 88;

/// What a picture may be, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvatarRules {
    /// Bytes of a file at most.
    pub max_bytes: usize,
    /// Pixels at most, width times height: while one is decoded, each costs some 8 bytes, and those of a progressive
    /// JPEG some 12.
    pub max_pixels: u64,
    /// Side of the large square in pixels; an image that is smaller is not blown up.
    pub large: u32,
    /// Side of the small square.
    pub small: u32,
}

impl Default for AvatarRules {
    /// 5 MB; 25 million pixels, which a good camera makes; 512 and 96 pixels.
    fn default() -> Self {
        Self { max_bytes: 5_000_000, max_pixels: 25_000_000, large: 512, small: 96 }
    }
}

/// A picture, made anew.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) id: AvatarId,
    large: Vec<u8>,
    small: Vec<u8>,
}

impl Picture {
    /// Reads an image of any kind that browsers show, cuts the square out of its middle, and encodes that in two sizes.
    /// What else was in the file (where and by whom it was taken, what somebody hid in it) is not read, but for which side
    /// is up.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn make(file: &[u8], rules: &AvatarRules) -> Result<Self, FieldError> {
        let (image, orientation) = decode(file, rules)?;
        let mut large = square(&image, rules.large);
        drop(image);
        large.apply_orientation(orientation);
        let small = square(&large, rules.small);
        let (format, large) = encode_best(&large)?;
        let small = encode(&small, format)?;
        let mut digest = Sha256::new();
        for file in [&large, &small] {
            digest.update((file.len() as u64).to_be_bytes());
            digest.update(file);
        }
        Ok(Self { id: AvatarId { digest: digest.finalize().into(), format }, large, small })
    }

    /// The bytes of both sizes.
    pub(crate) fn into_files(self) -> [(AvatarSize, Vec<u8>); 2] {
        [(AvatarSize::Large, self.large), (AvatarSize::Small, self.small)]
    }
}

/// Decodes the first frame, if all that is known beforehand is within bounds.
fn decode(file: &[u8], rules: &AvatarRules) -> Result<(DynamicImage, Orientation), FieldError> {
    let format = image::guess_format(file).map_err(|_| FieldError::NotAnImage)?;
    let extent = extent::measure(format, file).ok_or(FieldError::NotAnImage)?;
    let (inside, behind) = file.split_at_checked(extent.length).ok_or(FieldError::NotAnImage)?;
    if !extent::may_follow(format, behind) {
        return Err(FieldError::MoreThanAnImage);
    }
    match format {
        ImageFormat::Jpeg if extent.frames > MAX_SCANS => return Err(FieldError::NotAnImage),
        ImageFormat::Jpeg => {}
        _ if extent.frames > MAX_FRAMES => return Err(FieldError::TooManyFrames { max: MAX_FRAMES }),
        _ => {}
    }
    let refused = |error| match error {
        ImageError::Limits(_) => FieldError::TooManyPixels { max: rules.max_pixels },
        _ => FieldError::NotAnImage,
    };
    let limits = limits(rules);
    let mut decoder = decoder(format, inside, limits.clone()).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(FieldError::NotAnImage);
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > rules.max_pixels || limits.max_alloc.is_some_and(|most| decoder.total_bytes() > most) {
        return Err(FieldError::TooManyPixels { max: rules.max_pixels });
    }
    decoder.set_limits(limits).map_err(refused)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok((image, orientation))
}

fn limits(rules: &AvatarRules) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(rules.max_pixels.saturating_mul(BYTES_PER_PIXEL).saturating_add(BYTES_BESIDES));
    limits
}

/// A decoder that has read the head of the file.
fn decoder(format: ImageFormat, file: &[u8], limits: Limits) -> ImageResult<Box<dyn ImageDecoder + '_>> {
    let file = Cursor::new(file);
    Ok(match format {
        ImageFormat::Jpeg => Box::new(JpegDecoder::new(file)?),
        ImageFormat::Gif => Box::new(GifDecoder::new(file)?),
        ImageFormat::WebP => Box::new(WebPDecoder::new(file)?),
        _ => Box::new(PngDecoder::with_limits(file, limits)?),
    })
}

/// The square in the middle, with sides of `side` pixels, or less if there are not so many.
fn square(image: &DynamicImage, side: u32) -> DynamicImage {
    let (width, height) = image.dimensions();
    let shorter = width.min(height);
    let middle = image.view((width - shorter) / 2, (height - shorter) / 2, shorter, shorter);
    let side = side.min(shorter);
    // The finer filter takes long for large images: most of the way is gone by averages.
    let twice = side.saturating_mul(2);
    let roughly: RgbaImage = if shorter > twice { thumbnail(&*middle, twice, twice) } else { middle.to_image() };
    let roughly = DynamicImage::ImageRgba8(roughly);
    if roughly.width() == side { roughly } else { roughly.resize_exact(side, side, FilterType::CatmullRom) }
}

/// PNG where something is transparent, and where it is no longer than JPEG, as with drawings.
fn encode_best(image: &DynamicImage) -> Result<(AvatarFormat, Vec<u8>), FieldError> {
    let png = encode(image, AvatarFormat::Png)?;
    if is_transparent(image) {
        return Ok((AvatarFormat::Png, png));
    }
    let jpeg = encode(image, AvatarFormat::Jpeg)?;
    Ok(if png.len() <= jpeg.len() { (AvatarFormat::Png, png) } else { (AvatarFormat::Jpeg, jpeg) })
}

fn is_transparent(image: &DynamicImage) -> bool {
    image.pixels().any(|(_, _, pixel)| pixel.0.last() != Some(&u8::MAX))
}

fn encode(image: &DynamicImage, format: AvatarFormat) -> Result<Vec<u8>, FieldError> {
    let mut file = Vec::new();
    let image = if is_transparent(image) { image.clone() } else { DynamicImage::ImageRgb8(image.to_rgb8()) };
    let encoded = match format {
        AvatarFormat::Jpeg => {
            image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY))
        }
        AvatarFormat::Png => image.write_with_encoder(PngEncoder::new_with_quality(
            &mut file,
            CompressionType::Default,
            PngFilter::Adaptive,
        )),
    };
    encoded.map_err(|_| FieldError::NotAnImage)?;
    Ok(file)
}
