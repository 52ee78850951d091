//! How a setting's value is read from text and from TOML, and written back.

use std::{fmt, num::NonZeroUsize, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use profiles_core::permissions::Reads;
use toml::de::DeValue;

/// A value as it comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    /// From the environment or a flag.
    Text(&'a str),
    /// From the file.
    Toml(&'a DeValue<'a>),
}

/// A value as `profiles-server config` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// As TOML.
    Toml(String),
    /// It has none.
    Unset,
    /// It is secret.
    Hidden,
}

impl Shown {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Toml(toml::Value::String(text.into()).to_string())
    }
}

/// What a setting can be. The errors complete a sentence that begins with the setting's name.
pub(crate) trait Value: Sized {
    /// From the environment or a flag.
    fn from_text(text: &str) -> Result<Self, String>;

    /// From the file; a string unless the type says otherwise.
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        Self::from_text(value.as_str().ok_or("must be a string in quotes")?)
    }

    /// As it is printed.
    fn shown(&self) -> Shown;
}

pub(crate) fn read<T: Value>(given: Given<'_>) -> Result<T, String> {
    match given {
        Given::Text(text) => T::from_text(text),
        Given::Toml(value) => T::from_toml(value),
    }
}

pub(crate) fn within<T: Value + PartialOrd>(value: T, limits: &RangeInclusive<T>) -> Result<T, String> {
    if limits.contains(&value) {
        return Ok(value);
    }
    let bound = |bound: &T| match bound.shown() {
        Shown::Toml(text) => text,
        Shown::Unset | Shown::Hidden => String::new(),
    };
    Err(format!("must be between {} and {}", bound(limits.start()), bound(limits.end())))
}

const NUMBER: &str = "must be a whole number";

/// The digits of a TOML integer, in base ten.
fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number<T: TryFrom<i128>>(value: &DeValue<'_>) -> Result<T, String> {
    let number = integer(value).ok_or(NUMBER)?;
    T::try_from(number).map_err(|_| format!("must not be {number}"))
}

macro_rules! whole_number {
    ($($type:ty),+) => { $(
        impl Value for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("{NUMBER}, not {text:?}"))
            }

            fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
                number(value)
            }

            fn shown(&self) -> Shown {
                Shown::Toml(self.to_string())
            }
        }
    )+ };
}
whole_number!(u32, u64, usize);

impl Value for bool {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("must be true or false, not {text:?}"))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "must be true or false, without quotes".to_owned())
    }

    fn shown(&self) -> Shown {
        Shown::Toml(self.to_string())
    }
}

impl Value for Duration {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map(Self::from_secs).map_err(|_| format!("must be a whole number of seconds, not {text:?}"))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        number(value).map(Self::from_secs)
    }

    fn shown(&self) -> Shown {
        Shown::Toml(self.as_secs().to_string())
    }
}

impl Value for PathBuf {
    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains('\0') { Err("must be a path".into()) } else { Ok(text.into()) }
    }

    fn shown(&self) -> Shown {
        Shown::text(self.display().to_string())
    }
}

/// A value that may be left out. There is no word for leaving it out: do not set it.
impl<T: Value> Value for Option<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        T::from_text(text).map(Some)
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        T::from_toml(value).map(Some)
    }

    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Unset, T::shown)
    }
}

impl<T: Value> Value for Vec<T> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::from_text).collect()
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let items = value.as_array().ok_or("must be a list: [\"...\", \"...\"]")?;
        items.iter().map(|item| T::from_toml(item.get_ref())).collect()
    }

    fn shown(&self) -> Shown {
        let items = self.iter().filter_map(|item| match item.shown() {
            Shown::Toml(text) => Some(text),
            Shown::Unset | Shown::Hidden => None,
        });
        Shown::Toml(format!("[{}]", items.collect::<Vec<_>>().join(", ")))
    }
}

impl Value for NonZeroUsize {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("must be a whole number from 1, not {text:?}"))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        Self::new(number(value)?).ok_or_else(|| "must be a whole number from 1".into())
    }

    fn shown(&self) -> Shown {
        Shown::Toml(self.to_string())
    }
}

/// A number from 1, or `"off"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Limit {
    /// What it limits is switched off.
    Off,
    /// So much at most.
    At(u32),
}

impl Limit {
    fn at(most: u32) -> Option<Self> {
        (most > 0).then_some(Self::At(most))
    }
}

impl Value for Limit {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            _ => text.parse().ok().and_then(Self::at).ok_or_else(|| format!("{NUMBER} from 1, or off, not {text:?}")),
        }
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some(text) => Self::from_text(text),
            None => Self::at(number(value)?).ok_or_else(|| format!("{NUMBER} from 1, or \"off\"")),
        }
    }

    fn shown(&self) -> Shown {
        match self {
            Self::Off => Shown::text("off"),
            Self::At(most) => Shown::Toml(most.to_string()),
        }
    }
}

/// A text of at most `MAX` characters, without line breaks or other control characters: it goes into headers of mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneLine<const MAX: usize>(String);

impl<const MAX: usize> OneLine<MAX> {
    /// Cuts a text down to one.
    pub fn lossy(text: &str) -> Self {
        Self(text.chars().filter(|letter| !letter.is_control()).take(MAX).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for OneLine<MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) || text.chars().count() > MAX {
            return Err(format!("must be a single line of at most {MAX} characters"));
        }
        Ok(Self(text.into()))
    }
}

impl<const MAX: usize> fmt::Display for OneLine<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Value for OneLine<MAX> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }

    fn shown(&self) -> Shown {
        Shown::text(&self.0)
    }
}

/// Declares the words that a setting takes.
macro_rules! choice {
    ($(#[$about:meta])* pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        $crate::config::value::words!($name { $( $variant = $word, )+ });
    };
}

/// The words for an enum that stands elsewhere.
macro_rules! words {
    ($name:ident { $( $variant:ident = $word:literal, )+ }) => {
        impl $crate::config::value::Value for $name {
            fn from_text(text: &str) -> Result<Self, String> {
                match text {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::config::value::one_of(&[$($word),+], text)),
                }
            }

            fn from_toml(value: &toml::de::DeValue<'_>) -> Result<Self, String> {
                $crate::config::value::word(value).and_then(|word| Self::from_text(&word))
            }

            fn shown(&self) -> $crate::config::value::Shown {
                $crate::config::value::Shown::text(match self { $( Self::$variant => $word, )+ })
            }
        }
    };
}

pub(crate) use {choice, words};

/// A word in quotes. Some of ours look like numbers or truth values in TOML, so those are taken as they are written.
pub(crate) fn word(value: &DeValue<'_>) -> Result<String, String> {
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| integer(value).map(|number| number.to_string()))
        .ok_or_else(|| "must be a word in quotes".to_owned())
}

pub(crate) fn one_of(words: &[&str], given: &str) -> String {
    format!("must be {}, not {given:?}", words.join(" or "))
}

words!(Reads { Open = "open", Authenticated = "authenticated", });
