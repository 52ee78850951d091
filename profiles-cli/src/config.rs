//! The config folder, and the file `config.toml` in it.

use std::{env, fs, io, path::PathBuf};

use directories::ProjectDirs;
use serde::Deserialize;

use crate::failure::Failure;

/// The server if nothing names another.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:8000";

/// Where the config folder is, if not in the usual place.
pub(crate) const FOLDER_VARIABLE: &str = "PROFILES_CONFIG_DIR";

/// What `config.toml` may hold.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the server.
    pub(crate) url: Option<String>,
}

impl Config {
    /// The settings in the file; none if there is no file.
    pub(crate) fn read(folder: Option<&PathBuf>) -> Result<Self, Failure> {
        let Some(path) = folder.map(|folder| folder.join("config.toml")) else { return Ok(Self::default()) };
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                Failure::other(format!("{} is wrong: {}", path.display(), in_one_line(&text, &error)))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::other(format!("cannot read {}: {error}", path.display()))),
        }
    }
}

/// The config folder: `PROFILES_CONFIG_DIR`, or the system's usual place. `None` for a user without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    match env::var_os(FOLDER_VARIABLE) {
        Some(folder) if !folder.is_empty() => Some(folder.into()),
        _ => ProjectDirs::from("", "", "profiles").map(|folders| folders.config_dir().to_owned()),
    }
}

fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_no_setting() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Config::read(Some(&folder.path().to_owned())).unwrap(), Config::default());
        assert_eq!(Config::read(None).unwrap(), Config::default());
    }

    #[test]
    fn a_wrong_file_is_named_with_the_line_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        for (text, reason) in
            [("\nurls = \"http://x\"\n", "unknown field `urls`"), ("url = ", "line 1"), ("url = 7", "line 1")]
        {
            fs::write(&path, text).unwrap();
            let message = Config::read(Some(&folder.path().to_owned())).unwrap_err().message;
            assert!(message.contains("config.toml") && message.contains(reason), "{message}");
        }
    }
}
