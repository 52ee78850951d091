//! Exit codes: scripts rely on them, so they never change their meaning.

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done = 0,
    /// Something that has no code of its own.
    Other = 1,
    /// The command line is wrong, or something is missing and nobody can be asked.
    Usage = 2,
    /// The server refused the values (400).
    Invalid = 3,
    /// Nobody is logged in, or the token has gone stale (401).
    Unauthorized = 4,
    /// The account may not do this (403).
    Forbidden = 5,
    /// There is no such thing (404).
    NotFound = 6,
    /// The server did not answer.
    Unreachable = 7,
    /// The server could not prove who it is.
    Certificate = 8,
    /// Too many requests (429).
    Throttled = 9,
    /// The server failed (5xx), or is not a server of this API.
    Server = 10,
}

impl Exit {
    /// Every code, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Done,
        Self::Other,
        Self::Usage,
        Self::Invalid,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Unreachable,
        Self::Certificate,
        Self::Throttled,
        Self::Server,
    ];

    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// One word for it, as `--json` says it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Other => "other",
            Self::Usage => "usage",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Unreachable => "unreachable",
            Self::Certificate => "certificate",
            Self::Throttled => "throttled",
            Self::Server => "server",
        }
    }

    /// What it means, as help, manual and documentation say it.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Other => "any other error",
            Self::Usage => "wrong usage, or something is missing that nobody can be asked for",
            Self::Invalid => "the server refused the values (HTTP 400)",
            Self::Unauthorized => "not logged in, or the login has gone stale (401)",
            Self::Forbidden => "not allowed (403)",
            Self::NotFound => "not found (404)",
            Self::Unreachable => "the server does not answer",
            Self::Certificate => "the server's certificate is not trusted",
            Self::Throttled => "too many requests (429)",
            Self::Server => "the server failed (5xx), or is not a profiles server",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_code() {
        let documentation = include_str!("../../docs/cli.md");
        for exit in Exit::ALL {
            let row = format!("| {} | `{}` | {} |", exit.code(), exit.kind(), exit.meaning());
            assert!(documentation.contains(&row), "docs/cli.md lacks: {row}");
        }
    }
}
