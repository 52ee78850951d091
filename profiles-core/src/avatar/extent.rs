//! How far an image reaches in its file, and how much of it there is to decode.
//!
//! Decoders stop where they have seen enough, and forgive much. So this walks through a file by the lengths that it names,
//! and decodes nothing: it finds files that break off, files that go on as something else (an archive or a page, to
//! which the image is only the outside), and those that are small to send and long to decode.

use image::ImageFormat;

/// What a walk through a file found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes of the image itself.
    pub(super) length: usize,
    /// Frames of an animation; of a JPEG, the times that a decoder goes over it.
    pub(super) frames: usize,
}

/// Walks through a file of this format; `None` if it breaks off or is no such file.
pub(super) fn measure(format: ImageFormat, file: &[u8]) -> Option<Extent> {
    let mut reader = Reader { file, at: 0 };
    let frames = match format {
        ImageFormat::Png => png(&mut reader)?,
        ImageFormat::Jpeg => jpeg(&mut reader)?,
        ImageFormat::Gif => gif(&mut reader)?,
        ImageFormat::WebP => webp(&mut reader)?,
        _ => return None,
    };
    Some(Extent { length: reader.at, frames })
}

/// Whether what stands behind an image may stand there: padding, or what cameras and telephones append to a JPEG, which is
/// another picture, a film, or a list of such things.
pub(super) fn may_follow(format: ImageFormat, tail: &[u8]) -> bool {
    let is_padding = tail.iter().all(|byte| *byte == 0);
    let is_from_camera =
        || tail.starts_with(b"\xff\xd8\xff") || tail.get(4..8) == Some(b"ftyp") || tail.ends_with(b"SEFT");
    is_padding || (format == ImageFormat::Jpeg && is_from_camera())
}

struct Reader<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.file.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// A length of 32 bits; more than there can be if `usize` is smaller.
    fn length(&mut self, read: fn([u8; 4]) -> u32) -> Option<usize> {
        usize::try_from(read(self.array()?)).ok()
    }
}

/// Chunks: length, kind, content, checksum; the last is `IEND`.
fn png(reader: &mut Reader<'_>) -> Option<usize> {
    let mut frames = 0;
    reader.take(8)?;
    loop {
        let length = reader.length(u32::from_be_bytes)?;
        let kind = reader.take(4)?;
        reader.take(length.checked_add(4)?)?;
        match kind {
            b"fcTL" => frames += 1,
            b"IEND" => return Some(frames.max(1)),
            _ => {}
        }
    }
}

/// Blocks that are named by their first byte; `;` is the last.
fn gif(reader: &mut Reader<'_>) -> Option<usize> {
    /// The table of colours that follows, if these flags say so.
    fn colours(reader: &mut Reader<'_>, flags: u8) -> Option<()> {
        if flags & 0x80 != 0 {
            reader.take(3 << ((flags & 7) + 1))?;
        }
        Some(())
    }

    fn sub_blocks(reader: &mut Reader<'_>) -> Option<()> {
        loop {
            match reader.byte()? {
                0 => return Some(()),
                length => reader.take(length.into())?,
            };
        }
    }

    let mut frames = 0;
    let [.., flags, _, _] = reader.array::<13>()?;
    colours(reader, flags)?;
    loop {
        match reader.byte()? {
            b';' => return Some(frames),
            b'!' => {
                reader.byte()?;
                sub_blocks(reader)?;
            }
            b',' => {
                let [.., flags] = reader.array::<9>()?;
                colours(reader, flags)?;
                reader.byte()?;
                sub_blocks(reader)?;
                frames += 1;
            }
            _ => return None,
        }
    }
}

/// A RIFF file: chunks with an even number of bytes each, in one that names the length of all.
fn webp(reader: &mut Reader<'_>) -> Option<usize> {
    let mut frames = 0;
    reader.take(4)?;
    let length = reader.length(u32::from_le_bytes)?;
    let end = reader.at.checked_add(length)?;
    reader.take(4)?;
    while reader.at < end {
        let kind = reader.take(4)?;
        let length = reader.length(u32::from_le_bytes)?;
        reader.take(length.checked_add(length % 2)?)?;
        frames += usize::from(kind == b"ANMF");
    }
    (reader.at == end).then_some(frames.max(1))
}

/// Segments that are named by a marker, some of them with a length. The pixels have none: they go on until a byte of 255
/// is followed by something else than an escape or a restart.
fn jpeg(reader: &mut Reader<'_>) -> Option<usize> {
    let mut scans = 0;
    reader.take(2)?;
    loop {
        if reader.byte()? != 0xff {
            return None;
        }
        let mut marker = reader.byte()?;
        while marker == 0xff {
            marker = reader.byte()?;
        }
        match marker {
            0xd9 => return Some(scans),
            0x01 | 0xd0..=0xd8 => {}
            0x00 => return None,
            _ => {
                let length = usize::from(u16::from_be_bytes(reader.array()?));
                reader.take(length.checked_sub(2)?)?;
                if marker == 0xda {
                    scans += 1;
                    pixels(reader)?;
                }
            }
        }
    }
}

fn pixels(reader: &mut Reader<'_>) -> Option<()> {
    loop {
        let rest = reader.file.get(reader.at..)?;
        reader.at += rest.iter().position(|byte| *byte == 0xff)?;
        match reader.file.get(reader.at + 1)? {
            0x00 | 0xd0..=0xd7 => reader.at += 2,
            0xff => reader.at += 1,
            _ => return Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A transparent pixel, by another encoder than ours.
    const GIF: &[u8] =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";

    #[test]
    fn every_byte_that_is_missing_is_missed() {
        let whole = Extent { length: GIF.len(), frames: 1 };
        assert_eq!(measure(ImageFormat::Gif, GIF), Some(whole));
        assert_eq!(measure(ImageFormat::Gif, &[GIF, b"<script>"].concat()), Some(whole));
        for length in 0..GIF.len() {
            assert_eq!(measure(ImageFormat::Gif, &GIF[..length]), None, "{length}");
        }
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp] {
            assert_eq!(measure(format, GIF), None, "{format:?}");
        }
    }

    #[test]
    fn lengths_that_reach_beyond_all_bounds_are_no_images() {
        let png = [b"\x89PNG\r\n\x1a\n", &[0xff; 4][..], b"IDAT", &[0; 64]].concat();
        assert_eq!(measure(ImageFormat::Png, &png), None);
        let webp = [b"RIFF", &[0xff; 4][..], b"WEBP", b"VP8 ", &[0xff; 4], &[0; 64]].concat();
        assert_eq!(measure(ImageFormat::WebP, &webp), None);
        assert_eq!(measure(ImageFormat::Jpeg, b"\xff\xd8\xff\xe1\x00\x01aaaa\xff\xd9"), None);
        assert_eq!(
            measure(ImageFormat::Jpeg, b"\xff\xd8\xff\xe1\x00\x02\xff\xff\xd9"),
            Some(Extent { length: 9, frames: 0 })
        );
    }

    #[test]
    fn cameras_may_append_what_they_do() {
        for (tail, in_jpeg, elsewhere) in [
            (&b""[..], true, true),
            (b"\0\0\0", true, true),
            (b"\xff\xd8\xff\xe0another", true, false),
            (b"\0\0\0\x18ftypmp42", true, false),
            (b"\0\0list of things SEFT", true, false),
            (b"PK\x03\x04", false, false),
            (b"<script>alert(1)</script>", false, false),
        ] {
            assert_eq!(may_follow(ImageFormat::Jpeg, tail), in_jpeg, "{tail:?}");
            assert_eq!(may_follow(ImageFormat::Png, tail), elsewhere, "{tail:?}");
        }
    }
}
