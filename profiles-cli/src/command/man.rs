//! `profiles man`

use std::{fs, io, path::Path};

use clap::{Command, CommandFactory, builder::Resettable};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{
    args::{
        Cli,
        manual::{ENVIRONMENT, FILES, examples},
    },
    exit::Exit,
    failure::Failure,
    output::print,
};

/// Prints the manual, or writes its pages into a folder.
pub(super) fn run(folder: Option<&Path>) -> Result<(), Failure> {
    let command = command();
    let Some(folder) = folder else {
        return print(whole_page(&command)?.trim_end());
    };
    let cannot = |error: io::Error| Failure::other(format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    write_pages(&command, folder).map_err(cannot)
}

/// The command line, as the pages need it.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    for_pages(command)
}

/// With the usage as help has it, where the generator would list each option without its value; and without the end of
/// the help, which has sections of its own.
fn for_pages(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    command
        .override_usage(usage.trim_start_matches("Usage: ").to_owned())
        .after_help(Resettable::Reset)
        .after_long_help(Resettable::Reset)
        .mut_subcommands(for_pages)
}

/// A page for the command and for each below it.
fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    let man = Man::new(command.clone()).source(concat!("profiles ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    example_section("SH", command, &mut page)?;
    if name_of(command) == "profiles" {
        common_sections(&mut page)?;
    } else {
        section("SEE ALSO", [("profiles(1)", "Exit status, environment and files.")]).to_writer(&mut page)?;
    }
    fs::write(folder.join(man.get_filename()), page)?;
    command.get_subcommands().try_for_each(|command| write_pages(command, folder))
}

/// The tool and all its commands on one page.
fn whole_page(command: &Command) -> io::Result<String> {
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
    example_section("SH", command, &mut page)?;
    common_sections(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// A section for a command and each command below it.
fn command_sections(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    if command.has_subcommands() {
        return command.get_subcommands().try_for_each(|command| command_sections(command, page));
    }
    let mut heading = Roff::new();
    heading.control("SH", [name_of(command).to_uppercase().as_str()]);
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
    example_section("SS", command, page)
}

/// With the names of the commands above it, such as `profiles status post`.
fn name_of(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

fn example_section(level: &str, command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let examples = examples(name_of(command));
    if examples.is_empty() {
        return Ok(());
    }
    let mut roff = Roff::new();
    roff.control(level, ["EXAMPLES"]);
    entries(&mut roff, examples.iter().copied());
    roff.to_writer(page)
}

fn common_sections(page: &mut Vec<u8>) -> io::Result<()> {
    let exits = Exit::ALL.map(|exit| (exit.code().to_string(), exit.meaning()));
    section("EXIT STATUS", exits.iter().map(|(code, meaning)| (code.as_str(), *meaning))).to_writer(page)?;
    section("ENVIRONMENT", ENVIRONMENT).to_writer(page)?;
    section("FILES", FILES).to_writer(page)
}

fn section<'a>(title: &str, content: impl IntoIterator<Item = (&'a str, &'a str)>) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    entries(&mut roff, content);
    roff
}

fn entries<'a>(roff: &mut Roff, entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
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
        let page = whole_page(&command()).unwrap();
        for heading in ["PROFILES REGISTER", "PROFILES STATUS POST", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"]
        {
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
