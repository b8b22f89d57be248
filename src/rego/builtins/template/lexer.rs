//! Template text as tokens: plain text, and what stands between `{{` and `}}`.

use crate::rego::budget::Budget;
use crate::rego::builtins::BuiltinError;
use crate::rego::builtins::operand::failed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Open,
    Close,
    Space,
    /// A keyword, a function, `true`, `false` or `nil`.
    Word,
    /// `.name`
    Field,
    Dot,
    /// `$name`
    Variable,
    /// Quoted, as written.
    String,
    Raw,
    Char,
    Number,
    ParenL,
    ParenR,
    Pipe,
    Comma,
    Assign,
    Declare,
    Eof,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Offset of the first byte.
    pub(super) at: usize,
}

/// An error of reading, with its line: Go's wording.
pub(super) fn fault<T>(source: &str, at: usize, message: &str) -> Result<T, BuiltinError> {
    failed(format!("template: template:{}: {message}", line_of(source, at)))
}

/// The line of an offset, counted from 1.
pub(super) fn line_of(source: &str, at: usize) -> usize {
    1 + source.bytes().take(at).filter(|it| *it == b'\n').count()
}

/// Characters that trim markers take away.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// All tokens, the last of which is [`Kind::Eof`].
///
/// # Errors
/// What is no token, or does not end.
pub(super) fn tokens<'a>(source: &'a str, budget: &mut Budget) -> Result<Vec<Token<'a>>, BuiltinError> {
    budget.steps(1 + source.len() as u64 / 16)?;
    let mut lexer = Lexer { source, at: 0, parens: 0, tokens: Vec::new(), budget };
    let mut trims = false;
    while let Some(end) = lexer.rest().find("{{") {
        let mut text = &lexer.rest()[..end];
        let open = lexer.at + end;
        let after = &source[open + 2..];
        let trims_before = after.starts_with('-') && after[1..].starts_with(BLANKS);
        if trims_before {
            text = text.trim_end_matches(BLANKS);
        }
        if trims {
            text = text.trim_start_matches(BLANKS);
        }
        lexer.push(Kind::Text, lexer.at, text)?;
        lexer.at = open + 2 + if trims_before { 2 } else { 0 };
        trims = if lexer.rest().starts_with("/*") { lexer.comment()? } else { lexer.action(open)? };
    }
    let text = lexer.rest();
    lexer.push(Kind::Text, lexer.at, if trims { text.trim_start_matches(BLANKS) } else { text })?;
    lexer.at = source.len();
    lexer.push(Kind::Eof, source.len(), "")?;
    Ok(lexer.tokens)
}

struct Lexer<'a, 'b> {
    source: &'a str,
    at: usize,
    parens: u32,
    tokens: Vec<Token<'a>>,
    budget: &'b mut Budget,
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: Kind, at: usize, text: &'a str) -> Result<(), BuiltinError> {
        if kind == Kind::Text && text.is_empty() {
            return Ok(());
        }
        self.budget.bytes(2 * size_of::<Token<'_>>() as u64)?;
        self.tokens.push(Token { kind, text, at });
        Ok(())
    }

    /// A comment up to the end of its action; tells whether blanks behind it are trimmed.
    fn comment(&mut self) -> Result<bool, BuiltinError> {
        let Some(end) = self.rest().find("*/") else {
            return fault(self.source, self.at, "unclosed comment");
        };
        self.at += end + 2;
        match self.close() {
            Some((length, trims)) => {
                self.at += length;
                Ok(trims)
            }
            None => fault(self.source, self.at, "comment ends before closing delimiter"),
        }
    }

    /// Bytes of the end of the action, if it is here, and whether it trims.
    fn close(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        let trimming = rest.strip_prefix(BLANKS).is_some_and(|it| it.starts_with("-}}"));
        match (rest.starts_with("}}"), trimming) {
            (true, _) => Some((2, false)),
            (_, true) => Some((4, true)),
            _ => None,
        }
    }

    fn action(&mut self, open: usize) -> Result<bool, BuiltinError> {
        self.push(Kind::Open, open, "{{")?;
        self.parens = 0;
        loop {
            if let Some((length, trims)) = self.close() {
                if self.parens > 0 {
                    return fault(self.source, self.at, "unclosed left paren");
                }
                self.push(Kind::Close, self.at, "}}")?;
                self.at += length;
                return Ok(trims);
            }
            let Some(first) = self.rest().chars().next() else {
                return fault(self.source, self.at, "unclosed action");
            };
            self.token(first)?;
        }
    }

    fn token(&mut self, first: char) -> Result<(), BuiltinError> {
        let rest = self.rest();
        let second = rest[first.len_utf8()..].chars().next();
        let (kind, length) = match first {
            ' ' | '\t' | '\r' | '\n' => {
                // A trim marker begins with the last blank.
                let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
                let marker = rest[blanks..].starts_with("-}}") && blanks > 1;
                (Kind::Space, if marker { blanks - 1 } else { blanks })
            }
            '"' => (Kind::String, self.quoted('"', "unterminated quoted string")?),
            '\'' => (Kind::Char, self.quoted('\'', "unterminated character constant")?),
            '`' => match rest[1..].find('`') {
                Some(end) => (Kind::Raw, end + 2),
                None => return fault(self.source, self.at, "unterminated raw quoted string"),
            },
            '(' => {
                self.parens += 1;
                (Kind::ParenL, 1)
            }
            ')' if self.parens == 0 => return fault(self.source, self.at, "unexpected right paren"),
            ')' => {
                self.parens -= 1;
                (Kind::ParenR, 1)
            }
            '|' => (Kind::Pipe, 1),
            ',' => (Kind::Comma, 1),
            '=' => (Kind::Assign, 1),
            ':' if second == Some('=') => (Kind::Declare, 2),
            ':' => return fault(self.source, self.at, "expected :="),
            '.' if second.is_some_and(|it| it.is_ascii_digit()) => (Kind::Number, self.number()?),
            '.' => {
                let name = word_length(&rest[1..]);
                (if name == 0 { Kind::Dot } else { Kind::Field }, 1 + name)
            }
            '$' => (Kind::Variable, 1 + word_length(&rest[1..])),
            '+' | '-' | '0'..='9' => (Kind::Number, self.number()?),
            it if is_word(it) => (Kind::Word, word_length(rest)),
            it => {
                let message = format!("unrecognized character in action: U+{:04X} '{it}'", u32::from(it));
                return fault(self.source, self.at, &message);
            }
        };
        let text = &rest[..length];
        self.push(kind, self.at, text)?;
        self.at += length;
        if matches!(kind, Kind::Field | Kind::Variable | Kind::Word)
            && let Some(next) = self.rest().chars().next()
            && !matches!(next, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(' | '=')
            && self.close().is_none()
        {
            let message = format!("bad character U+{:04X} '{next}'", u32::from(next));
            return fault(self.source, self.at, &message);
        }
        Ok(())
    }

    /// Bytes of quoted text, quotes included.
    fn quoted(&self, quote: char, unterminated: &str) -> Result<usize, BuiltinError> {
        let mut escaped = false;
        for (index, char) in self.rest().char_indices().skip(1) {
            match char {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                it if it == quote => return Ok(index + 1),
                _ => {}
            }
        }
        fault(self.source, self.at, unterminated)
    }

    /// Bytes of a number; what they mean is read later.
    fn number(&self) -> Result<usize, BuiltinError> {
        let rest = self.rest();
        let mut before = ' ';
        let mut length = 0;
        for char in rest.chars() {
            let signed = matches!(char, '+' | '-') && matches!(before, ' ' | 'e' | 'E' | 'p' | 'P');
            if !(signed || char == '.' || is_word(char)) {
                break;
            }
            before = char;
            length += char.len_utf8();
        }
        if length == 1 && !rest.starts_with(|it: char| it.is_ascii_digit()) {
            return fault(self.source, self.at, &format!("bad number syntax: {:?}", &rest[..length]));
        }
        Ok(length)
    }
}

fn is_word(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

fn word_length(text: &str) -> usize {
    text.find(|it| !is_word(it)).unwrap_or(text.len())
}
