//! Settings that take one of a few words.

use profiles_core::permissions::Reads;
use toml::de::DeValue;

use super::value::integer;

/// Declares the words that a setting takes.
macro_rules! choice {
    ($(#[$about:meta])* pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        $crate::config::choice::words!($name { $( $variant = $word, )+ });
    };
}

/// The words for an enum that stands elsewhere.
macro_rules! words {
    ($name:ident { $( $variant:ident = $word:literal, )+ }) => {
        impl $crate::config::value::Value for $name {
            fn from_text(text: &str) -> Result<Self, String> {
                match text {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::config::choice::one_of(&[$($word),+], text)),
                }
            }

            fn from_toml(value: &toml::de::DeValue<'_>) -> Result<Self, String> {
                $crate::config::choice::word(value).and_then(|word| Self::from_text(&word))
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
