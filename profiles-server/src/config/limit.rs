//! Numbers that can be switched off.

use toml::de::DeValue;

use super::value::{NUMBER, Shown, Value, number};

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
