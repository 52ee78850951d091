//! How a setting's value is read from text and from TOML, and written back.

use std::{num::NonZeroUsize, ops::RangeInclusive, path::PathBuf, time::Duration};

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

/// For a type that reads itself, and that its `as_str` shows as it was written.
macro_rules! as_written {
    ($type:ty $(where $($generics:tt)+)?) => {
        impl $(<$($generics)+>)? $crate::config::value::Value for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse()
            }

            fn shown(&self) -> $crate::config::value::Shown {
                $crate::config::value::Shown::text(self.as_str())
            }
        }
    };
}

pub(super) use as_written;

pub(super) const NUMBER: &str = "must be a whole number";

/// The digits of a TOML integer, in base ten.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

pub(super) fn number<T: TryFrom<i128>>(value: &DeValue<'_>) -> Result<T, String> {
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
