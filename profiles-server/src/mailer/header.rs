//! Header fields in 7-bit text: encoded words (RFC 2047) and folding (RFC 5322, 2.2.3).

use data_encoding::BASE64;

/// Characters of a line, the name of the field included.
const LINE: usize = 78;
/// Characters of an encoded word: RFC 2047, section 2. Python's `email` makes some of 76.
const WORD: usize = 75;
const Q: (&str, &str) = ("=?utf-8?q?", "?=");
const B: (&str, &str) = ("=?utf-8?b?", "?=");

/// A text that is not about addresses: as it is if it is ASCII, else in encoded words, with single spaces between them.
pub(super) fn encode_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    // Whichever is shorter, as Python's `email` chooses: readable for Latin letters, short for others.
    let as_quotes: usize = text.bytes().map(|byte| quote(byte).len()).sum();
    let quotes = as_quotes <= text.len().div_ceil(3) * 4;
    let (open, close) = if quotes { Q } else { B };
    let room = WORD - open.len() - close.len();
    let mut words = Vec::new();
    let mut chunk = String::new();
    let mut length = 0;
    for letter in text.chars() {
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).bytes();
        // A letter is never torn apart: each word must be text by itself.
        let longer = if quotes {
            length + bytes.map(|byte| quote(byte).len()).sum::<usize>()
        } else {
            (chunk.len() + letter.len_utf8()).div_ceil(3) * 4
        };
        if longer > room {
            length = longer - length;
            words.push(std::mem::take(&mut chunk));
        } else {
            length = longer;
        }
        chunk.push(letter);
    }
    words.push(chunk);
    let encoded = words.iter().map(|word| {
        let body = if quotes { word.bytes().map(quote).collect() } else { BASE64.encode(word.as_bytes()) };
        format!("{open}{body}{close}")
    });
    encoded.collect::<Vec<_>>().join(" ")
}

/// A byte in the Q encoding, with the letters that are safe anywhere in a header: RFC 2047, section 5 (3).
fn quote(byte: u8) -> String {
    match byte {
        b' ' => "_".to_owned(),
        b'-' | b'!' | b'*' | b'+' | b'/' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("={byte:02X}"),
    }
}

/// `name: value` and a line feed, broken at spaces into lines of at most 78 characters where it can be.
pub(super) fn fold(name: &str, value: &str) -> String {
    let mut text = format!("{name}:");
    let mut column = text.len();
    for (at, word) in value.split(' ').enumerate() {
        // What stands behind the name always has a space before it, even if it is a line break that follows.
        if column + 1 + word.len() > LINE && !word.is_empty() {
            text.push_str(if at == 0 { " \n " } else { "\n " });
            column = 1;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Django 5.2 makes of the same.
    #[test]
    fn words_and_lines_are_those_of_django() {
        let subject = |text: &str| fold("Subject", &encode_text(text));
        assert_eq!(
            subject("[Café] Please Confirm Your Email Address"),
            "Subject: =?utf-8?q?=5BCaf=C3=A9=5D_Please_Confirm_Your_Email_Address?=\n"
        );
        assert_eq!(
            subject("[中文] Please Confirm Your Email Address"),
            "Subject: =?utf-8?b?W+S4reaWh10gUGxlYXNlIENvbmZpcm0gWW91ciBFbWFpbCBBZGRyZXNz?=\n"
        );
        assert_eq!(subject("[é=?_] x"), "Subject: =?utf-8?b?W8OpPT9fXSB4?=\n");
        assert_eq!(subject("=?utf-8?q?x?= _?_"), "Subject: =?utf-8?q?x?= _?_\n");
        assert_eq!(
            subject("[A site with a name that is quite long as names go] Please Confirm Your Email Address"),
            "Subject: [A site with a name that is quite long as names go] Please Confirm\n Your Email Address\n"
        );
    }

    #[test]
    fn a_long_text_is_many_short_words_none_of_which_tears_a_letter() {
        for text in ["é".repeat(200), "中文".repeat(100), "aé ".repeat(99), "😀".repeat(60)] {
            let folded = fold("Subject", &encode_text(&text));
            let mut read = String::new();
            for line in folded.lines().skip(1) {
                let word = line.strip_prefix(' ').unwrap();
                assert!(word.len() <= WORD && word.is_ascii(), "{word}");
                read.push_str(&decode(word));
            }
            assert_eq!(read, text);
        }
    }

    fn decode(word: &str) -> String {
        let inside = |(open, close)| word.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        let bytes = match (inside(B), inside(Q)) {
            (Some(body), _) => BASE64.decode(body.as_bytes()).unwrap(),
            (_, Some(body)) => {
                let mut bytes = Vec::new();
                let mut rest = body;
                while let Some(first) = rest.chars().next() {
                    let taken = if first == '=' { 3 } else { 1 };
                    let (one, after) = rest.split_at(taken);
                    bytes.push(match first {
                        '=' => u8::from_str_radix(&one[1..], 16).unwrap(),
                        '_' => b' ',
                        _ => one.as_bytes()[0],
                    });
                    rest = after;
                }
                bytes
            }
            _ => panic!("{word}"),
        };
        String::from_utf8(bytes).unwrap()
    }
}
