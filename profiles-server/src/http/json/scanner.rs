//! The grammar, with the errors of CPython's C scanner.

use super::{Json, JsonError, MAX_DEPTH, MAX_ITEMS, Text, number};

/// Looks at a text one code point at a time; positions are code points, as in Python.
pub(super) struct Scanner {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

type Result<T> = std::result::Result<T, JsonError>;

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), at: 0, depth: 0 }
    }

    /// One value and nothing else but white space.
    pub(super) fn document(mut self) -> Result<Json> {
        if self.peek() == Some('\u{feff}') {
            return self.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
        }
        self.skip_space();
        let value = self.value()?;
        self.skip_space();
        if self.at < self.text.len() { self.fail("Extra data", self.at) } else { Ok(value) }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = word.chars().enumerate().all(|(offset, c)| self.text.get(self.at + offset) == Some(&c));
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, message: &'static str, position: usize) -> Result<T> {
        let before = self.text.get(..position).unwrap_or(&self.text);
        let line = before.iter().filter(|c| **c == '\n').count() + 1;
        let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
        Err(JsonError::Syntax { message, line, column, position })
    }

    fn value(&mut self) -> Result<Json> {
        match self.peek() {
            Some('"') => self.string().map(Json::Text),
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::list),
            Some('-' | '0'..='9') => self.number(),
            _ if self.eat_word("null") => Ok(Json::Null),
            _ if self.eat_word("true") || self.eat_word("false") => Ok(Json::Bool),
            _ if self.eat_word("NaN") => Err(JsonError::Constant("NaN")),
            _ if self.eat_word("Infinity") => Err(JsonError::Constant("Infinity")),
            _ => self.fail("Expecting value", self.at),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json>) -> Result<Json> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError::Depth);
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Json> {
        // Only a list that is a field of the outermost object has items that anybody asks for.
        let is_field = self.depth == 2;
        let (mut items, mut more) = (Vec::new(), false);
        if self.eat(']') {
            return Ok(Json::List { items, more });
        }
        loop {
            let item = self.value()?;
            if is_field && items.len() < MAX_ITEMS {
                items.push(item);
            } else {
                more = is_field;
            }
            self.skip_space();
            if self.eat(']') {
                return Ok(Json::List { items, more });
            }
            if !self.eat(',') {
                return self.fail("Expecting ',' delimiter", self.at);
            }
            self.skip_space();
        }
    }

    fn object(&mut self) -> Result<Json> {
        // Only the outermost object has members that anybody asks for.
        let outermost = self.depth == 1;
        let mut members = Vec::new();
        if self.eat('}') {
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some('"') {
                return self.fail("Expecting property name enclosed in double quotes", self.at);
            }
            let name = self.string()?;
            self.skip_space();
            if !self.eat(':') {
                return self.fail("Expecting ':' delimiter", self.at);
            }
            self.skip_space();
            let value = self.value()?;
            if outermost {
                members.push((name.text, value));
            }
            self.skip_space();
            if self.eat('}') {
                return Ok(Json::Object(members));
            }
            if !self.eat(',') {
                return self.fail("Expecting ',' delimiter", self.at);
            }
            self.skip_space();
        }
    }

    fn number(&mut self) -> Result<Json> {
        let start = self.at;
        if self.eat('-') && self.eat_word("Infinity") {
            return Err(JsonError::Constant("-Infinity"));
        }
        if !self.eat('0') && self.digits() == 0 {
            return self.fail("Expecting value", start);
        }
        let is_float = self.fraction() | self.exponent();
        let text: String = self.text.get(start..self.at).unwrap_or_default().iter().collect();
        number::python_text(&text, is_float).map(|text| Json::Number { text, is_float })
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        self.at - start
    }

    /// `.5`; a point with no digit behind it is not part of the number.
    fn fraction(&mut self) -> bool {
        let start = self.at;
        let found = self.eat('.') && self.digits() > 0;
        if !found {
            self.at = start;
        }
        found
    }

    /// `e+5`; an `e` with no digit behind it is not part of the number.
    fn exponent(&mut self) -> bool {
        let start = self.at;
        let found = (self.eat('e') || self.eat('E')) && {
            let _sign = self.eat('+') || self.eat('-');
            self.digits() > 0
        };
        if !found {
            self.at = start;
        }
        found
    }

    fn string(&mut self) -> Result<Text> {
        let begin = self.at;
        self.at += 1;
        let mut out = Text::default();
        loop {
            let Some(c) = self.peek() else { return self.fail("Unterminated string starting at", begin) };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => self.escape(begin, &mut out)?,
                '\0'..='\x1f' => return self.fail("Invalid control character at", self.at),
                _ => {
                    self.at += 1;
                    out.text.push(c);
                }
            }
        }
    }

    fn escape(&mut self, begin: usize, out: &mut Text) -> Result<()> {
        let backslash = self.at;
        self.at += 1;
        let Some(c) = self.peek() else { return self.fail("Unterminated string starting at", begin) };
        self.at += 1;
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(backslash, out),
            _ => return self.fail("Invalid \\escape", backslash),
        };
        out.text.push(plain);
        Ok(())
    }

    fn unicode(&mut self, backslash: usize, out: &mut Text) -> Result<()> {
        let Some(first) = self.hex4(self.at).filter(|_| self.at + 4 < self.text.len()) else {
            return self.fail("Invalid \\uXXXX escape", backslash + 1);
        };
        self.at += 4;
        if let Some(c) = char::from_u32(u32::from(first)) {
            out.text.push(c);
            return Ok(());
        }
        if let Some(c) = self.low_surrogate(first)? {
            out.text.push(c);
        } else {
            out.surrogate.get_or_insert(first);
            out.text.push(char::REPLACEMENT_CHARACTER);
        }
        Ok(())
    }

    /// The second half of a surrogate pair, if one follows.
    fn low_surrogate(&mut self, high: u16) -> Result<Option<char>> {
        let is_high = (0xd800..0xdc00).contains(&high);
        let follows = self.text.get(self.at) == Some(&'\\') && self.text.get(self.at + 1) == Some(&'u');
        if !is_high || !follows || self.at + 6 >= self.text.len() {
            return Ok(None);
        }
        let Some(low) = self.hex4(self.at + 2) else { return self.fail("Invalid \\uXXXX escape", self.at + 1) };
        let paired = char::decode_utf16([high, low]).next().and_then(std::result::Result::ok);
        self.at += if paired.is_some() { 6 } else { 0 };
        Ok(paired)
    }

    fn hex4(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4)?;
        digits.iter().try_fold(0, |value: u16, c| Some(value << 4 | u16::try_from(c.to_digit(16)?).ok()?))
    }
}
