//! What is logged.

use super::{
    setting::settings,
    value::{OneLine, choice},
};

settings! {
    /// What is logged, to standard error.
    pub struct Log {
        /// What to log: error, warn, info, debug, trace or off, for everything or by module
        /// (`warn,profiles_server=debug`).
        "log" => filter: OneLine = "info".into();
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
