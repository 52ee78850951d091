//! The effective configuration, as `profiles-server config` prints it.

use std::fmt::Write as _;

use super::{Loaded, Origin, Setting, value::Shown};

impl Loaded {
    /// The configuration as a `profiles.toml` that would give the same, each value with where it comes from. Secrets
    /// are not in it.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for group in self.config.groups() {
            for setting in group.settings() {
                let origin = self.origins.get(setting.key).unwrap_or(&Origin::Default);
                // Writing to a string does not fail.
                let _ = write_setting(&mut text, setting, group.shown(setting.key), origin);
            }
        }
        text
    }
}

fn write_setting(
    text: &mut String,
    setting: &Setting,
    shown: Option<Shown>,
    origin: &Origin,
) -> Result<(), std::fmt::Error> {
    let key = setting.key;
    // A path can hold a line break; a comment can't.
    let origin = origin.to_string().replace(char::is_control, "?");
    writeln!(text, "# {}", setting.summary())?;
    match shown {
        Some(Shown::Toml(value)) => writeln!(text, "{key} = {value} # {origin}\n"),
        Some(Shown::Hidden) => writeln!(text, "# {key} = (hidden) # {origin}\n"),
        Some(Shown::Unset) | None => writeln!(text, "# {key} = (not set) # {origin}\n"),
    }
}
