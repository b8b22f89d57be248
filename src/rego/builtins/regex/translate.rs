//! Patterns of Go's `regexp` (RE2) in the syntax of the crate `regex`.
//!
//! Both match leftmost-first in linear time, but they read some texts differently: to Go `\d`, `\w`, `\s` and `\b` are
//! ASCII, `{` may stand for itself, `\Q..\E` quotes, sets have no operators, stacked repetitions are errors. So each
//! pattern is read here by Go's rules, refused by them, and written anew without anything ambiguous.

use std::fmt::Write;

/// Repetitions beyond this are refused, also as the product of nested ones.
const MAX_REPEAT: u32 = 1000;

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

    /// `{n}`, `{n,}`, `{n,m}`; anything else in braces stands for itself.
    fn braces(&mut self) -> Result<()> {
        let start = self.at - 1;
        let Some((inner, _)) = self.rest().split_once('}') else {
            self.literal('{');
            return Ok(());
        };
        let (min, max) = inner
            .split_once(',')
            .map_or((inner, Some(inner)), |(min, max)| (min, (!max.is_empty()).then_some(max)));
        let Some(min) = count(min) else {
            self.literal('{');
            return Ok(());
        };
        let max = match max.map(count) {
            Some(None) => {
                self.literal('{');
                return Ok(());
            }
            Some(Some(max)) => Some(max),
            None => None,
        };
        self.at += inner.len() + 1;
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return error("invalid repeat count", &self.text[start..self.at]);
        }
        let text = match max {
            Some(max) if max == min => format!("{{{min}}}"),
            Some(max) => format!("{{{min},{max}}}"),
            None => format!("{{{min},}}"),
        };
        self.repeat(start, &text, max.unwrap_or(min))
    }

    fn repeat(&mut self, start: usize, text: &str, times: u32) -> Result<()> {
        let weight = match self.last {
            Last::Nothing => {
                return error("missing argument to repetition operator", &self.text[start..self.at]);
            }
            Last::Repeated(from) => {
                self.eat("?");
                return error("invalid nested repetition operator", &self.text[from..self.at]);
            }
            Last::Atom(weight) => weight.saturating_mul(times.max(1)),
        };
        if times >= 2 && weight > MAX_REPEAT {
            return error("invalid repeat count", &self.text[start..self.at]);
        }
        self.out.push_str(text);
        if self.eat("?") {
            self.out.push('?');
        }
        self.weight = self.weight.max(weight);
        self.last = Last::Repeated(start);
        Ok(())
    }

    fn escape(&mut self) -> Result<()> {
        let start = self.at - 1;
        match self.peek() {
            None => return error("trailing backslash at end of expression", ""),
            Some('A') => self.atom(r"\A"),
            Some('z') => self.atom(r"\z"),
            Some('b') => self.atom(r"(?-u:\b)"),
            Some('B') => self.atom(r"(?-u:\B)"),
            Some('Q') => {
                self.at += 1;
                let quoted = self.rest().split_once("\\E").map_or(self.rest(), |(quoted, _)| quoted);
                self.at += quoted.len();
                self.eat("\\E");
                quoted.chars().for_each(|char| self.literal(char));
                return Ok(());
            }
            Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => {
                let class = self.perl_class();
                self.atom(&format!("[{class}]"));
                return Ok(());
            }
            Some('p' | 'P') => {
                let class = self.unicode_class(start)?;
                self.atom(&class);
                return Ok(());
            }
            Some(_) => {
                let char = self.escaped_char(start)?;
                self.literal(char);
                return Ok(());
            }
        }
        self.at += 1;
        Ok(())
    }

    /// `\d` and its likes, as the inside of a set: ASCII only.
    fn perl_class(&mut self) -> &'static str {
        match self.next() {
            Some('d') => "0-9",
            Some('D') => "[^0-9]",
            Some('s') => r"\t\n\x0C\r\x20",
            Some('S') => r"[^\t\n\x0C\r\x20]",
            Some('w') => "0-9A-Za-z_",
            _ => "[^0-9A-Za-z_]",
        }
    }

    /// `\pL`, `\p{Greek}`, `\P{Greek}`, `\p{^Greek}`
    fn unicode_class(&mut self, start: usize) -> Result<String> {
        let mut negated = self.next() == Some('P');
        let name = match self.next() {
            Some('{') => match self.rest().split_once('}') {
                Some((name, _)) => {
                    self.at += name.len() + 1;
                    name.to_owned()
                }
                None => return error("invalid character class range", &self.text[start..]),
            },
            Some(letter) => letter.to_string(),
            None => return error("invalid character class range", &self.text[start..]),
        };
        let plain = name.strip_prefix('^').unwrap_or(&name);
        negated ^= plain.len() < name.len();
        let class = format!(r"\{}{{{plain}}}", if negated { 'P' } else { 'p' });
        let written = &self.text[start..self.at];
        // Go knows categories and scripts, by their exact names.
        let known = plain.starts_with(|it: char| it.is_ascii_uppercase())
            && plain.chars().all(|it| it.is_ascii_alphabetic() || it == '_')
            && !PROPERTIES.contains(&plain)
            && regex::Regex::new(&class).is_ok();
        if known { Ok(class) } else { error("invalid character class range", written) }
    }

    /// An escape that stands for one character, behind its backslash.
    fn escaped_char(&mut self, start: usize) -> Result<char> {
        let invalid = |reader: &Self| error("invalid escape sequence", &reader.text[start..reader.at]);
        let Some(char) = self.next() else { return error("trailing backslash at end of expression", "") };
        let simple = match char {
            'a' => '\x07',
            'f' => '\x0c',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'v' => '\x0b',
            'x' => return self.hexadecimal(start),
            '0'..='7' => {
                // One digit but zero would be a reference to a group, which there is not.
                let more = self.rest().chars().take(2).take_while(|it| it.is_digit(8)).count();
                if char != '0' && more == 0 {
                    return invalid(self);
                }
                let digits = &self.text[self.at - 1..self.at + more];
                self.at += more;
                let code = u32::from_str_radix(digits, 8).ok().and_then(char::from_u32);
                return code.map_or_else(|| invalid(self), Ok);
            }
            punctuation if punctuation.is_ascii() && !punctuation.is_ascii_alphanumeric() => punctuation,
            _ => return invalid(self),
        };
        Ok(simple)
    }

    /// `\x7F` or `\x{10FFFF}`. An error's text ends with the character that is one too many or wrong.
    fn hexadecimal(&mut self, start: usize) -> Result<char> {
        let mut code = 0;
        let closed = if self.eat("{") {
            loop {
                match self.next() {
                    Some('}') => break !self.text[..self.at].ends_with("{}"),
                    Some(char) => match char.to_digit(16).map(|digit| code * 16 + digit) {
                        Some(next) if next <= 0x10_ffff => code = next,
                        _ => break false,
                    },
                    None => break false,
                }
            }
        } else {
            let digits = [self.next(), self.next()].map(|char| char.and_then(|it| it.to_digit(16)));
            code = digits.iter().flatten().fold(0, |code, digit| code * 16 + digit);
            digits.iter().all(Option::is_some)
        };
        let char = char::from_u32(code).filter(|_| closed);
        char.map_or_else(|| error("invalid escape sequence", &self.text[start..self.at]), Ok)
    }

    fn class(&mut self) -> Result<()> {
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

fn count(digits: &str) -> Option<u32> {
    let number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    // Go takes no number with a leading zero for a count.
    let plain = digits == "0" || !digits.starts_with('0');
    (number && plain).then(|| digits.parse().unwrap_or(u32::MAX))
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

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Properties that the crate knows beyond categories and scripts.
const PROPERTIES: [&str; 24] = [
    "Alphabetic",
    "Alpha",
    "Bidi_Control",
    "Case_Ignorable",
    "Cased",
    "Dash",
    "Default_Ignorable_Code_Point",
    "Deprecated",
    "Diacritic",
    "Emoji",
    "Emoji_Presentation",
    "Extended_Pictographic",
    "Extender",
    "Hex_Digit",
    "Ideographic",
    "Lowercase",
    "Math",
    "Noncharacter_Code_Point",
    "Pattern_Syntax",
    "Pattern_White_Space",
    "Uppercase",
    "White_Space",
    "XID_Continue",
    "XID_Start",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(pattern: &str) -> std::result::Result<String, String> {
        translate(pattern).map(|it| it.pattern).map_err(|it| it.to_string())
    }

    #[test]
    fn what_the_crate_reads_differently_is_written_anew() {
        for (go, ours) in [
            (r"\d\w", "[0-9][0-9A-Za-z_]"),
            (r"[\d\S]", r"[0-9[^\t\n\x0C\r\x20]]"),
            (r"\Qa.b\E*", r"a\x{2E}b*"),
            ("a{,2}", r"a\x{7B}\x{2C}2\x{7D}"),
            ("{", r"\x{7B}"),
            ("[a&&b]", r"[a\x{26}\x{26}b]"),
            ("[]a]", r"[\x{5D}a]"),
            ("(?P<x>a)|(?<y>b)", "(a)|(b)"),
            ("(?i)a(?s-m:.)", "(?i)a(?s-m:.)"),
            (r"\141\x{e9}", r"aé"),
            (r"\<", r"\x{3C}"),
        ] {
            assert_eq!(translated(go).as_deref(), Ok(ours), "{go}");
            assert!(regex::Regex::new(ours).is_ok(), "{ours}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for (pattern, why) in [
            ("a**", "invalid nested repetition operator: `**`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){100}", "invalid repeat count: `{100}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[a", "missing closing ]: `[a`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`"),
            ("a\\", "trailing backslash at end of expression: ``"),
        ] {
            assert_eq!(translated(pattern), Err(format!("error parsing regexp: {why}")), "{pattern}");
        }
    }
}
