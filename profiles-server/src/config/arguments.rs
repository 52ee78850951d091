//! A flag for every setting.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::{Config, Setting, value::Shown};

/// Settings given as flags: key and value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(pub(crate) Vec<(&'static str, String)>);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Config::default();
        let groups = config.groups().into_iter();
        let flags = groups
            .flat_map(|group| group.settings().iter().map(move |setting| flag(setting, group.shown(setting.key))));
        command.args(flags)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The short help leaves the settings out, or each command would drown in them.
fn flag(setting: &'static Setting, default: Option<Shown>) -> Arg {
    let default = match default {
        Some(Shown::Toml(text)) => format!(" [default: {}]", text.trim_matches('"')),
        Some(Shown::Hidden | Shown::Unset) | None => String::new(),
    };
    Arg::new(setting.key)
        .long(setting.flag())
        .help(format!("{} [env: {}]{default}", setting.summary(), setting.variable()))
        .help_heading("Settings")
        .value_name("VALUE")
        .hide_short_help(true)
        .allow_hyphen_values(true)
        .action(ArgAction::Set)
        .global(true)
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |setting: &'static Setting| {
            matches.get_one::<String>(setting.key).map(|value| (setting.key, value.clone()))
        };
        Ok(Self(Config::settings().filter_map(value).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
