//! Words that stand for the owner of a password or for the service: what a stranger tries first.

use zeroize::Zeroizing;

use crate::password::PasswordContext;

/// A shorter word turns up in too many good passwords.
const MIN_LETTERS: usize = 4;

/// The words of a text, case folded: its runs of letters and digits that are long enough. If none is, but together they
/// are, the text itself, and what is left of it without separators.
///
/// ```text
/// Ada.Lovelace   lovelace
/// bo.li          bo.li, boli
/// ```
pub(super) fn words(text: &str) -> Vec<String> {
    let text = fold(text.trim());
    let runs: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let long: Vec<String> = runs.iter().filter(|run| is_long(run)).map(|run| (*run).to_owned()).collect();
    if !long.is_empty() {
        return long;
    }
    let together = runs.concat();
    if is_long(&together) { vec![text.to_string(), together] } else { Vec::new() }
}

/// The words of an account: of its name, its owner's names, and both sides of its address.
pub(super) fn of_account(about: &PasswordContext<'_>) -> Vec<String> {
    let (local, domain) = about.email.rsplit_once('@').unwrap_or((about.email, ""));
    [about.username, about.first_name, about.last_name, local, domain].into_iter().flat_map(words).collect()
}

/// The first of these words that the password contains.
pub(super) fn contained<'a>(password: &str, mut words: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let password = fold(password);
    words.find(|word| password.contains(word.as_str())).map(String::as_str)
}

fn is_long(word: &str) -> bool {
    word.chars().nth(MIN_LETTERS - 1).is_some()
}

/// Case folded letter by letter, which takes `ς` for `σ`, and `ß` and `ẞ` for `ss`, wherever they stand.
fn fold(text: &str) -> Zeroizing<String> {
    // Growing would leave pieces of the password behind; no letter gets more than three times as long.
    let mut folded = Zeroizing::new(String::with_capacity(text.len() * 3));
    folded.extend(text.chars().flat_map(fold_letter));
    folded
}

fn fold_letter(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(password: &str, about: &PasswordContext<'_>) -> Option<String> {
        contained(password, of_account(about).iter()).map(str::to_owned)
    }

    #[test]
    fn words_are_runs_of_four_letters_or_digits() {
        assert_eq!(words(" Ada.Lovelace-1815 "), ["lovelace", "1815"]);
        assert_eq!(words("snake_case"), ["snake", "case"]);
        assert_eq!(words("bo.li"), ["bo.li", "boli"]);
        for none in ["", "ada", "a.b", "...", "\u{301}\u{301}\u{301}\u{301}"] {
            assert_eq!(words(none), [""; 0], "{none:?}");
        }
    }

    #[test]
    fn a_word_is_found_wherever_it_stands_and_in_any_case() {
        let ada = PasswordContext {
            username: "countess",
            first_name: "Ada",
            last_name: "Lovelace",
            email: "king.noel@analytical.example",
        };
        for (password, word) in [
            ("the COUNTess dines", "countess"),
            ("xxLOVELACExx", "lovelace"),
            ("a-king-s-ransom", "king"),
            ("psychoANALYTICALly", "analytical"),
            ("for example nothing", "example"),
        ] {
            assert_eq!(found(password, &ada).as_deref(), Some(word), "{password}");
        }
        // Too short to be a word, and a word that is not whole.
        assert_eq!(found("canada and counted laces", &ada), None);
        assert_eq!(found("anything at all", &PasswordContext::default()), None);
    }

    #[test]
    fn case_folds_in_every_script() {
        for (username, password) in [
            ("ОЛЬГА", "с ольгаю в лес"),
            ("οδυσσευς", "ΟΔΥΣΣΕΥΣ1"),
            ("ΟΔΥΣΣΕΥΣ", "ο οδυσσευσε"),
            ("straße", "HAUPTSTRASSE 9"),
            ("GROẞ", "großartig"),
            ("山田太郎", "x山田太郎x"),
        ] {
            let about = PasswordContext { username, ..PasswordContext::default() };
            assert!(found(password, &about).is_some(), "{username} in {password}");
        }
    }

    #[test]
    fn no_letter_outgrows_its_place() {
        let longest = ('\0'..=char::MAX).map(|c| {
            let folded: usize = fold_letter(c).map(char::len_utf8).sum();
            (folded.div_ceil(c.len_utf8()), c)
        });
        assert!(longest.max().unwrap().0 <= 3);
    }
}
