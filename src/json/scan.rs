//! One pass over JSON that builds nothing but the keys of the objects that are open.
//!
//! The stack of open objects and arrays is on the heap, so depth costs no stack.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Limits, ReadError, ReadErrorKind};

/// Whether the bytes are one strict JSON document within the limits.
///
/// # Errors
/// [`ReadError`] names the first fault and its place.
pub fn check(bytes: &[u8], limits: Limits) -> Result<(), ReadError> {
    if bytes.len() > limits.max_bytes {
        return Err(ReadErrorKind::TooLarge { actual: bytes.len(), limit: limits.max_bytes }.whole());
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ReadErrorKind::ByteOrderMark.at(bytes, 0));
    }
    let text = str::from_utf8(bytes).map_err(|it| ReadErrorKind::InvalidUtf8.at(bytes, it.valid_up_to()))?;
    let mut scanner = Scanner { text, at: 0, max_depth: limits.max_depth, open: Vec::new() };
    scanner.document().map_err(|kind| match kind {
        ReadErrorKind::Empty => kind.whole(),
        kind => kind.at(bytes, scanner.at),
    })
}

enum Open<'a> {
    Array,
    Object(HashSet<Cow<'a, str>>),
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    max_depth: u32,
    open: Vec<Open<'a>>,
}

type Step<T> = Result<T, ReadErrorKind>;

impl<'a> Scanner<'a> {
    fn document(&mut self) -> Step<()> {
        if self.peek().is_none() {
            return Err(ReadErrorKind::Empty);
        }
        self.value()?;
        while !self.open.is_empty() {
            self.after_value()?;
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(ReadErrorKind::Trailing),
        }
    }

    /// A scalar, an empty collection, or the first value of a collection, however deep.
    fn value(&mut self) -> Step<()> {
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.enter(Open::Object(HashSet::new()))?;
                    if self.peek() == Some(b'}') {
                        self.leave();
                        return Ok(());
                    }
                    self.key()?;
                }
                Some(b'[') => {
                    self.enter(Open::Array)?;
                    if self.peek() == Some(b']') {
                        self.leave();
                        return Ok(());
                    }
                }
                Some(b'"') => return self.string().map(drop),
                Some(b't') => return self.word("true"),
                Some(b'f') => return self.word("false"),
                Some(b'n') => return self.word("null"),
                Some(b'-' | b'0'..=b'9') => return self.number(),
                _ => return Err(self.unexpected("a value")),
            }
        }
    }

    fn after_value(&mut self) -> Step<()> {
        let in_object = matches!(self.open.last(), Some(Open::Object(_)));
        match (self.peek(), in_object) {
            (Some(b'}'), true) | (Some(b']'), false) => {
                self.leave();
                Ok(())
            }
            (Some(b','), true) => {
                self.at += 1;
                self.key()?;
                self.value()
            }
            (Some(b','), false) => {
                self.at += 1;
                self.value()
            }
            (_, true) => Err(self.unexpected("`,` or `}`")),
            (_, false) => Err(self.unexpected("`,` or `]`")),
        }
    }

    fn enter(&mut self, what: Open<'a>) -> Step<()> {
        if self.open.len() >= self.max_depth as usize {
            return Err(ReadErrorKind::TooDeep(self.max_depth));
        }
        self.at += 1;
        self.open.push(what);
        Ok(())
    }

    fn leave(&mut self) {
        self.at += 1;
        self.open.pop();
    }

    fn key(&mut self) -> Step<()> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let start = self.at;
        let key = self.string()?;
        if let Some(Open::Object(keys)) = self.open.last_mut()
            && let Some(repeated) = keys.replace(key)
        {
            self.at = start;
            return Err(ReadErrorKind::DuplicateKey(repeated.into_owned()));
        }
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// The next byte that is not blank, not consumed.
    fn peek(&mut self) -> Option<u8> {
        let blanks = self.rest().iter().take_while(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += blanks;
        self.rest().first().copied()
    }

    fn unexpected(&self, wanted: &str) -> ReadErrorKind {
        let found = self.text.get(self.at..).and_then(|it| it.chars().next());
        ReadErrorKind::Syntax(match found {
            None => format!("the document ends where {wanted} should follow"),
            Some(char) => format!("{char:?} where {wanted} should stand"),
        })
    }

    fn word(&mut self, word: &str) -> Step<()> {
        let ends = |it: &u8| !it.is_ascii_alphanumeric();
        if !self.rest().starts_with(word.as_bytes()) || !self.rest().get(word.len()).is_none_or(ends) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Step<()> {
        self.at += usize::from(self.rest().starts_with(b"-"));
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes()[self.at - whole] == b'0' {
            return Err(ReadErrorKind::Syntax("a number with a leading zero".to_owned()));
        }
        if self.rest().starts_with(b".") {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.rest().first(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Step<usize> {
        let count = self.rest().iter().take_while(|it| it.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.unexpected("a digit"));
        }
        self.at += count;
        Ok(count)
    }

    fn string(&mut self) -> Step<Cow<'a, str>> {
        self.at += 1;
        let mut text = Cow::Borrowed(self.plain());
        loop {
            match self.rest() {
                [b'"', ..] => break,
                [b'\\', ..] => text.to_mut().push(self.escape()?),
                [] => return Err(self.unexpected("the end of a string")),
                _ => return Err(ReadErrorKind::Syntax("a control character in a string".to_owned())),
            }
            let plain = self.plain();
            text.to_mut().push_str(plain);
        }
        self.at += 1;
        Ok(text)
    }

    /// The text up to the next quote, backslash or control character.
    fn plain(&mut self) -> &'a str {
        let start = self.at;
        self.at += self.rest().iter().take_while(|it| !matches!(it, b'"' | b'\\' | 0..=0x1f)).count();
        &self.text[start..self.at]
    }

    fn escape(&mut self) -> Step<char> {
        let char = match self.rest().get(1) {
            Some(it @ (b'"' | b'\\' | b'/')) => char::from(*it),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => return Err(ReadErrorKind::Syntax("an unknown escape in a string".to_owned())),
        };
        self.at += 2;
        Ok(char)
    }

    fn code_point(&mut self) -> Step<char> {
        let first = self.hex(0)?;
        let (code, length) = match first {
            0xD800..0xDC00 => match self.hex(6)? {
                low @ 0xDC00..0xE000 => (0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00), 12),
                _ => return Err(ReadErrorKind::LoneSurrogate),
            },
            _ => (first, 6),
        };
        let char = char::from_u32(code).ok_or(ReadErrorKind::LoneSurrogate)?;
        self.at += length;
        Ok(char)
    }

    /// The four digits of a `\uXXXX` that stands so many bytes ahead.
    fn hex(&self, ahead: usize) -> Step<u32> {
        let Some([b'\\', b'u', digits @ ..]) = self.rest().get(ahead..) else {
            return Err(ReadErrorKind::LoneSurrogate);
        };
        let wrong = || ReadErrorKind::Syntax("four hexadecimal digits should follow `\\u`".to_owned());
        let digits = digits.get(..4).ok_or_else(wrong)?;
        digits
            .iter()
            .try_fold(0, |sum, it| char::from(*it).to_digit(16).map(|digit| sum * 16 + digit))
            .ok_or_else(wrong)
    }
}
