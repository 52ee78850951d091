//! Text of other people, made harmless: what they wrote must not steer the reader's terminal.

use std::fmt::Write as _;

/// The text with every control character spelt out, such as `\n` or `\u{1b}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmful(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

/// JSON with every control character in its JSON spelling. They can only stand within strings, and JSON itself asks
/// for no more than the first 32 to be spelt out.
pub(super) fn json_visible(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmful(character) {
            // All of them have four digits at most; and writing to a String does not fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters (of ASCII, and those that some terminals take from U+0080 on), and characters that turn the
/// direction of writing or break lines unseen.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        for hostile in ["\u{1b}]0;title\u{7}", "\u{9b}2J", "a\rb", "\u{202e}gnp.exe", "\u{7f}", "\0"] {
            let shown = visible(hostile);
            assert!(!shown.chars().any(is_harmful), "{hostile:?} -> {shown:?}");
            let json = json_visible(&serde_json::to_string(hostile).unwrap());
            assert!(!json.chars().any(is_harmful), "{hostile:?} -> {json:?}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
        }
        assert_eq!(visible("a\n\u{1b}[31m"), "a\\n\\u{1b}[31m");
    }

    #[test]
    fn writing_of_the_world_stays_as_it_is() {
        let text = "Zoë 東京 😀 שלום \"quoted\" back\\slash";
        assert_eq!(visible(text), text);
        assert_eq!(json_visible(text), text);
    }
}
