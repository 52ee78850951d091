//! Values of core on their way through the control socket: read as what is typed is read, and no other way. A password
//! has no serialisation but this one.

use profiles_core::FieldError;
use serde::{Deserialize, Deserializer, de::Error};

fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, Vec<FieldError>>,
) -> Result<T, D::Error> {
    // The error does not repeat what was given.
    parse(&String::deserialize(deserializer)?).map_err(|_| D::Error::custom("a value that does not do"))
}

/// For `#[serde(with = ..)]`: a type of core, and how its text is got at.
macro_rules! as_text {
    ($module:ident, $type:ident, $text:ident) => {
        pub(super) mod $module {
            use profiles_core::model::$type;
            use serde::{Deserializer, Serializer};

            pub(in crate::operator) fn serialize<S: Serializer>(value: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(value.$text())
            }

            pub(in crate::operator) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                super::read(from, $type::parse)
            }
        }
    };
}

as_text!(username, Username, as_str);
as_text!(email, Email, as_str);
as_text!(password, Password, expose);
