//! Patterns of Go's `regexp` (RE2) in the syntax of the crate `regex`.
//!
//! Both match leftmost-first in linear time, but they read some texts differently: to Go `\d`, `\w`, `\s` and `\b` are
//! ASCII, `{` may stand for itself, `\Q..\E` quotes, sets have no operators, stacked repetitions are errors. So each
//! pattern is read here by Go's rules, refused by them, and written anew without anything ambiguous.

mod class;
mod escape;
mod repeat;

use std::fmt::Write;

/// Groups within groups. Go's limit.
const MAX_DEPTH: usize = 1000;

/// Why a text is no pattern, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {what}: `{text}`")]
pub(super) struct PatternError {
    what: &'static str,
    text: String,
}

/// A pattern in the other syntax.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// The names of the groups, from the first; most have none.
    pub(super) names: Vec<Option<String>>,
}

type Result<T> = std::result::Result<T, PatternError>;

fn error<T>(what: &'static str, text: impl Into<String>) -> Result<T> {
    Err(PatternError { what, text: text.into() })
}

/// The same pattern in the syntax of the crate `regex`.
pub(super) fn translate(pattern: &str) -> Result<Translated> {
    let mut reader = Reader {
        text: pattern,
        at: 0,
        out: String::new(),
        names: Vec::new(),
        open: Vec::new(),
        weight: 1,
        last: Last::Nothing,
    };
    while let Some(char) = reader.next() {
        reader.item(char)?;
    }
    if !reader.open.is_empty() {
        return error("missing closing )", pattern);
    }
    Ok(Translated { pattern: reader.out, names: reader.names })
}

/// What a repetition would repeat.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing: the beginning, or flags.
    Nothing,
    /// Something that weighs so much: the product of the repetitions within.
    Atom(u32),
    /// A repetition, which must not be repeated; from this byte of the pattern.
    Repeated(usize),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: String,
    names: Vec<Option<String>>,
    /// The weights of what surrounds the open groups.
    open: Vec<u32>,
    /// The heaviest repetition in this group so far.
    weight: u32,
    last: Last,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn atom(&mut self, text: &str) {
        self.out.push_str(text);
        self.last = Last::Atom(1);
    }

    fn literal(&mut self, char: char) {
        // Writing to a string cannot fail.
        _ = write!(self.out, "{}", Literal(char));
        self.last = Last::Atom(1);
    }

    fn item(&mut self, char: char) -> Result<()> {
        match char {
            '(' => self.group()?,
            ')' => {
                let Some(outer) = self.open.pop() else { return error("unexpected )", self.text) };
                self.out.push(')');
                self.last = Last::Atom(self.weight);
                self.weight = self.weight.max(outer);
            }
            '|' => {
                self.out.push('|');
                self.last = Last::Nothing;
            }
            '[' => self.class()?,
            '\\' => self.escape()?,
            '*' => self.repeat(self.at - 1, "*", 0)?,
            '+' => self.repeat(self.at - 1, "+", 0)?,
            '?' => self.repeat(self.at - 1, "?", 0)?,
            '{' => self.braces()?,
            '^' => self.atom("^"),
            '$' => self.atom("$"),
            '.' => self.atom("."),
            other => self.literal(other),
        }
        Ok(())
    }

    /// `(`, `(?:`, `(?P<name>`, `(?<name>`, `(?flags)`, `(?flags:`
    fn group(&mut self) -> Result<()> {
        let start = self.at - 1;
        if !self.eat("?") {
            self.names.push(None);
            return self.enter("(");
        }
        if self.eat("P<") || self.rest().starts_with('<') && self.eat("<") {
            let Some(end) = self.rest().find('>') else {
                return error("invalid named capture", &self.text[start..]);
            };
            let name = &self.rest()[..end];
            self.at += end + 1;
            let word = |it: char| it.is_ascii_alphanumeric() || it == '_';
            if name.is_empty() || !name.chars().all(word) {
                return error("invalid named capture", &self.text[start..self.at]);
            }
            if self.names.iter().flatten().any(|it| it == name) {
                return error("duplicate capture group name", name);
            }
            self.names.push(Some(name.to_owned()));
            return self.enter("(");
        }
        self.flags(start)
    }

    fn enter(&mut self, text: &str) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return error("expression nests too deeply", self.text);
        }
        self.out.push_str(text);
        self.open.push(std::mem::replace(&mut self.weight, 1));
        self.last = Last::Nothing;
        Ok(())
    }

    fn flags(&mut self, start: usize) -> Result<()> {
        let mut flags = String::new();
        let (mut negated, mut since_minus) = (false, false);
        while let Some(char) = self.next() {
            match char {
                'i' | 'm' | 's' | 'U' => {
                    if !flags.contains(char) {
                        flags.push(char);
                    }
                    since_minus = true;
                }
                '-' if !negated => {
                    (negated, since_minus) = (true, false);
                    flags.push('-');
                }
                ':' | ')' if !negated || since_minus => {
                    if char == ':' {
                        return self.enter(&format!("(?{flags}:"));
                    }
                    if !flags.is_empty() {
                        _ = write!(self.out, "(?{flags})");
                    }
                    // Flags are nothing that can be repeated, but what stood before them stays before them.
                    self.last = Last::Nothing;
                    return Ok(());
                }
                _ => return error("invalid or unsupported Perl syntax", &self.text[start..self.at]),
            }
        }
        error("invalid or unsupported Perl syntax", &self.text[start..])
    }
}

/// A character that means nothing but itself, in sets too.
struct Literal(char);

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_alphanumeric() {
            f.write_char(self.0)
        } else {
            write!(f, r"\x{{{:X}}}", u32::from(self.0))
        }
    }
}

#[cfg(test)]
mod tests;
