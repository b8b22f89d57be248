//! Sets of characters in brackets.

use std::fmt::Write;

use super::{Last, Literal, Reader, Result, error};

impl Reader<'_> {
    pub(super) fn class(&mut self) -> Result<()> {
        let start = self.at - 1;
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.peek() {
                None => return error("missing closing ]", &self.text[start..]),
                Some(']') if !first => break,
                Some(_) => self.class_item(start)?,
            }
            first = false;
        }
        self.at += 1;
        self.out.push(']');
        self.last = Last::Atom(1);
        Ok(())
    }

    fn class_item(&mut self, class: usize) -> Result<()> {
        let start = self.at;
        if self.rest().starts_with("[:")
            && let Some((name, _)) = self.rest()[2..].split_once(":]")
        {
            self.at += name.len() + 4;
            let text = &self.text[start..self.at];
            let plain = name.strip_prefix('^').unwrap_or(name);
            if !POSIX.contains(&plain) {
                return error("invalid character class range", text);
            }
            self.out.push_str(text);
            return Ok(());
        }
        if self.rest().starts_with('\\') {
            let escape = self.rest().chars().nth(1);
            if matches!(escape, Some('d' | 'D' | 's' | 'S' | 'w' | 'W')) {
                self.at += 1;
                let inner = self.perl_class();
                self.out.push_str(inner);
                return Ok(());
            }
            if matches!(escape, Some('p' | 'P')) {
                self.at += 1;
                let inner = self.unicode_class(start)?;
                self.out.push_str(&inner);
                return Ok(());
            }
        }
        let low = self.class_char(class)?;
        let is_range =
            self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1;
        if !is_range {
            _ = write!(self.out, "{}", Literal(low));
            return Ok(());
        }
        self.at += 1;
        let high = self.class_char(class)?;
        if high < low {
            return error("invalid character class range", &self.text[start..self.at]);
        }
        _ = write!(self.out, "{}-{}", Literal(low), Literal(high));
        Ok(())
    }

    fn class_char(&mut self, class: usize) -> Result<char> {
        let start = self.at;
        match self.next() {
            None => error("missing closing ]", &self.text[class..]),
            Some('\\') => self.escaped_char(start),
            Some(char) => Ok(char),
        }
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];
