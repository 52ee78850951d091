//! From the file, the environment and the flags to one configuration.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use super::{
    Compat, Config, ConfigError, Group, Setting,
    error::{did_you_mean, nearest},
    file::File,
    setting::PREFIX,
    value::Given,
};

/// Where a value comes from. `Display` names it as an operator would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// `compat` says it.
    Compat,
    /// A key in a file.
    File {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag, with its dashes.
    Flag(String),
    /// The program that this is part of set a field of [`Config`].
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Program => f.write_str("the program's configuration"),
            Self::Compat => f.write_str("default of compat = \"dj-rest-auth\""),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// What may say something about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Where `profiles.toml` is looked for, and what a relative `file` is relative to.
    pub directory: PathBuf,
    /// A file that was named; it must exist.
    pub file: Option<PathBuf>,
    /// The environment. Names that do not begin with `PROFILES_` are passed over.
    pub environment: Vec<(String, String)>,
    /// Settings given as flags: key and value.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The file that `PROFILES_CONFIG` names, unless a flag names another.
    fn file(&self) -> Option<&Path> {
        let variable = self.environment.iter().find(|(name, value)| name == CONFIG && !value.is_empty());
        self.file.as_deref().or_else(|| variable.map(|(_, value)| Path::new(value)))
    }
}

const CONFIG: &str = "PROFILES_CONFIG";
/// The client's variable, which is often set in the same shell.
const URL: &str = "PROFILES_URL";

/// A configuration, and how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What to run with.
    pub config: Config,
    /// Where each value comes from, by key; what is not here is a default.
    pub origins: BTreeMap<&'static str, Origin>,
    /// What an operator should hear about, in sentences.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration: a flag wins over the environment, the environment over the file, the file over the
    /// default. A variable that is set to nothing counts as not set.
    ///
    /// # Errors
    /// An unreadable file, an unknown key in it, a value that a setting can't have, two that do not go together.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let file = File::find(sources.file(), &sources.directory)?;
        // What `compat` is decides the defaults that everything else goes on top of.
        let mut first = Loading::over(Config::default());
        first.read(file.as_ref(), sources, Some("compat"))?;
        let compat = first.loaded.config.api.compat;
        let mut loading = Loading::over(Config::compatible_with(compat));
        loading.loaded.origins.extend(Self::keys_changed_by(compat).map(|key| (key, Origin::Compat)));
        loading.read(file.as_ref(), sources, None)?;
        loading.loaded.warnings = unknown_variables(&sources.environment);
        loading.loaded.config.check()?;
        Ok(loading.loaded)
    }

    /// Settings whose defaults this changes.
    fn keys_changed_by(compat: Compat) -> impl Iterator<Item = &'static str> {
        let (mut ours, theirs) = (Self::default(), Self::compatible_with(compat));
        ours.api.compat = compat;
        let shown = |config: &Self, key| config.groups().iter().find_map(|group| group.shown(key));
        Self::settings().map(|setting| setting.key).filter(move |key| shown(&ours, key) != shown(&theirs, key))
    }

    pub(super) fn settings() -> impl Iterator<Item = &'static Setting> {
        Self::default().groups().map(Group::settings).into_iter().flatten()
    }
}

struct Loading {
    loaded: Loaded,
}

impl Loading {
    fn over(config: Config) -> Self {
        Self { loaded: Loaded { config, origins: BTreeMap::new(), warnings: Vec::new() } }
    }

    /// Takes everything, or this key alone.
    fn read(&mut self, file: Option<&File>, sources: &Sources, only: Option<&str>) -> Result<(), ConfigError> {
        let wanted = |setting: &Setting| only.is_none_or(|only| only == setting.key);
        if let Some(file) = file {
            file.entries(|key, value, origin| {
                let setting = Config::settings().find(|setting| setting.key == key);
                let setting = setting.ok_or_else(|| unknown_key(key, &origin))?;
                if wanted(setting) { self.set(setting, Given::Toml(value), origin) } else { Ok(()) }
            })?;
        }
        for setting in Config::settings().filter(|setting| wanted(setting)) {
            let variable = setting.variable();
            let given = sources.environment.iter().find(|(name, value)| *name == variable && !value.is_empty());
            if let Some((_, text)) = given {
                self.set(setting, Given::Text(text), Origin::Environment(variable))?;
            }
            if let Some((_, text)) = sources.flags.iter().find(|(key, _)| *key == setting.key) {
                self.set(setting, Given::Text(text), Origin::Flag(format!("--{}", setting.flag())))?;
            }
        }
        Ok(())
    }

    fn set(&mut self, setting: &Setting, given: Given<'_>, origin: Origin) -> Result<(), ConfigError> {
        if let Err(problem) = self.loaded.config.set(setting.key, given) {
            return Err(ConfigError::Invalid { origin, key: setting.key, problem });
        }
        self.loaded.origins.insert(setting.key, origin);
        Ok(())
    }
}

fn unknown_key(key: &str, origin: &Origin) -> ConfigError {
    let (path, line) = match origin {
        Origin::File { path, line } => (path.clone(), *line),
        _ => (PathBuf::new(), 0),
    };
    let nearest = nearest(key, Config::settings().map(|setting| setting.key.to_owned()));
    ConfigError::UnknownKey { path, line, key: key.to_owned(), nearest }
}

/// Variables that look like misspelt settings. Others are left alone: Kubernetes, for one, sets `PROFILES_PORT` and
/// more for a service named `profiles`.
fn unknown_variables(environment: &[(String, String)]) -> Vec<String> {
    let known: Vec<String> = Config::settings().map(Setting::variable).collect();
    let ours = environment.iter().map(|(name, _)| name).filter(|name| name.starts_with(PREFIX));
    let unknown = ours.filter(|name| !known.contains(name) && ![CONFIG, URL].contains(&name.as_str()));
    unknown
        .filter_map(|name| {
            let stem = |name: &str| name.get(PREFIX.len()..).unwrap_or_default().to_owned();
            let nearest = nearest(&stem(name), known.iter().map(|name| stem(name)))?;
            Some(format!("{name} is not a setting{}", did_you_mean(Some(&format!("{PREFIX}{nearest}")))))
        })
        .collect()
}

#[cfg(test)]
mod tests;
