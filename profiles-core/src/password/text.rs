//! What Python says of characters, where Rust says something else.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use zeroize::Zeroizing;

/// Characters with `Numeric_Type=Digit`: superscripts, digits in circles and the like. All are in category `No`, most of
/// which is not this (`½`, `⑩`). The list is complete for good: since Unicode 6.3 no character is added to this type.
const DIGITS_BESIDES_DECIMALS: [(char, char); 20] = [
    ('\u{B2}', '\u{B3}'),
    ('\u{B9}', '\u{B9}'),
    ('\u{1369}', '\u{1371}'),
    ('\u{19DA}', '\u{19DA}'),
    ('\u{2070}', '\u{2070}'),
    ('\u{2074}', '\u{2079}'),
    ('\u{2080}', '\u{2089}'),
    ('\u{2460}', '\u{2468}'),
    ('\u{2474}', '\u{247C}'),
    ('\u{2488}', '\u{2490}'),
    ('\u{24EA}', '\u{24EA}'),
    ('\u{24F5}', '\u{24FD}'),
    ('\u{24FF}', '\u{24FF}'),
    ('\u{2776}', '\u{277E}'),
    ('\u{2780}', '\u{2788}'),
    ('\u{278A}', '\u{2792}'),
    ('\u{10A40}', '\u{10A43}'),
    ('\u{10E60}', '\u{10E68}'),
    ('\u{11052}', '\u{1105A}'),
    ('\u{1F100}', '\u{1F10A}'),
];

/// Python's `str.isdigit` of one character: `Numeric_Type` is `Decimal` (which is category `Nd`) or `Digit`.
pub(super) fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    c.general_category() == GeneralCategory::DecimalNumber
        || DIGITS_BESIDES_DECIMALS.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// A password as the lists of refused ones hold it: in lower case, without white space around.
pub(super) fn listed(text: &str) -> Zeroizing<String> {
    let text = Zeroizing::new(text.to_lowercase());
    Zeroizing::new(strip(&text).to_owned())
}

/// Python's `str.strip`: Unicode white space, and the four ASCII separators that Rust does not count as such.
fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&c))
}
