//! JSON bytes straight into values, in one pass: RFC 8259, exact numbers, bounded depth and memory.

use std::sync::Arc;

use super::super::limits::CONTAINER_BYTES;
use super::super::number::MAX_NUMBER_TEXT;
use super::super::text::Whole;
use super::super::{Array, Extent, Number, Object, ObjectBuilder, ReadLimits, Str, Value};
use super::error::{JsonError, JsonErrorKind, Place};
use super::shapes::{MAX_RECORD, NODE_BYTES, START, Shapes};

/// The value of a whole text. Of repeated keys the last value wins, as for every document that Rego sees; lone
/// surrogates become U+FFFD, as in Go.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Value, JsonError> {
    read_counted(bytes, limits).map(|(value, _)| value)
}

/// The value of a whole text, and the bytes of heap that it takes by estimate.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read_counted(bytes: &[u8], limits: &ReadLimits) -> Result<(Value, u64), JsonError> {
    let (value, read, heap) = read_prefix_counted(bytes, limits)?;
    nothing_behind(bytes, read).map(|()| (value, heap))
}

/// The same of a text that is in memory already: the value's strings are parts of it.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read_text_counted(text: &Str, limits: &ReadLimits) -> Result<(Value, u64), JsonError> {
    let (whole, start) = text.whole();
    let (value, read, heap) = Reader::new(text.as_bytes(), text, limits).read(Some((whole, start)))?;
    nothing_behind(text.as_bytes(), read).map(|()| (value, heap))
}

fn nothing_behind(bytes: &[u8], read: usize) -> Result<(), JsonError> {
    let Some(at) = bytes[read..].iter().position(|it| !is_blank(*it)) else { return Ok(()) };
    let kind = JsonErrorKind::Unexpected { found: bytes[read + at], place: Place::AfterAll };
    Err(kind.at(bytes, read + at))
}

/// The first value of a text, the bytes read, and the bytes of heap that the value takes by estimate.
///
/// # Errors
/// [`JsonError`] says what is wrong and where.
pub fn read_prefix_counted(bytes: &[u8], limits: &ReadLimits) -> Result<(Value, usize, u64), JsonError> {
    let valid = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    Reader::new(bytes, valid, limits).read(None)
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The text, as far as it is UTF-8.
    valid: &'a str,
    /// A text in which that begins at a place: strings are parts of it.
    whole: Whole,
    start: usize,
    at: usize,
    limits: &'a ReadLimits,
    /// Bytes of heap taken so far, and those of them that are given back in the end.
    heap: u64,
    passing: u64,
    /// The values of containers that are not closed yet.
    open: Vec<Value>,
    shapes: Shapes<'a>,
}

type Step<T> = Result<T, JsonErrorKind>;

/// Bytes before the first quote, backslash or control character: eight at once, as long as there are so many.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // Marks bytes that are zero. Behind the first mark there may be wrong ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quotes | backslashes | control) & HIGH;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let last = rest.iter().position(|it| matches!(it, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
    words.len() * 8 + last
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The keys of an object that is being read.
enum Way {
    /// A record's, by node of [`Shapes`].
    Record(u32),
    /// A map's, as they came.
    Map(Vec<Value>),
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], valid: &'a str, limits: &'a ReadLimits) -> Self {
        Self {
            bytes,
            valid,
            whole: Arc::default(),
            start: 0,
            at: 0,
            limits,
            heap: 0,
            passing: 0,
            open: Vec::new(),
            shapes: Shapes::default(),
        }
    }

    /// The first value, the bytes read, and the heap it takes. The text is copied, unless it is said where it is.
    fn read(mut self, within: Option<(&Whole, usize)>) -> Result<(Value, usize, u64), JsonError> {
        if self.bytes.len() > self.limits.max_text_bytes {
            let most = self.limits.max_text_bytes;
            return Err(JsonErrorKind::TooLong(most).at(self.bytes, most));
        }
        let read = self.hold(within).and_then(|()| self.value(0, START));
        match read {
            Ok(value) => Ok((value, self.at, self.heap - self.passing)),
            Err(kind) => Err(kind.at(self.bytes, self.at)),
        }
    }

    fn hold(&mut self, within: Option<(&Whole, usize)>) -> Step<()> {
        if let Some((whole, start)) = within {
            (self.whole, self.start) = (Arc::clone(whole), start);
            return Ok(());
        }
        self.take(self.valid.len() as u64)?;
        self.whole = Arc::new(self.valid.into());
        Ok(())
    }

    /// A value that stands somewhere below the key of a node.
    fn value(&mut self, depth: u32, below: u32) -> Step<Value> {
        match self.next_token()? {
            b'{' => self.object(depth + 1, below),
            b'[' => self.array(depth + 1, below),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.unexpected(Place::Value)),
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

    /// What is wrong where the next byte cannot stand.
    fn unexpected(&self, place: Place) -> JsonErrorKind {
        match self.bytes.get(self.at) {
            Some(found) => JsonErrorKind::Unexpected { found: *found, place },
            None => JsonErrorKind::UnexpectedEnd,
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

    /// Takes bytes that are given back when all is read.
    fn take_for_now(&mut self, heap: u64) -> Step<()> {
        self.passing += heap;
        self.take(heap)
    }

    /// Puts a value on the stack of those whose container is not closed.
    fn push(&mut self, value: Value) -> Step<()> {
        if self.open.len() == self.open.capacity() {
            // The vector doubles, and holds both halves meanwhile.
            let more = self.open.capacity().max(64);
            self.take_for_now(((more + self.open.capacity()) * size_of::<Value>()) as u64)?;
            self.open.reserve_exact(more);
        }
        self.take(size_of::<Value>() as u64)?;
        self.open.push(value);
        Ok(())
    }

    fn array(&mut self, depth: u32, below: u32) -> Step<Value> {
        self.enter(depth)?;
        let base = self.open.len();
        if self.next_token()? == b']' {
            self.at += 1;
            return Ok(Array::new().into());
        }
        loop {
            let item = self.value(depth, below)?;
            self.push(item)?;
            match self.next_token()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.unexpected(Place::AfterItem)),
            }
        }
        self.at += 1;
        let extent = Extent::around(&self.open[base..]);
        Ok(Array::with_extent(extent, self.open.drain(base..)).into())
    }

    fn object(&mut self, depth: u32, below: u32) -> Step<Value> {
        self.enter(depth)?;
        let base = self.open.len();
        let mut way = Way::Record(self.shapes.begin());
        if self.next_token()? == b'}' {
            self.at += 1;
            return Ok(self.close(way, base));
        }
        loop {
            if self.next_token()? != b'"' {
                return Err(self.unexpected(Place::Key));
            }
            way = self.key(way, below)?;
            if self.next_token()? != b':' {
                return Err(self.unexpected(Place::AfterKey));
            }
            self.at += 1;
            let inner = if let Way::Record(node) = way { node } else { below };
            let value = self.value(depth, inner)?;
            self.push(value)?;
            match self.next_token()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(self.unexpected(Place::AfterPair)),
            }
        }
        self.at += 1;
        Ok(self.close(way, base))
    }

    /// Reads a key, from its first quote to behind its last.
    fn key(&mut self, way: Way, below: u32) -> Step<Way> {
        let node = match way {
            Way::Record(node) => node,
            Way::Map(mut keys) => {
                // In a vector that doubles, among the pairs that are sorted, and in the list that is made of them.
                self.take(5 * size_of::<Value>() as u64)?;
                keys.push(Value::String(self.string()?));
                return Ok(Way::Map(keys));
            }
        };
        if let Some((written, next)) = self.shapes.expected(node, below)
            && self.bytes[self.at..].starts_with(written)
        {
            self.at += written.len();
            return Ok(Way::Record(next));
        }
        let start = self.at;
        let text = self.string()?;
        if self.shapes.length(node) == MAX_RECORD {
            self.take(5 * (MAX_RECORD * size_of::<Value>()) as u64)?;
            let mut keys: Vec<Value> =
                self.shapes.way(node).into_iter().map(|key| self.shapes.text(key).clone().into()).collect();
            keys.push(Value::String(text));
            return Ok(Way::Map(keys));
        }
        let written = &self.bytes[start..self.at];
        let key = match self.shapes.known(written) {
            Some(key) => key,
            None => self.shapes.add(written, text),
        };
        let (next, fresh) = self.shapes.go(node, key, below);
        if fresh {
            self.take_for_now(NODE_BYTES)?;
            self.take(2 * size_of::<Value>() as u64)?;
        }
        Ok(Way::Record(next))
    }

    /// The object of the values from `base` on.
    fn close(&mut self, way: Way, base: usize) -> Value {
        let node = match way {
            Way::Record(node) => node,
            Way::Map(keys) => {
                let mut pairs = ObjectBuilder::with_capacity(keys.len());
                keys.into_iter().zip(self.open.drain(base..)).for_each(|(key, value)| pairs.push(key, value));
                return pairs.build_last_wins().into();
            }
        };
        let shape = self.shapes.shape(node);
        let values = &mut self.open[base..];
        let Some(places) = shape.places else {
            let extent = values.iter().fold(shape.keys.extent(), Extent::with);
            return Object::with_keys(shape.keys, extent, self.open.drain(base..)).into();
        };
        let extent =
            places.iter().fold(shape.keys.extent(), |extent, place| extent.with(&values[*place as usize]));
        let values = places.iter().map(|place| std::mem::take(&mut values[*place as usize]));
        let object = Object::with_keys(shape.keys, extent, values);
        self.open.truncate(base);
        object.into()
    }

    fn word(&mut self, word: &'static str, value: Value) -> Step<Value> {
        for expected in word.chars() {
            if self.bytes.get(self.at).copied().map(char::from) != Some(expected) {
                return Err(self.unexpected(Place::Word(word, expected)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Step<Value> {
        let start = self.at;
        self.at += usize::from(self.bytes[self.at] == b'-');
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits(Place::Number)?;
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits(Place::Fraction)?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            self.digits(Place::Exponent)?;
        }
        let length = self.at - start;
        if length > MAX_NUMBER_TEXT {
            self.at = start;
            return Err(JsonErrorKind::LongNumber);
        }
        let text = str::from_utf8(&self.bytes[start..self.at]).map_err(|_| JsonErrorKind::InvalidUtf8)?;
        let number = Number::from_checked_text(text);
        self.take(number.heap_bytes())?;
        Ok(Value::Number(number))
    }

    fn digits(&mut self, place: Place) -> Step<()> {
        let count = self.bytes[self.at..].iter().take_while(|it| it.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.unexpected(place));
        }
        self.at += count;
        Ok(())
    }

    fn string(&mut self) -> Step<Str> {
        self.at += 1;
        let start = self.at;
        let plain = self.plain()?;
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(Str::part(&self.whole, self.start + start, self.start + self.at - 1));
        }
        let mut text = plain.to_owned();
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.unexpected(Place::String)),
            }
            text.push_str(self.plain()?);
        }
        self.at += 1;
        // The text, the share of it, and the room that it had while it grew.
        self.take(2 * text.len() as u64 + 64)?;
        Ok(text.into())
    }

    /// The text up to the next quote, backslash or control character.
    fn plain(&mut self) -> Step<&'a str> {
        let rest = &self.bytes[self.at..];
        let length = plain_length(rest);
        let end = self.at + length;
        let Some(text) = self.valid.get(self.at..end) else {
            self.at = self.valid.len();
            return Err(JsonErrorKind::InvalidUtf8);
        };
        self.at = end;
        Ok(text)
    }

    fn escape(&mut self) -> Step<char> {
        let char = match self.bytes.get(self.at + 1) {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(*letter),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.code_point(),
            _ => {
                self.at += 1;
                return Err(self.unexpected(Place::Escape));
            }
        };
        self.at += 2;
        Ok(char)
    }

    fn code_point(&mut self) -> Step<char> {
        let high = self.hex()?;
        if let Some(char) = char::from_u32(high) {
            return Ok(char);
        }
        let follows = self.bytes[self.at..].starts_with(b"\\u");
        if high < 0xDC00 && follows {
            let before = self.at;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    /// The four digits of an escape, which is consumed.
    fn hex(&mut self) -> Step<u32> {
        self.at += 2;
        (0..4).try_fold(0, |sum, _| {
            let digit = self.bytes.get(self.at).and_then(|it| char::from(*it).to_digit(16));
            let digit = digit.ok_or_else(|| self.unexpected(Place::CodePoint))?;
            self.at += 1;
            Ok(sum * 16 + digit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_string_is_found_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for (before, after) in (0..20).flat_map(|before| (0..20).map(move |after| (before, after))) {
                for around in [b'a', 0x20, 0x21, b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                    let text =
                        [&vec![around; before][..], &[special], &vec![b'"'; after / 2], &vec![around; after]]
                            .concat();
                    assert_eq!(plain_length(&text), before, "{text:?}");
                }
            }
        }
        assert_eq!(plain_length("ä ö ü € 0123456789 ~".as_bytes()), "ä ö ü € 0123456789 ~".len());
    }
}
