//! What is wrong with a configuration, in one line.

use std::{io, path::PathBuf};

use super::Origin;

/// Why there is no configuration. `Display` is one line that says where and what.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read {}: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: {problem}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The file has a key that is not a setting.
    #[error("{}:{line}: there is no setting {key:?}{}", path.display(), did_you_mean(nearest.as_deref()))]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The setting whose name is nearest.
        nearest: Option<String>,
    },
    /// A setting has a value that it can't have.
    #[error("{origin}: {key} {problem}")]
    Invalid {
        /// Where it was given.
        origin: Origin,
        /// The setting.
        key: &'static str,
        /// What it must be.
        problem: String,
    },
    /// Two settings contradict each other.
    #[error("the configuration does not do: {0}")]
    Conflict(String),
}

pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest:?}?")).unwrap_or_default()
}

/// The name that somebody most likely meant: at most two letters are wrong, or a third of them in a long one.
pub(super) fn nearest(given: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let near = names.map(|name| (strsim::damerau_levenshtein(given, &name), name));
    near.filter(|(distance, name)| *distance <= (name.len() / 3).max(2)).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_offered() {
        let names = || ["bind", "data_dir", "page_size", "max_page_size"].map(String::from).into_iter();
        assert_eq!(nearest("datadir", names()).as_deref(), Some("data_dir"));
        assert_eq!(nearest("page-sise", names()).as_deref(), Some("page_size"));
        assert_eq!(nearest("bnid", names()).as_deref(), Some("bind"));
        assert_eq!(nearest("database", names()), None);
    }
}
