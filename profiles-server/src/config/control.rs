//! Where a running server takes an operator's commands.

use std::path::PathBuf;

use super::value::{Shown, Value};

/// The Unix socket through which the commands of `profiles-server` reach a server that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlSocket {
    /// `control.sock` in the data directory.
    Auto,
    /// There is none: the commands need the server to be stopped.
    Off,
    /// At this path.
    At(PathBuf),
}

impl Value for ControlSocket {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            // A misspelt word is none.
            path if path.contains('/') => PathBuf::from_text(path).map(Self::At),
            other => Err(format!("must be auto, off or a path with a slash in it, not {other:?}")),
        }
    }

    fn shown(&self) -> Shown {
        match self {
            Self::Auto => Shown::text("auto"),
            Self::Off => Shown::text("off"),
            Self::At(path) => path.shown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_no_path() {
        assert_eq!(ControlSocket::from_text("off"), Ok(ControlSocket::Off));
        assert_eq!(ControlSocket::from_text("./ctl"), Ok(ControlSocket::At("./ctl".into())));
        for bad in ["", "of", "control.sock", "/run/\0"] {
            assert!(ControlSocket::from_text(bad).is_err(), "{bad:?}");
        }
    }
}
