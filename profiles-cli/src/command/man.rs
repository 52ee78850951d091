//! `profiles man`

use std::{fs, io, path::Path};

use clap::{CommandFactory, builder::Resettable};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{args::Cli, exit::Exit, failure::Failure, output::print};

/// Variables of the environment, and what each does.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("PROFILES_URL", "Address of the server."),
    ("PROFILES_TOKEN", "A token; goes before the one in the config folder."),
    ("PROFILES_CONFIG_DIR", "The config folder."),
    ("NO_COLOR", "If not empty, no colour."),
    ("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "Proxies, and servers to reach without."),
    ("SSL_CERT_FILE", "Certificates (PEM) of the authorities to trust instead of the system's."),
];

/// Files, and what each holds.
const FILES: [(&str, &str); 2] = [
    ("~/.config/profiles/config.toml", "Settings: `url`, the address of the server."),
    ("~/.config/profiles/tokens/", "One token for each server, readable by the owner only."),
];

/// Prints the manual, or writes its pages into a folder.
pub(super) fn run(folder: Option<&Path>) -> Result<(), Failure> {
    // The table of exit codes has a section of its own here.
    let command = Cli::command().after_long_help(Resettable::Reset).disable_help_subcommand(true);
    let Some(folder) = folder else {
        let page = whole_page(command).map_err(Failure::from)?;
        return print(page.trim_end());
    };
    let cannot = |error: io::Error| Failure::other(format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    clap_mangen::generate_to(command.clone(), folder).map_err(cannot)?;
    fs::write(folder.join("profiles.1"), overview(command).map_err(cannot)?).map_err(cannot)
}

/// The page of the tool itself; each command has its own.
fn overview(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    common_sections(&mut page)?;
    Ok(page)
}

/// The tool and all its commands on one page.
fn whole_page(mut command: clap::Command) -> io::Result<String> {
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        command_sections(subcommand, &mut page)?;
    }
    common_sections(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// A section for a command and each command below it.
fn command_sections(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|command| command_sections(command, page));
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let mut heading = Roff::new();
    heading.control("SH", [name.to_uppercase().as_str()]);
    heading.to_writer(page)?;

    let mut body = Vec::new();
    // What every command takes stands once, at the top.
    let man = Man::new(command.clone().mut_args(|argument| {
        let is_global = argument.get_help_heading().is_some() || argument.get_id() == "help";
        argument.hide(is_global)
    }));
    man.render_description_section(&mut body)?;
    man.render_synopsis_section(&mut body)?;
    if command.get_arguments().any(|argument| argument.get_help_heading().is_none() && argument.get_id() != "help") {
        man.render_options_section(&mut body)?;
    }
    // One level down, below the command's own heading.
    let body = String::from_utf8_lossy(&body).replace(".SH DESCRIPTION\n", "").replace(".SH ", ".SS ");
    page.extend_from_slice(body.as_bytes());
    Ok(())
}

fn common_sections(page: &mut Vec<u8>) -> io::Result<()> {
    let exits = Exit::ALL.map(|exit| (exit.code().to_string(), exit.meaning()));
    let mut roff = Roff::new();
    section(&mut roff, "EXIT STATUS", exits.iter().map(|(code, meaning)| (code.as_str(), *meaning)));
    section(&mut roff, "ENVIRONMENT", ENVIRONMENT);
    section(&mut roff, "FILES", FILES);
    roff.to_writer(page)
}

fn section<'a>(roff: &mut Roff, title: &str, entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    roff.control("SH", [title]);
    for (term, meaning) in entries {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(meaning)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_page_tells_every_command_and_every_exit_code() {
        let page = whole_page(Cli::command().disable_help_subcommand(true)).unwrap();
        for heading in ["PROFILES REGISTER", "PROFILES STATUS POST", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
            assert!(
                page.contains(&format!(".SH \"{heading}\"")) || page.contains(&format!(".SH {heading}")),
                "{heading}"
            );
        }
        for exit in Exit::ALL {
            assert!(page.contains(&exit.meaning().replace('\'', "\\*(Aq")), "{}", exit.meaning());
        }
    }

    #[test]
    fn a_folder_gets_a_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        run(Some(folder.path())).unwrap();
        for page in ["profiles.1", "profiles-login.1", "profiles-status-post.1"] {
            assert!(fs::read_to_string(folder.path().join(page)).unwrap().contains(".TH"), "{page}");
        }
        assert!(fs::read_to_string(folder.path().join("profiles.1")).unwrap().contains("EXIT STATUS"));
    }
}
