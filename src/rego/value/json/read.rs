//! JSON bytes straight into values, in one pass: RFC 8259, exact numbers, bounded depth and memory.

use super::super::limits::CONTAINER_BYTES;
use super::super::number::MAX_NUMBER_TEXT;
use super::super::{Array, Number, ObjectBuilder, ReadLimits, Str, Value};

/// Where and why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Bytes before the place.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in bytes, counted from 1.
    pub column: usize,
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// The text ends in the middle.
    #[error("unexpected end of JSON input")]
    UnexpectedEnd,
    /// A character that cannot stand there.
    #[error("unexpected character {0:?}")]
    Unexpected(char),
    /// Something follows the value.
    #[error("text after the JSON value")]
    Trailing,
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A control character within a string.
    #[error("control character in a string")]
    Control,
    /// A backslash before a character that means nothing there.
    #[error("invalid escape in a string")]
    Escape,
    /// Not a number of JSON's grammar.
    #[error("malformed number")]
    Number,
    /// The number has too many characters.
    #[error("number of more than {MAX_NUMBER_TEXT} characters")]
    LongNumber,
    /// Deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(u32),
    /// More text than the limit.
    #[error("more than {0} bytes of text")]
    TooLong(usize),
    /// The value would take more memory than the limit.
    #[error("the value takes more than {0} bytes of memory")]
    TooLarge(u64),
}

/// The value of a whole text. Of repeated keys the last value wins, as for every document that Rego sees; lone
/// surrogates become U+FFFD, as in Go.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Value, JsonError> {
    let (value, read, _) = read_prefix_counted(bytes, limits)?;
    let rest = bytes[read..].iter().position(|it| !is_blank(*it));
    rest.map_or(Ok(value), |at| Err(JsonErrorKind::Trailing.at(bytes, read + at)))
}

/// The first value of a text, the bytes read, and the bytes of heap that the value takes by estimate.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read_prefix_counted(bytes: &[u8], limits: &ReadLimits) -> Result<(Value, usize, u64), JsonError> {
    if bytes.len() > limits.max_text_bytes {
        return Err(JsonErrorKind::TooLong(limits.max_text_bytes).at(bytes, limits.max_text_bytes));
    }
    let mut reader = Reader { bytes, at: 0, limits, heap: 0 };
    match reader.value(0) {
        Ok(value) => Ok((value, reader.at, reader.heap)),
        Err(kind) => Err(kind.at(bytes, reader.at)),
    }
}

impl JsonErrorKind {
    fn at(self, bytes: &[u8], offset: usize) -> JsonError {
        let before = &bytes[..offset.min(bytes.len())];
        let line = before.split(|it| *it == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|it| **it != b'\n').count();
        JsonError { kind: self, offset, line, column }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: &'a ReadLimits,
    heap: u64,
}

type Step<T> = Result<T, JsonErrorKind>;

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u32) -> Step<Value> {
        match self.next_token()? {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.unexpected()),
        }
    }

    /// The next byte that is not blank, not consumed.
    fn next_token(&mut self) -> Step<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !is_blank(*byte) {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(JsonErrorKind::UnexpectedEnd)
    }

    fn unexpected(&self) -> JsonErrorKind {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let chunk = rest.utf8_chunks().next();
        match chunk {
            None => JsonErrorKind::UnexpectedEnd,
            Some(chunk) => {
                chunk.valid().chars().next().map_or(JsonErrorKind::InvalidUtf8, JsonErrorKind::Unexpected)
            }
        }
    }

    fn take(&mut self, heap: u64) -> Step<()> {
        self.heap += heap;
        if self.heap > self.limits.max_heap_bytes {
            return Err(JsonErrorKind::TooLarge(self.limits.max_heap_bytes));
        }
        Ok(())
    }

    fn enter(&mut self, depth: u32) -> Step<()> {
        self.at += 1;
        if depth > self.limits.max_depth {
            return Err(JsonErrorKind::TooDeep(self.limits.max_depth));
        }
        self.take(CONTAINER_BYTES)
    }

    fn array(&mut self, depth: u32) -> Step<Value> {
        self.enter(depth)?;
        let mut items = Vec::new();
        if self.next_token()? == b']' {
            self.at += 1;
            return Ok(Array::new().into());
        }
        loop {
            self.take(size_of::<Value>() as u64)?;
            items.push(self.value(depth)?);
            match self.next_token()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        items.shrink_to_fit();
        Ok(items.into())
    }

    fn object(&mut self, depth: u32) -> Step<Value> {
        self.enter(depth)?;
        let mut pairs = ObjectBuilder::new();
        if self.next_token()? == b'}' {
            self.at += 1;
            return Ok(pairs.build_last_wins().into());
        }
        loop {
            self.take(2 * size_of::<Value>() as u64)?;
            if self.next_token()? != b'"' {
                return Err(self.unexpected());
            }
            let key = self.string()?;
            if self.next_token()? != b':' {
                return Err(self.unexpected());
            }
            self.at += 1;
            let value = self.value(depth)?;
            pairs.push(key.into(), value);
            match self.next_token()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        Ok(pairs.build_last_wins().into())
    }

    fn word(&mut self, word: &str, value: Value) -> Step<Value> {
        for expected in word.bytes() {
            if self.bytes.get(self.at) != Some(&expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Step<Value> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|it| !matches!(it, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        if length > MAX_NUMBER_TEXT {
            return Err(JsonErrorKind::LongNumber);
        }
        let text = str::from_utf8(&rest[..length]).map_err(|_| JsonErrorKind::InvalidUtf8)?;
        let number = Number::from_text(text).map_err(|_| JsonErrorKind::Number)?;
        self.take(number.heap_bytes())?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn string(&mut self) -> Step<Str> {
        self.at += 1;
        let plain = self.plain()?;
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            self.take(plain.len() as u64 + 16)?;
            return Ok(plain.into());
        }
        let mut text = plain.to_owned();
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(JsonErrorKind::Control),
                None => return Err(JsonErrorKind::UnexpectedEnd),
            }
            text.push_str(self.plain()?);
        }
        self.at += 1;
        self.take(text.len() as u64 + 16)?;
        Ok(text.into())
    }

    /// The text up to the next quote, backslash or control character.
    fn plain(&mut self) -> Step<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|it| matches!(it, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
        match str::from_utf8(&rest[..length]) {
            Ok(text) => {
                self.at += length;
                Ok(text)
            }
            Err(error) => {
                self.at += error.valid_up_to();
                Err(JsonErrorKind::InvalidUtf8)
            }
        }
    }

    fn escape(&mut self) -> Step<char> {
        let letter = *self.bytes.get(self.at + 1).ok_or(JsonErrorKind::UnexpectedEnd)?;
        let char = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(JsonErrorKind::Escape),
        };
        self.at += 2;
        Ok(char)
    }

    fn code_point(&mut self) -> Step<char> {
        let high = self.hex(self.at + 2)?;
        self.at += 6;
        if let Some(char) = char::from_u32(high) {
            return Ok(char);
        }
        let follows = self.bytes[self.at..].starts_with(b"\\u");
        if high < 0xDC00 && follows {
            let low = self.hex(self.at + 2)?;
            if (0xDC00..0xE000).contains(&low) {
                self.at += 6;
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(code).ok_or(JsonErrorKind::Escape);
            }
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&self, from: usize) -> Step<u32> {
        let digits = self.bytes.get(from..from + 4).ok_or(JsonErrorKind::UnexpectedEnd)?;
        digits.iter().try_fold(0, |sum, digit| {
            char::from(*digit).to_digit(16).map(|it| sum * 16 + it).ok_or(JsonErrorKind::Escape)
        })
    }
}
