//! GraphQL text as tokens.

use std::borrow::Cow;

use super::ast::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Invalid,
    Eof,
    Bang,
    Dollar,
    Amp,
    ParenL,
    ParenR,
    Spread,
    Colon,
    Equals,
    At,
    BracketL,
    BracketR,
    BraceL,
    BraceR,
    Pipe,
    Name,
    Int,
    Float,
    String,
    Block,
}

impl Kind {
    /// As it is named in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "<Invalid>",
            Self::Eof => "<EOF>",
            Self::Bang => "!",
            Self::Dollar => "$",
            Self::Amp => "&",
            Self::ParenL => "(",
            Self::ParenR => ")",
            Self::Spread => "...",
            Self::Colon => ":",
            Self::Equals => "=",
            Self::At => "@",
            Self::BracketL => "[",
            Self::BracketR => "]",
            Self::BraceL => "{",
            Self::BraceR => "}",
            Self::Pipe => "|",
            Self::Name => "Name",
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::Block => "BlockString",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// What a name, number or string says; empty for all else.
    pub(super) text: Cow<'a, str>,
    pub(super) place: Place,
}

impl Token<'_> {
    /// As it is shown in messages.
    pub(super) fn shown(&self) -> String {
        if self.text.is_empty() {
            self.kind.name().to_owned()
        } else {
            format!("{} {:?}", self.kind.name(), self.text)
        }
    }
}

/// Reads one token after the other; looks at each byte once.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    here: Place,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, here: Place { line: 1, column: 1 } }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// The next character; keeps count of lines, which end with `\n`, `\r` or both.
    fn bump(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.rest = &self.rest[char.len_utf8()..];
        match char {
            '\r' if self.rest.starts_with('\n') => {}
            '\n' | '\r' => self.here = Place { line: self.here.line.saturating_add(1), column: 1 },
            _ => self.here.column = self.here.column.saturating_add(1),
        }
        Some(char)
    }

    fn bump_while(&mut self, mut goes_on: impl FnMut(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&mut goes_on) {
            self.bump();
        }
        &start[..start.len() - self.rest.len()]
    }

    fn skip_ignored(&mut self) {
        loop {
            self.bump_while(|it| matches!(it, ' ' | '\t' | ',' | '\n' | '\r' | '\u{feff}'));
            if self.peek() != Some('#') {
                return;
            }
            self.bump_while(|it| it != '\n' && it != '\r');
        }
    }

    /// The next token, and how many bytes were looked at.
    pub(super) fn next(&mut self) -> (Token<'a>, usize) {
        let before = self.rest.len();
        let token = self.token();
        (token, before - self.rest.len())
    }

    fn token(&mut self) -> Token<'a> {
        self.skip_ignored();
        let place = self.here;
        let plain = |kind| Token { kind, text: Cow::Borrowed(""), place };
        let Some(char) = self.peek() else { return plain(Kind::Eof) };
        let kind = match char {
            '!' => Kind::Bang,
            '$' => Kind::Dollar,
            '&' => Kind::Amp,
            '(' => Kind::ParenL,
            ')' => Kind::ParenR,
            ':' => Kind::Colon,
            '=' => Kind::Equals,
            '@' => Kind::At,
            '[' => Kind::BracketL,
            ']' => Kind::BracketR,
            '{' => Kind::BraceL,
            '}' => Kind::BraceR,
            '|' => Kind::Pipe,
            '.' if self.rest.starts_with("...") => {
                self.bump();
                self.bump();
                Kind::Spread
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let text = self.bump_while(|it| it.is_ascii_alphanumeric() || it == '_');
                return Token { kind: Kind::Name, text: Cow::Borrowed(text), place };
            }
            '-' | '0'..='9' => return self.number(place),
            '"' if self.rest.starts_with("\"\"\"") => return self.block(),
            '"' => return self.string(),
            _ => return plain(Kind::Invalid),
        };
        self.bump();
        plain(kind)
    }

    fn invalid(&self) -> Token<'a> {
        Token { kind: Kind::Invalid, text: Cow::Borrowed(""), place: self.here }
    }

    fn digits(&mut self) -> usize {
        self.bump_while(|it| it.is_ascii_digit()).len()
    }

    fn number(&mut self, place: Place) -> Token<'a> {
        let start = self.rest;
        self.bump_while({
            let mut first = true;
            move |it| std::mem::take(&mut first) && it == '-'
        });
        let leads_with_zero = self.peek() == Some('0');
        let whole = self.digits();
        if whole == 0 || (leads_with_zero && whole > 1) {
            return self.invalid();
        }
        let mut kind = Kind::Int;
        if self.peek() == Some('.') {
            kind = Kind::Float;
            self.bump();
            if self.digits() == 0 {
                return self.invalid();
            }
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            kind = Kind::Float;
            self.bump();
            if matches!(self.peek(), Some('+' | '-')) {
                self.bump();
            }
            if self.digits() == 0 {
                return self.invalid();
            }
        }
        Token { kind, text: Cow::Borrowed(&start[..start.len() - self.rest.len()]), place }
    }

    /// A string in single quotes. OPA counts its place from behind the quote.
    fn string(&mut self) -> Token<'a> {
        self.bump();
        let place = self.here;
        let plain = self.bump_while(|it| it != '"' && it != '\\' && (it >= ' ' || it == '\t'));
        if self.peek() == Some('"') {
            self.bump();
            return Token { kind: Kind::String, text: Cow::Borrowed(plain), place };
        }
        let mut text = plain.to_owned();
        loop {
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Token { kind: Kind::String, text: Cow::Owned(text), place };
                }
                Some('\\') => {
                    self.bump();
                    let Some(char) = self.escape() else { return self.invalid() };
                    text.push(char);
                }
                Some(char) if char >= ' ' || char == '\t' => {
                    self.bump();
                    text.push(char);
                }
                _ => return self.invalid(),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.bump()? {
            it @ ('"' | '/' | '\\') => it,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let digits = self.rest.get(..4).filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                for _ in 0..4 {
                    self.bump();
                }
                // Half a surrogate pair is no character.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn block(&mut self) -> Token<'a> {
        for _ in 0..3 {
            self.bump();
        }
        let place = self.here;
        let mut raw = String::new();
        loop {
            if self.rest.starts_with("\"\"\"") {
                for _ in 0..3 {
                    self.bump();
                }
                return Token { kind: Kind::Block, text: Cow::Owned(block_value(&raw)), place };
            }
            if self.rest.starts_with("\\\"\"\"") {
                for _ in 0..4 {
                    self.bump();
                }
                raw.push_str("\"\"\"");
                continue;
            }
            match self.bump() {
                Some('\r') if self.peek() == Some('\n') => {}
                Some('\r') => raw.push('\n'),
                Some(char) if char >= ' ' || matches!(char, '\t' | '\n') => raw.push(char),
                _ => return self.invalid(),
            }
        }
    }
}

/// What a block string says: without the indentation that its lines share, and without blank lines around it.
/// <https://spec.graphql.org/October2021/#BlockStringValue()>
fn block_value(raw: &str) -> String {
    let is_blank = |it: char| it == ' ' || it == '\t';
    let indent = |line: &str| line.len() - line.trim_start_matches(is_blank).len();
    let lines: Vec<&str> = raw.split('\n').collect();
    let shared = lines
        .iter()
        .skip(1)
        .filter(|line| !line.trim_start_matches(is_blank).is_empty())
        .map(|line| indent(line))
        .min()
        .unwrap_or(0);
    let mut cut: Vec<&str> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| if index == 0 { line } else { line.get(shared..).unwrap_or("") })
        .collect();
    let is_empty = |line: &&str| line.trim_matches(is_blank).is_empty();
    let leading = cut.iter().take_while(|line| is_empty(line)).count();
    cut.drain(..leading);
    while cut.last().is_some_and(is_empty) {
        cut.pop();
    }
    cut.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Kind, String, u32, u32)> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            let (token, _) = lexer.next();
            let end = matches!(token.kind, Kind::Eof | Kind::Invalid);
            tokens.push((token.kind, token.text.to_string(), token.place.line, token.place.column));
            if end {
                return tokens;
            }
        }
    }

    #[test]
    fn commas_and_comments_are_blanks() {
        let kinds: Vec<_> = tokens("a, # b\n c").into_iter().map(|it| (it.1, it.2, it.3)).collect();
        assert_eq!(kinds, [("a".to_owned(), 1, 1), ("c".to_owned(), 2, 2), (String::new(), 2, 3)]);
    }

    #[test]
    fn a_block_string_loses_the_indentation_that_its_lines_share() {
        assert_eq!(tokens("\"\"\"\n    a\n      b \\\"\"\"\n\n  \"\"\"")[0].1, "a\n  b \"\"\"");
    }

    #[test]
    fn numbers_do_not_lead_with_zero() {
        assert_eq!(tokens("-1.5e+3")[0].0, Kind::Float);
        assert_eq!(tokens("0")[0].0, Kind::Int);
        for text in ["01", "-", "1.", "1e"] {
            assert_eq!(tokens(text)[0].0, Kind::Invalid, "{text}");
        }
    }

    #[test]
    fn what_does_not_end_is_invalid_where_the_text_ends() {
        assert_eq!(tokens("\"\"\"\r").pop(), Some((Kind::Invalid, String::new(), 2, 1)));
        assert_eq!(tokens("\"a\nb\"").pop(), Some((Kind::Invalid, String::new(), 1, 3)));
    }
}
