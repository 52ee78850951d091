//! What help and manual tell beside commands and options.

use std::fmt::Write as _;

use crate::exit::Exit;

/// A line to type, and what it does.
pub(crate) type Example = (&'static str, &'static str);

/// Examples for the tool as a whole, called `profiles`, and for each command that is not clear without.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "profiles",
        &[
            ("profiles register --username ada --email ada@example.org", "Open an account; asks for a password"),
            ("profiles edit --city London --bio 'Writes programs'", "Fill in one's own profile"),
            ("profiles status post 'Hello, world.'", "Post a status"),
            ("profiles list --search london", "Find profiles by city or username"),
            ("profiles --url https://example.org list --json", "Everybody on another server, as JSON"),
        ],
    ),
    (
        "profiles register",
        &[
            ("profiles register", "Ask for everything"),
            ("profiles register -u ada -e ada@example.org --password-stdin < pw.txt", "In a script"),
        ],
    ),
    (
        "profiles login",
        &[
            ("profiles login --username ada", "Ask for the password"),
            ("profiles login --username ada --password-stdin < pw.txt", "In a script"),
        ],
    ),
    (
        "profiles list",
        &[
            ("profiles list --search 'ada london'", "Both words, whether in username or city"),
            ("profiles list --json --limit 100", "The first hundred, for a program"),
        ],
    ),
    (
        "profiles show",
        &[
            ("profiles show", "One's own"),
            ("profiles show ada", "By username, in any case"),
            ("profiles show 1", "By number"),
            ("profiles show --username 2001", "By a username that is a number"),
        ],
    ),
    (
        "profiles edit",
        &[
            ("profiles edit", "Ask, with the present texts to start from"),
            ("profiles edit --city London", "Change the city and nothing else"),
            ("profiles edit --bio ''", "Clear the bio"),
            ("profiles edit --avatar me.jpg", "Show an image of oneself"),
            ("profiles edit --id 7 --city Paris", "Somebody else's, as staff"),
        ],
    ),
    (
        "profiles status post",
        &[
            ("profiles status post 'Hello, world.'", "From the command line"),
            ("date | profiles status post -", "From standard input"),
            ("profiles status post -- '-5 degrees'", "A text that begins with a hyphen"),
        ],
    ),
    (
        "profiles status watch",
        &[
            ("profiles status watch --username ada", "What happens to ada's statuses"),
            ("profiles status watch --json --after 0", "All that the server still knows, and what comes"),
        ],
    ),
    (
        "profiles password change",
        &[
            ("profiles password change", "Ask for both passwords"),
            (
                "profiles password change --password-stdin --new-password-stdin < two.txt",
                "In a script: a line with the present one, then one with the new one",
            ),
        ],
    ),
    ("profiles password reset", &[("profiles password reset ada@example.org", "The mail has a link")]),
    (
        "profiles password reset-confirm",
        &[
            ("profiles password reset-confirm", "Ask for link and password"),
            ("profiles password reset-confirm 'https://example.org/reset/1/k3y/'", "The link as it was mailed"),
            ("profiles password reset-confirm 1 k3y --new-password-stdin < pw.txt", "In a script"),
        ],
    ),
    (
        "profiles email verify",
        &[
            ("profiles email verify 'https://example.org/confirm/k3y/'", "The link as it was mailed"),
            ("profiles email verify k3y", "The key out of it"),
        ],
    ),
    (
        "profiles email change",
        &[
            ("profiles email change ada@example.com", "Ask for the password"),
            ("profiles email change ada@example.com --password-stdin < pw.txt", "In a script"),
        ],
    ),
    (
        "profiles sessions revoke",
        &[("profiles sessions revoke 7", "This one"), ("profiles sessions revoke --others", "Log out everywhere else")],
    ),
    (
        "profiles token create",
        &[
            ("profiles token create reader --expires 90d", "May only read, for three months"),
            ("profiles token create ci --scope read --scope status:write", "May post as well, until it is revoked"),
        ],
    ),
    (
        "profiles account export",
        &[
            ("profiles account export --output account.json", "Into a file"),
            ("profiles account export > account.json", "To standard output"),
        ],
    ),
    (
        "profiles account delete",
        &[
            ("profiles account delete", "Ask whether it is meant, and for the password"),
            ("profiles account delete --yes --password-stdin < pw.txt", "In a script"),
        ],
    ),
];

/// Variables of the environment, and what each does.
pub(crate) const ENVIRONMENT: [(&str, &str); 6] = [
    ("PROFILES_URL", "Address of the server"),
    ("PROFILES_TOKEN", "A token; goes before the one in the config folder"),
    ("PROFILES_CONFIG_DIR", "The config folder"),
    ("NO_COLOR", "If not empty, no colour; --color goes before it"),
    ("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "Proxies, and servers to reach without"),
    ("SSL_CERT_FILE", "PEM file of authorities to trust instead of the system's"),
];

/// Files, and what each holds.
pub(crate) const FILES: [(&str, &str); 2] = [
    ("~/.config/profiles/config.toml", "Settings: `url`, the address of the server"),
    ("~/.config/profiles/tokens/", "One token for each server, readable by the owner only"),
];

/// Examples for a command, such as `profiles status post`.
pub(crate) fn examples(command: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[], |(_, examples)| examples)
}

/// The end of a command's help: each example below what it does.
pub(crate) fn after_help(command: &str) -> String {
    let mut text = String::from("Examples:\n");
    for (line, meaning) in examples(command) {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  # {meaning}\n  {line}");
    }
    text
}

/// The end of `profiles --help`.
pub(crate) fn epilogue() -> String {
    let mut text = after_help("profiles");
    text.push_str("\nEnvironment variables:\n");
    for (name, meaning) in ENVIRONMENT {
        // A name that is too long for its column has a line of its own.
        let separator = if name.len() > 19 { format!("\n{:23}", "") } else { " ".repeat(21 - name.len()) };
        let _ = writeln!(text, "  {name}{separator}{meaning}");
    }
    text.push_str("\nExit codes:\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:>2}  {}", exit.code(), exit.meaning());
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    /// The words of a line, up to a redirection and from the last pipe on.
    fn words(line: &str) -> Vec<String> {
        let line = line.rsplit(" | ").next().unwrap().split(" < ").next().unwrap().split(" > ").next().unwrap();
        let mut words = Vec::new();
        for (index, part) in line.split('\'').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }

    #[test]
    fn every_example_is_below_the_help_of_its_command() {
        for (name, examples) in EXAMPLES {
            let arguments = name.split(' ').chain(["--help"]);
            let help = Cli::try_parse_from(arguments).unwrap_err().to_string();
            assert!(examples.iter().all(|(line, _)| help.contains(line)), "{help}");
        }
    }

    #[test]
    fn every_example_is_a_line_that_the_program_takes() {
        for (line, _) in EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
            Cli::try_parse_from(words(line)).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn the_documentation_lists_every_variable() {
        let documentation = include_str!("../../../docs/cli.md");
        for (name, meaning) in ENVIRONMENT {
            let row = format!("| `{}` | {meaning} |", name.replace(", ", "`, `"));
            assert!(documentation.contains(&row), "docs/cli.md lacks: {row}");
        }
    }

    #[test]
    fn the_end_of_the_help_fits_a_narrow_terminal() {
        for line in epilogue().lines() {
            assert!(line.len() <= 80, "{line}");
        }
    }
}
