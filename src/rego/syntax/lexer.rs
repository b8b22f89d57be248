//! Text to tokens, one at a time.
//!
//! The lexer has no state: it answers which token begins at a byte. The parser asks, since only the parser
//! knows whether a `}` closes a set or the expression inside a template string. White space is a token too,
//! because `a[0]` and `a [0]` differ.

use super::token::{Keywords, Kind, keyword};

/// One token: bytes `start..end` of the text.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// What is wrong with it, if anything.
    pub(super) errors: Vec<&'static str>,
}

/// Where a template string goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// Between double quotes, with escapes.
    Quoted,
    /// Between backquotes.
    Raw,
}

/// Errors kept for one token: a megabyte of bad escapes is one mistake, not a million.
const MAX_ERRORS_PER_TOKEN: usize = 10;

const BYTE_ORDER_MARK: char = '\u{feff}';

#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    pub(super) keywords: Keywords,
    /// Byte offsets of NUL characters and of byte-order marks after the beginning, which are errors anywhere.
    forbidden: Vec<(usize, &'static str)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let all = |what: char, message| text.match_indices(what).map(move |(at, _)| (at, message));
        let mut forbidden: Vec<_> = all('\0', "illegal null character").collect();
        forbidden.extend(all(BYTE_ORDER_MARK, "illegal byte-order mark").filter(|(at, _)| *at > 0));
        forbidden.sort_unstable();
        Self { text, keywords: Keywords::All, forbidden }
    }

    /// Where the first token begins: a byte-order mark is allowed there.
    pub(super) fn first(&self) -> u32 {
        if self.text.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The token that begins at `start`.
    pub(super) fn token(&self, start: u32) -> Token {
        let mut scan = Scan { text: self.text, at: start as usize, errors: Vec::new() };
        let kind = scan.token(self.keywords);
        self.finish(start, kind, scan)
    }

    /// The part of a template string that begins at `start`, after the `}` of an expression.
    pub(super) fn template(&self, start: u32, template: Template) -> Token {
        let mut scan = Scan { text: self.text, at: start as usize, errors: Vec::new() };
        let kind = scan.template(template);
        self.finish(start, kind, scan)
    }

    fn finish(&self, start: u32, kind: Kind, scan: Scan<'_>) -> Token {
        let mut errors = scan.errors;
        if !self.forbidden.is_empty() {
            // A character is noticed while the token before it is read: as the one after that token's last.
            let from = if start == self.first() { 0 } else { start as usize + 1 };
            let first = self.forbidden.partition_point(|(at, _)| *at < from);
            let found = self.forbidden.iter().skip(first).take_while(|(at, _)| *at <= scan.at);
            errors.extend(found.map(|(_, message)| *message).take(MAX_ERRORS_PER_TOKEN));
        }
        errors.truncate(MAX_ERRORS_PER_TOKEN);
        Token { kind, start, end: u32::try_from(scan.at).unwrap_or(u32::MAX), errors }
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    errors: Vec<&'static str>,
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over one character.
    fn bump(&mut self) {
        self.at += self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn error(&mut self, message: &'static str) {
        if self.errors.len() < MAX_ERRORS_PER_TOKEN {
            self.errors.push(message);
        }
    }

    fn token(&mut self, keywords: Keywords) -> Kind {
        let Some(byte) = self.peek() else { return Kind::Eof };
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                    self.at += 1;
                }
                Kind::Whitespace
            }
            byte if is_letter(byte) => self.word(keywords),
            b'0'..=b'9' => self.number(),
            _ => {
                self.bump();
                self.symbol(byte)
            }
        }
    }

    fn symbol(&mut self, byte: u8) -> Kind {
        let mut or_equal = |with: Kind, without: Kind| if self.eat(b'=') { with } else { without };
        match byte {
            b'#' => self.comment(),
            b'"' => self.string(),
            b'`' => self.raw_string(),
            b'[' => Kind::LBrack,
            b']' => Kind::RBrack,
            b'{' => Kind::LBrace,
            b'}' => Kind::RBrace,
            b'(' => Kind::LParen,
            b')' => Kind::RParen,
            b',' => Kind::Comma,
            b':' => or_equal(Kind::Assign, Kind::Colon),
            b'+' => Kind::Add,
            b'-' => Kind::Sub,
            b'*' => Kind::Mul,
            b'/' => Kind::Quo,
            b'%' => Kind::Rem,
            b'&' => Kind::And,
            b'|' => Kind::Or,
            b'=' => or_equal(Kind::Equal, Kind::Unify),
            b'>' => or_equal(Kind::Gte, Kind::Gt),
            b'<' => or_equal(Kind::Lte, Kind::Lt),
            b'!' if self.eat(b'=') => Kind::Neq,
            b'!' => {
                self.error("illegal ! character");
                Kind::Illegal
            }
            b';' => Kind::Semicolon,
            b'.' => Kind::Dot,
            b'$' if self.eat(b'"') => self.template(Template::Quoted),
            b'$' if self.eat(b'`') => self.template(Template::Raw),
            b'$' => {
                self.error("illegal $ character");
                Kind::Illegal
            }
            _ => Kind::Illegal,
        }
    }

    fn word(&mut self, keywords: Keywords) -> Kind {
        let start = self.at;
        self.skip_word();
        match keyword(self.text.get(start..self.at).unwrap_or_default()) {
            Some(Kind::In | Kind::Every | Kind::Contains | Kind::If) if keywords != Keywords::All => {
                Kind::Ident
            }
            Some(kind) => kind,
            None => Kind::Ident,
        }
    }

    fn skip_word(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        if self.peek().is_none_or(|byte| byte.is_ascii()) {
            return;
        }
        while let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            let digit = c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric());
            if !(c.is_ascii_alphabetic() || c == '_' || digit) {
                break;
            }
            self.at += c.len_utf8();
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Kind {
        self.digits();
        if self.eat(b'.') && self.digits() == 0 {
            self.error("expected fraction");
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                self.error("expected exponent");
            }
        }
        // `0a2b` is one wrong number and not a number followed by a name.
        if self.peek().is_some_and(is_letter) {
            self.error("illegal number format");
            self.skip_word();
        }
        Kind::Number
    }

    fn comment(&mut self) -> Kind {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        Kind::Comment
    }

    fn string(&mut self) -> Kind {
        loop {
            match self.peek() {
                None | Some(b'\n') => {
                    self.error("non-terminated string");
                    break;
                }
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape();
                }
                Some(_) => self.at += 1,
            }
        }
        Kind::String
    }

    /// Steps over what follows a backslash. The digits of `\u` are checked when the string is decoded.
    fn escape(&mut self) {
        match self.peek() {
            Some(b'\\' | b'"' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => (0..4).for_each(|_| self.bump()),
            _ => self.error("illegal escape sequence"),
        }
    }

    fn raw_string(&mut self) -> Kind {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if let Some(length) = rest.iter().position(|byte| *byte == b'`') {
            self.at += length + 1;
        } else {
            self.at += rest.len();
            self.error("non-terminated string");
        }
        Kind::String
    }

    fn template(&mut self, template: Template) -> Kind {
        let raw = template == Template::Raw;
        let (part, end) = match template {
            Template::Quoted => (Kind::TemplatePart, Kind::TemplateEnd),
            Template::Raw => (Kind::RawTemplatePart, Kind::RawTemplateEnd),
        };
        loop {
            match self.peek() {
                None => break,
                Some(b'\n') if !raw => break,
                Some(b'"') if !raw => {
                    self.at += 1;
                    return end;
                }
                Some(b'`') if raw => {
                    self.at += 1;
                    return end;
                }
                Some(b'{') => {
                    self.at += 1;
                    return part;
                }
                Some(b'\\') => {
                    self.at += 1;
                    if !self.eat(b'{') && !raw {
                        self.escape();
                    }
                }
                Some(_) => self.at += 1,
            }
        }
        self.error("non-terminated string");
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let lexer = Lexer::new(text);
        let mut at = lexer.first();
        let mut out = Vec::new();
        loop {
            let token = lexer.token(at);
            if token.kind == Kind::Eof {
                return out;
            }
            assert!(token.end > at, "a token moves on");
            at = token.end;
            out.push(token.kind);
        }
    }

    #[test]
    fn words_are_keywords_or_names() {
        assert_eq!(kinds("if iff"), [Kind::If, Kind::Whitespace, Kind::Ident]);
        let mut lexer = Lexer::new("if");
        lexer.keywords = Keywords::WithoutFuture;
        assert_eq!(lexer.token(0).kind, Kind::Ident);
    }

    #[test]
    fn a_number_takes_the_letters_that_follow_it() {
        let token = Lexer::new("0a2b").token(0);
        assert_eq!((token.kind, token.end, token.errors), (Kind::Number, 4, vec!["illegal number format"]));
    }

    #[test]
    fn a_string_ends_at_its_line() {
        let token = Lexer::new("\"ab\n").token(0);
        assert_eq!((token.end, token.errors), (3, vec!["non-terminated string"]));
    }

    #[test]
    fn a_template_is_cut_at_its_braces() {
        let lexer = Lexer::new(r#"$"a\{b{x}c""#);
        let first = lexer.token(0);
        assert_eq!((first.kind, first.end), (Kind::TemplatePart, 7));
        let last = lexer.template(9, Template::Quoted);
        assert_eq!((last.kind, last.end), (Kind::TemplateEnd, 11));
    }

    #[test]
    fn forbidden_characters_are_noticed_by_the_token_before_them() {
        let lexer = Lexer::new("p := \"\0\"");
        assert!(lexer.token(3).errors.is_empty());
        assert_eq!(lexer.token(5).errors, ["illegal null character"]);
        assert!(Lexer::new("\u{feff}p").token(3).errors.is_empty());
    }

    #[test]
    fn a_million_bad_escapes_are_a_few_errors() {
        let text = format!("\"{}\"", "\\q".repeat(1_000_000));
        assert_eq!(Lexer::new(&text).token(0).errors.len(), MAX_ERRORS_PER_TOKEN);
    }
}
