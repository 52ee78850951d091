//! One entry per setting, from which its key, variable, flag, help and default follow.

use super::value::{Given, Shown};

/// A setting, as an operator meets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its key in the file.
    pub(crate) key: &'static str,
    doc: &'static str,
}

impl Setting {
    pub(crate) const fn new(key: &'static str, doc: &'static str) -> Self {
        Self { key, doc }
    }

    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_ascii_uppercase())
    }

    /// Its flag, without the dashes.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// What it is, in one line.
    pub(crate) fn summary(&self) -> String {
        self.doc.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What every environment variable of ours begins with.
pub(crate) const PREFIX: &str = "PROFILES_";

/// The settings of one concern.
pub(crate) trait Group {
    /// All of them, in the order of the file.
    fn settings(&self) -> &'static [Setting];

    /// Sets one from what was given; `None` if it is not of this group. The error says what the value must be.
    fn set(&mut self, key: &str, given: Given<'_>) -> Option<Result<(), String>>;

    /// Its present value; `None` if it is not of this group.
    fn shown(&self, key: &str) -> Option<Shown>;
}

/// Declares a group: `"key" => field: Type = default, limits;`.
macro_rules! settings {
    (
        $(#[$about:meta])*
        pub struct $group:ident {
            $( $(#[doc = $doc:literal])+ $key:literal => $field:ident: $type:ty = $default:expr $(, $limits:expr)?; )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $group {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl Default for $group {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $crate::config::Group for $group {
            fn settings(&self) -> &'static [$crate::config::Setting] {
                const { &[ $( $crate::config::Setting::new($key, concat!($($doc),+)), )+ ] }
            }

            fn set(&mut self, key: &str, given: $crate::config::value::Given<'_>) -> Option<Result<(), String>> {
                match key {
                    $( $key => Some($crate::config::value::read::<$type>(given) $( .and_then(|value| {
                        $crate::config::value::within(value, &($limits))
                    }) )? .map(|value| self.$field = value)), )+
                    _ => None,
                }
            }

            fn shown(&self, key: &str) -> Option<$crate::config::value::Shown> {
                match key {
                    $( $key => Some($crate::config::value::Value::shown(&self.$field)), )+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use settings;
