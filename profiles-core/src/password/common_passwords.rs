//! The list of common passwords.
//!
//! It is the list that Django comes with, made by Royce Williams; where it comes from and on what terms stands in
//! `common-passwords.LICENSE.md`. Here it is sorted by bytes, one password a line, and searched where it lies in the
//! program's file: it takes no heap, and only the pages a search touches are in memory.

use std::cmp::Ordering;

use super::text::listed;

const COMMON_PASSWORDS: &str = include_str!("common-passwords.txt");

/// Whether the password stands in the list; case, and white space around it, are ignored.
pub(super) fn is_common(password: &str) -> bool {
    has_line(COMMON_PASSWORDS, &listed(password))
}

/// Binary search by byte offsets in sorted lines.
fn has_line(mut lines: &str, wanted: &str) -> bool {
    while !lines.is_empty() {
        let (before, line, after) = line_in_the_middle(lines);
        lines = match wanted.cmp(line) {
            Ordering::Less => before,
            Ordering::Equal => return true,
            Ordering::Greater => after,
        };
    }
    false
}

/// The line that holds the middle byte, without its end, and the lines on both sides of it.
fn line_in_the_middle(lines: &str) -> (&str, &str, &str) {
    let is_line_end = |byte: &u8| *byte == b'\n';
    let (first_half, second_half) = lines.as_bytes().split_at(lines.len() / 2);
    let start = first_half.iter().rposition(is_line_end).map_or(0, |end| end + 1);
    let end = second_half.iter().position(is_line_end).map_or(lines.len(), |end| first_half.len() + end);
    let (up_to_end, after) = lines.split_at(end);
    let (before, line) = up_to_end.split_at(start);
    (before, line, after.strip_prefix('\n').unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_sorted() {
        let lines: Vec<&str> = COMMON_PASSWORDS.lines().collect();
        assert_eq!(lines.len(), 19_640);
        assert!(lines.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        let lines: std::collections::HashSet<&str> = COMMON_PASSWORDS.lines().collect();
        for line in &lines {
            assert!(is_common(line), "{line}");
            for neighbour in [format!("{line}\u{1}"), format!("{line}\n{line}"), line.replacen(['a', '1'], "b", 1)] {
                assert_eq!(is_common(&neighbour), lines.contains(neighbour.as_str()), "{neighbour:?}");
            }
        }
        assert!(!is_common(""));
    }

    #[test]
    fn case_and_white_space_around_do_not_make_a_password_rare() {
        assert!(is_common("PassWord") && is_common(" \u{1C}\u{3000}password\t") && is_common("ЛЮБОВЬ"));
        assert!(!is_common("pass word"));
    }
}
