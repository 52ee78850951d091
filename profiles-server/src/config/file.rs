//! `profiles.toml`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{ConfigError, Origin};

/// A file that was read; its keys are not looked at yet.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    text: String,
}

impl File {
    /// The file that was asked for, or `profiles.toml` in `directory` if there is one.
    pub(super) fn find(asked_for: Option<&Path>, directory: &Path) -> Result<Option<Self>, ConfigError> {
        let path = asked_for.unwrap_or_else(|| Path::new("profiles.toml"));
        match fs::read_to_string(directory.join(path)) {
            Ok(text) => Ok(Some(Self { path: path.to_owned(), text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound && asked_for.is_none() => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(ConfigError::Unreadable { path: path.to_owned(), error: io::Error::other("it is not UTF-8 text") })
            }
            Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), error }),
        }
    }

    /// Calls `each` for every key, in the order of the file.
    pub(super) fn entries(
        &self,
        mut each: impl FnMut(&str, &DeValue<'_>, Origin) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let table = DeTable::parse(&self.text).map_err(|error| ConfigError::Syntax {
            path: self.path.clone(),
            line: self.line(error.span().map_or(0, |span| span.start)),
            problem: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let origin = Origin::File { path: self.path.clone(), line: self.line(key.span().start) };
            each(key.get_ref(), value.get_ref(), origin)?;
        }
        Ok(())
    }

    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}
