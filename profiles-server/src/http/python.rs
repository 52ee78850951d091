//! What Python makes of text, where clients of the original can tell.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether `str.isspace()` holds: Unicode's white space, and the four separators below it.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `int(text)`, as far as an `i64` holds it: white space around (without those four separators), a sign, single underscores between digits, decimal
/// digits of any script. `None` is Python's `ValueError`.
pub(crate) fn int(text: &str) -> Option<i64> {
    int_of(text, 10)
}

/// `int(text, radix)`, for a radix from 2 to 36 that Python knows no prefix of.
pub(crate) fn int_of(text: &str, radix: u32) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut value = 0_i64;
    for part in digits.split('_') {
        if part.is_empty() {
            return None;
        }
        for c in part.chars() {
            value = value.saturating_mul(i64::from(radix)).saturating_add(i64::from(digit(c, radix)?));
        }
    }
    Some(if text.starts_with('-') { -value } else { value })
}

/// The value of a digit, or of a Latin letter in its place. Unicode keeps every script's digits together, from its zero up.
fn digit(c: char, radix: u32) -> Option<u32> {
    let is_decimal = |c: char| c.general_category() == GeneralCategory::DecimalNumber;
    if c.is_ascii() || !is_decimal(c) {
        return c.to_digit(radix);
    }
    let below = (1..).map_while(|back| char::from_u32(u32::from(c).checked_sub(back)?).filter(|c| is_decimal(*c)));
    u32::try_from(below.count() % 10).ok().filter(|value| *value < radix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, value) in [
            ("7", Some(7)),
            ("007", Some(7)),
            ("+7", Some(7)),
            (" -7\u{a0}", Some(-7)),
            ("\u{1c}7", None),
            ("7_0", Some(70)),
            ("٣٤", Some(34)),
            ("\u{1d7d9}\u{1d7ff}", Some(19)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("+", None),
            ("+-7", None),
            ("- 7", None),
            ("_7", None),
            ("7_", None),
            ("7__0", None),
            ("7.0", None),
            ("7e0", None),
            ("0x7", None),
            ("²", None),
            ("½", None),
            ("Ⅷ", None),
            ("7\u{200b}", None),
        ] {
            assert_eq!(int(text), value, "{text:?}");
        }
        for (text, value) in [("1z", Some(71)), (" +1_Z", Some(71)), ("٣", Some(3)), ("ａ", None), ("0x1", Some(1189))]
        {
            assert_eq!(int_of(text, 36), value, "{text:?}");
        }
    }
}
