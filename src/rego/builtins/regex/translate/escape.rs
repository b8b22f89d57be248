//! What a backslash begins: characters, classes of them, places, quoted text.

use super::{Reader, Result, error};

impl Reader<'_> {
    pub(super) fn escape(&mut self) -> Result<()> {
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
    pub(super) fn perl_class(&mut self) -> &'static str {
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
    pub(super) fn unicode_class(&mut self, start: usize) -> Result<String> {
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
    pub(super) fn escaped_char(&mut self, start: usize) -> Result<char> {
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
}

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
