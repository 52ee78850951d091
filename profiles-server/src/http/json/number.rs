//! Numbers as Python's `str()` writes them.

use super::JsonError;

/// Digits of an integer that CPython converts at most (`sys.int_info.default_max_str_digits`).
const MAX_DIGITS: usize = 4300;

/// What `str(json.loads(number))` would be.
pub(super) fn python_text(number: &str, is_float: bool) -> Result<String, JsonError> {
    if is_float {
        return Ok(number.parse().map_or_else(|_| number.to_owned(), python_float));
    }
    let digits = number.trim_start_matches('-').len();
    if digits > MAX_DIGITS {
        return Err(JsonError::Digits(digits));
    }
    Ok(if number == "-0" { "0".to_owned() } else { number.to_owned() })
}

/// `repr(float)`: the shortest digits that read back the same; an exponent of two digits or more, from 1e16 up and
/// below 1e-4.
fn python_float(value: f64) -> String {
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    // `Display` never uses an exponent, and has as many digits as it takes.
    let plain = value.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

#[cfg(test)]
mod tests {
    use super::python_text;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (number, text) in [
            ("1.5", "1.5"),
            ("1e22", "1e+22"),
            ("-0.0", "-0.0"),
            ("1e400", "inf"),
            ("-1e400", "-inf"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1E5", "100000.0"),
            ("123456789.125", "123456789.125"),
            ("1.0", "1.0"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("0e0", "0.0"),
        ] {
            assert_eq!(python_text(number, true).unwrap(), text, "{number}");
        }
    }

    #[test]
    fn integers_keep_their_digits() {
        for (number, text) in [
            ("42", "42"),
            ("-7", "-7"),
            ("-0", "0"),
            ("1000000000000000000000000000000", "1000000000000000000000000000000"),
        ] {
            assert_eq!(python_text(number, false).unwrap(), text);
        }
        assert!(python_text(&"9".repeat(4301), false).is_err());
    }
}
