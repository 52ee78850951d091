//! What is logged.

use std::str::FromStr;

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::{choice::choice, setting::settings, value::as_written};

settings! {
    /// What is logged, to standard error.
    pub struct Log {
        /// What to log: error, warn, info, debug, trace or off, for everything or by module
        /// (`warn,profiles_server=debug`).
        "log" => filter: LogFilter = LogFilter("info".to_owned());
        /// How: "text" or "json", one line for each event.
        "log_format" => format: LogFormat = LogFormat::Text;
    }
}

choice! {
    /// How events are written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

/// What is logged, in the language of `tracing_subscriber::EnvFilter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What is no level is the name of a module to the filter: a slip of the pen would turn everything else off.
        let is_level = |word: &str| word.is_empty() || word.parse::<LevelFilter>().is_ok();
        let words = text.split(',').map(str::trim);
        let slips = words.filter(|word| !word.contains(['=', '[', ']', '}'])).any(|word| !is_level(word));
        match EnvFilter::builder().parse(text) {
            Ok(_) if !slips => Ok(Self(text.to_owned())),
            _ => Err(format!("must be a level, or levels by module like warn,profiles_server=debug, not {text:?}")),
        }
    }
}

as_written!(LogFilter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_levels_by_module() {
        for good in ["info", "OFF", "warn,profiles_server=debug", "error,sled=trace"] {
            assert!(good.parse::<LogFilter>().is_ok(), "{good}");
        }
        for bad in ["inof", "warn,profiles_server", "a=b=c", "verbose"] {
            assert!(bad.parse::<LogFilter>().is_err(), "{bad}");
        }
    }
}
