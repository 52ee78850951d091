//! Pictures of people, by what is in them.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// A picture as it is kept: re-encoded, in two sizes. Equal pictures have equal ids, whosever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AvatarId {
    /// SHA-256 of both sizes.
    pub digest: [u8; 32],
    /// How both are encoded.
    pub format: AvatarFormat,
}

/// How a picture is encoded. The order is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AvatarFormat {
    /// For photographs.
    Jpeg,
    /// For drawings, and for what is transparent somewhere.
    Png,
}

impl AvatarFormat {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// What its file names end in, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// Which of the two sizes; how many pixels that is, was for the settings to say when the picture was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AvatarSize {
    /// For a page about somebody.
    Large,
    /// For a list.
    Small,
}

impl AvatarSize {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Large, Self::Small];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Small => "small",
        }
    }
}

/// One file of a picture. It is named after what is in it, so a name never stands for anything else.
///
/// ```
/// use profiles_core::model::{AvatarFile, AvatarFormat, AvatarId, AvatarSize};
///
/// let avatar = AvatarId { digest: [0xab; 32], format: AvatarFormat::Png };
/// let file = AvatarFile { avatar, size: AvatarSize::Small };
/// assert_eq!(file.to_string(), format!("{}-small.png", "ab".repeat(32)));
/// assert_eq!(file.to_string().parse(), Ok(file));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AvatarFile {
    /// Of which picture.
    pub avatar: AvatarId,
    /// In which size.
    pub size: AvatarSize,
}

impl AvatarFile {
    /// The files of a picture.
    pub fn all_of(avatar: AvatarId) -> [Self; 2] {
        AvatarSize::ALL.map(|size| Self { avatar, size })
    }
}

impl fmt::Display for AvatarFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { avatar: AvatarId { digest, format }, size } = self;
        write!(f, "{}-{}.{}", HEXLOWER.encode(digest), size.name(), format.extension())
    }
}

/// No file of a picture has such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no file of a picture has this name")]
pub struct NoAvatarFile;

impl FromStr for AvatarFile {
    type Err = NoAvatarFile;

    /// Reads a name in the one form in which it is written.
    fn from_str(name: &str) -> Result<Self, NoAvatarFile> {
        let parse = || {
            let (digest, rest) = name.split_at_checked(64)?;
            let (size, extension) = rest.strip_prefix('-')?.split_once('.')?;
            let digest = HEXLOWER.decode(digest.as_bytes()).ok()?.try_into().ok()?;
            let format = AvatarFormat::ALL.into_iter().find(|format| format.extension() == extension)?;
            let size = AvatarSize::ALL.into_iter().find(|known| known.name() == size)?;
            Some(Self { avatar: AvatarId { digest, format }, size })
        };
        parse().ok_or(NoAvatarFile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_and_no_other_is_read() {
        let hex = "0f".repeat(32);
        for (name, good) in [
            (format!("{hex}-large.jpg"), true),
            (format!("{hex}-small.png"), true),
            (format!("{}-small.png", hex.to_uppercase()), false),
            (format!("{hex}-small.gif"), false),
            (format!("{hex}-huge.png"), false),
            (format!("{hex}-small.png.html"), false),
            (format!("{hex}-small.png/"), false),
            (format!("../{hex}-small.png"), false),
            (format!("é{hex}-small.png"), false),
            (format!("{}é-small.png", "0".repeat(63)), false),
            (hex, false),
            (String::new(), false),
        ] {
            let parsed = name.parse::<AvatarFile>();
            assert_eq!(parsed.is_ok(), good, "{name}");
            assert!(parsed.is_err() || parsed.unwrap().to_string() == name);
        }
    }
}
