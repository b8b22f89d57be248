//! TOML 1.0. Dates and times become strings, as written.

mod scalar;
mod table;

use table::{Item, Table};

use super::{BuiltinError, Context, Read, fault};
use crate::rego::value::Value;

/// Levels of arrays and inline tables, and parts of a dotted key: reading and dropping recurse.
const MAX_NESTING: usize = 64;

/// Bytes of the tree and of the value for a byte of text: `[0,0,..]` makes an item of every second byte.
const BYTES_PER_BYTE: u64 = 96;

pub(super) fn read(context: &mut Context<'_>, text: &str) -> Read {
    context.budget.steps(text.len() as u64 / 4)?;
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), whole: text.len(), text };
    reader.whole = reader.rest.len();
    reader.text = reader.rest;
    let mut root = Table::default();
    let mut header: Vec<String> = Vec::new();
    let mut draw = |parts: usize| context.budget.steps(parts as u64);
    loop {
        reader.skip_lines()?;
        let Some(first) = reader.peek() else { break };
        if first == '[' {
            reader.bump();
            let is_array = reader.eat('[');
            reader.blanks();
            header = reader.key()?;
            reader.expect(']')?;
            if is_array && !reader.eat(']') {
                return reader.fail("expected ]]");
            }
            draw(header.len())?;
            let opened = if is_array { root.open_element(&header) } else { root.open(&header) };
            opened.or_else(|message| reader.fail(&message))?;
        } else {
            let key = reader.key()?;
            reader.expect('=')?;
            let value = reader.value(0)?;
            draw(header.len() + key.len())?;
            root.insert(&header, &key, value).or_else(|message| reader.fail(&message))?;
        }
        reader.end_of_line()?;
    }
    Ok(root.into_value())
}

struct Reader<'a> {
    rest: &'a str,
    whole: usize,
    text: &'a str,
}

impl Reader<'_> {
    fn fail<T>(&self, message: &str) -> Result<T, BuiltinError> {
        let read = self.text.get(..self.whole - self.rest.len()).unwrap_or_default();
        fault("toml", 1 + read.matches('\n').count(), message)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.rest = &self.rest[char.len_utf8()..];
        Some(char)
    }

    fn eat(&mut self, char: char) -> bool {
        let rest = self.rest.strip_prefix(char);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A character, with blanks around it.
    fn expect(&mut self, char: char) -> Result<(), BuiltinError> {
        self.blanks();
        if !self.eat(char) {
            return self.fail(&format!("expected {char}"));
        }
        if char != ']' {
            self.blanks();
        }
        Ok(())
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn comment(&mut self) -> Result<(), BuiltinError> {
        self.blanks();
        if self.peek() == Some('#') {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let comment = self.rest[..end].trim_end_matches('\r');
            if comment.contains(|it: char| it.is_control() && it != '\t') {
                return self.fail("control character in a comment");
            }
            self.rest = &self.rest[end..];
        }
        Ok(())
    }

    fn line_break(&mut self) -> bool {
        let rest = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n'));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Blanks, comments and line breaks.
    fn skip_lines(&mut self) -> Result<(), BuiltinError> {
        loop {
            self.comment()?;
            if !self.line_break() {
                return Ok(());
            }
        }
    }

    fn end_of_line(&mut self) -> Result<(), BuiltinError> {
        self.comment()?;
        if self.line_break() || self.rest.is_empty() {
            Ok(())
        } else {
            self.fail("expected the end of the line")
        }
    }

    /// A key with dots, and the blanks behind it.
    fn key(&mut self) -> Result<Vec<String>, BuiltinError> {
        let mut parts = Vec::new();
        loop {
            self.blanks();
            let is_bare = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-');
            match self.peek() {
                Some(quote @ ('"' | '\'')) => parts.push(self.quoted(quote)?),
                Some(it) if is_bare(it) => {
                    let end = self.rest.find(|it| !is_bare(it)).unwrap_or(self.rest.len());
                    parts.push(self.rest[..end].to_owned());
                    self.rest = &self.rest[end..];
                }
                _ => return self.fail("expected a key"),
            }
            self.blanks();
            if !self.eat('.') {
                return Ok(parts);
            }
            if parts.len() == MAX_NESTING {
                return self.fail(&format!("nesting is deeper than {MAX_NESTING} levels"));
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Item, BuiltinError> {
        if depth == MAX_NESTING {
            return self.fail(&format!("nesting is deeper than {MAX_NESTING} levels"));
        }
        match self.peek() {
            Some('[') => self.array(depth),
            Some('{') => self.inline(depth),
            Some('"') if self.rest.starts_with("\"\"\"") => self.multi_line("\"\"\"").map(text),
            Some('\'') if self.rest.starts_with("'''") => self.multi_line("'''").map(text),
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(text),
            _ => self.scalar().map(Item::Value),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Item, BuiltinError> {
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip_lines()?;
            if self.eat(']') {
                return Ok(Item::Value(items.into()));
            }
            items.push(self.value(depth + 1)?.into_value());
            self.skip_lines()?;
            if !self.eat(',') && self.peek() != Some(']') {
                return self.fail("expected , or ] in an array");
            }
        }
    }

    fn inline(&mut self, depth: usize) -> Result<Item, BuiltinError> {
        self.bump();
        let mut table = Table::default();
        self.blanks();
        if self.eat('}') {
            return Ok(Item::Value(table.into_value()));
        }
        loop {
            let key = self.key()?;
            if key.len() + depth > MAX_NESTING {
                return self.fail(&format!("nesting is deeper than {MAX_NESTING} levels"));
            }
            self.expect('=')?;
            let value = self.value(depth + key.len())?;
            table.insert(&[], &key, value).or_else(|message| self.fail(&message))?;
            self.blanks();
            if self.eat('}') {
                return Ok(Item::Value(table.into_value()));
            }
            if !self.eat(',') {
                return self.fail("expected , or } in an inline table");
            }
        }
    }
}

fn text(text: String) -> Item {
    Item::Value(Value::from(text))
}
