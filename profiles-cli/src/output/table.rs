//! Tables without lines, which are read by eye and cut by column alike.

use std::io::{self, IsTerminal};

use anstream::AutoStream;
use comfy_table::{Attribute, Cell, ContentArrangement, Table};

use super::visible::visible;

/// A list of things: one line each, below the names of the columns.
pub(crate) struct Columns {
    table: Table,
}

impl Columns {
    /// With these columns.
    pub(crate) fn new(names: &[&str]) -> Self {
        let mut table = plain_table();
        table.set_header(names.iter().map(|name| heading(name)));
        Self { table }
    }

    /// Adds a line.
    pub(crate) fn row(&mut self, cells: &[&str]) {
        self.table.add_row(cells.iter().map(|cell| Cell::new(visible(cell))));
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        printed(self.table)
    }
}

/// One thing: one line for each of its properties.
pub(crate) struct Sheet {
    table: Table,
}

impl Sheet {
    /// Without properties yet.
    pub(crate) fn new() -> Self {
        Self { table: plain_table() }
    }

    /// Adds a property.
    #[must_use]
    pub(crate) fn line(mut self, name: &str, value: &str) -> Self {
        self.table.add_row([heading(name), Cell::new(visible(value))]);
        self
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        printed(self.table)
    }
}

/// A moment as the server writes it, without the fraction of a second.
pub(crate) fn to_the_second(moment: &str) -> String {
    match moment.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => moment.to_owned(),
    }
}

fn heading(name: &str) -> Cell {
    let cell = Cell::new(name);
    if is_coloured() { cell.add_attribute(Attribute::Bold) } else { cell }
}

/// Fits the terminal; elsewhere each row is one line, however long.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    if is_coloured() {
        table.enforce_styling();
        // Not the space around it, which would hide trailing space from those who trim it.
        table.style_text_only();
    }
    table
}

/// As `--color` and the environment say.
fn is_coloured() -> bool {
    AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

fn printed(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_whatever_its_text_holds() {
        let mut columns = Columns::new(&["ID", "BIO"]);
        columns.row(&["1", "one\ntwo\u{1b}[31m"]);
        let text = anstream::adapter::strip_str(&columns.finish()).to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().nth(1).unwrap().ends_with(r"one\ntwo\u{1b}[31m"), "{text}");
    }

    #[test]
    fn a_moment_needs_no_microseconds() {
        assert_eq!(to_the_second("2026-11-22T10:45:44.128854Z"), "2026-11-22T10:45:44Z");
        assert_eq!(to_the_second("2026-11-22T10:45:44Z"), "2026-11-22T10:45:44Z");
    }
}
