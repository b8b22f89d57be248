//! One text as a YAML scalar: plain where every reader takes it for the same text, else quoted, or a block of
//! lines. Long texts are folded at blanks beyond column 80, as libyaml does.

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Context {
    /// Column of continuation lines.
    pub(super) indent: usize,
}

/// libyaml's preferred width in columns.
const WIDTH: usize = 80;

/// A longer key is written in the explicit form, since readers look for the colon within 1024 characters only.
const SIMPLE_KEY: usize = 512;

enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// Appends a text.
pub(super) fn text(out: &mut String, text: &str, context: Context) {
    match style(text) {
        Style::Plain => plain(out, text, context),
        Style::Single => single(out, text, context),
        Style::Double => double(out, text, Some(context)),
        Style::Literal => literal(out, text, context),
    }
}

/// Appends a key with its colon; keys are never folded.
pub(super) fn key(out: &mut String, key: &str, indent: usize) {
    let explicit = key.len() > SIMPLE_KEY;
    if explicit {
        out.push_str("? ");
    }
    match style(key) {
        Style::Plain => out.push_str(key),
        Style::Single => single_whole(out, key),
        Style::Double | Style::Literal => double(out, key, None),
    }
    if explicit {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    out.push(':');
}

fn style(text: &str) -> Style {
    let hidden = text.chars().any(|it| it != '\n' && (!is_printable(it) || is_other_break(it)));
    let trailing = text.ends_with(' ');
    if text.contains('\n') {
        let block = !hidden && !trailing && !text.contains(" \n");
        return if block { Style::Literal } else { Style::Double };
    }
    if hidden || reads_as_other_type(text) {
        return Style::Double;
    }
    if trailing || text.starts_with(' ') || has_indicator(text) { Style::Single } else { Style::Plain }
}

/// Something that would end a plain text, or make it another thing.
fn has_indicator(text: &str) -> bool {
    let mut before = None;
    let mut chars = text.chars().peekable();
    let mut found = text.starts_with("---") || text.starts_with("...");
    while let Some(it) = chars.next() {
        let ends_word = chars.peek().is_none_or(|next| is_blank(*next));
        found |= is_indicator(it, before, ends_word);
        before = Some(it);
    }
    found
}

fn is_indicator(it: char, before: Option<char>, ends_word: bool) -> bool {
    match (before, it) {
        (
            None,
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
        ) => true,
        (None, '?' | '-') | (_, ':') => ends_word,
        (Some(before), '#') => is_blank(before),
        _ => false,
    }
}

fn is_blank(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\n') || is_other_break(it)
}

fn is_other_break(it: char) -> bool {
    matches!(it, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What libyaml prints as it is: no control characters, nothing beyond the basic plane.
fn is_printable(it: char) -> bool {
    matches!(it, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && it != '\u{feff}'
}

/// Does an unquoted text read as null, a boolean, a number, a time, or a merge key, in YAML 1.1 or 1.2?
fn reads_as_other_type(text: &str) -> bool {
    const WORDS: [&str; 15] =
        ["", "~", "null", "true", "false", "y", "n", "yes", "no", "on", "off", ".nan", ".inf", "<<", "="];
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || unsigned.eq_ignore_ascii_case(".inf")
        || reads_as_number(unsigned)
        || reads_as_time(text)
}

/// Decimal, hexadecimal, octal, binary, sexagesimal, floating; with underscores.
fn reads_as_number(unsigned: &str) -> bool {
    let text = unsigned.replace('_', "");
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return false;
    }
    let radix = |prefix: [&str; 2], radix: u32| {
        let digits = text.strip_prefix(prefix[0]).or_else(|| text.strip_prefix(prefix[1]));
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|it| it.is_digit(radix)))
    };
    let sixties = text.contains(':') && text.chars().all(|it| it.is_ascii_digit() || matches!(it, ':' | '.'));
    radix(["0x", "0X"], 16)
        || radix(["0o", "0O"], 8)
        || radix(["0b", "0B"], 2)
        || sixties
        || text.parse::<f64>().is_ok()
}

/// `2025-06-01` and everything that goes on like that; quoting one too many harms nobody.
fn reads_as_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut digits = |at_most: usize| {
        parts.next().is_some_and(|part| {
            (1..=at_most).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit())
        })
    };
    digits(4) && digits(2) && parts.next().is_some_and(|day| day.starts_with(|it: char| it.is_ascii_digit()))
}

/// Writes words and blanks, and counts columns.
struct Folder<'a> {
    out: &'a mut String,
    column: usize,
    indent: usize,
}

impl<'a> Folder<'a> {
    fn new(out: &'a mut String, context: Context) -> Self {
        let line = out.rfind('\n').map_or(0, |at| at + 1);
        let column = out[line..].chars().count();
        Self { out, column, indent: context.indent }
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.column = self.indent;
    }
}

/// A blank may become a line break only between two words that one blank parts.
fn folds(text: &str, at: usize, folder: &Folder<'_>) -> bool {
    folder.column > WIDTH
        && at > 0
        && at + 1 < text.len()
        && !text[..at].ends_with(' ')
        && !text[at + 1..].starts_with(' ')
}

fn plain(out: &mut String, text: &str, context: Context) {
    let mut folder = Folder::new(out, context);
    for (at, it) in text.char_indices() {
        if it == ' ' && folds(text, at, &folder) {
            folder.break_line();
        } else {
            folder.put(it.encode_utf8(&mut [0; 4]));
        }
    }
}

fn single(out: &mut String, text: &str, context: Context) {
    let mut folder = Folder::new(out, context);
    folder.put("'");
    for (at, it) in text.char_indices() {
        match it {
            ' ' if folds(text, at, &folder) => folder.break_line(),
            '\'' => folder.put("''"),
            _ => folder.put(it.encode_utf8(&mut [0; 4])),
        }
    }
    folder.put("'");
}

fn single_whole(out: &mut String, text: &str) {
    out.push('\'');
    out.push_str(&text.replace('\'', "''"));
    out.push('\'');
}

fn double(out: &mut String, text: &str, fold: Option<Context>) {
    let mut folder = Folder::new(out, fold.unwrap_or(Context { indent: 0 }));
    folder.put("\"");
    for (at, it) in text.char_indices() {
        if it == ' ' && fold.is_some() && folds(text, at, &folder) {
            folder.break_line();
        } else {
            folder.put(&escaped(it));
        }
    }
    folder.put("\"");
}

fn escaped(it: char) -> String {
    let short = match it {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if is_printable(it) => return it.to_string(),
        _ => {
            return match u32::from(it) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

fn literal(out: &mut String, text: &str, context: Context) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = match text.strip_suffix('\n') {
        None => {
            out.push('-');
            text
        }
        Some(body) => {
            if body.is_empty() || body.ends_with('\n') {
                out.push('+');
            }
            body
        }
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', context.indent));
            out.push_str(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scalar(text: &str) -> String {
        let mut out = String::new();
        super::text(&mut out, text, Context { indent: 2 });
        out
    }

    #[test]
    fn texts_that_some_reader_takes_for_another_type_are_quoted() {
        for text in [
            "",
            "~",
            "null",
            "y",
            "No",
            "ON",
            "true",
            "1",
            "-1",
            "+0x1F",
            "0o7",
            "0755",
            "08",
            "1_000",
            "1.5",
            ".5",
            "1e3",
            "1:30",
            "190:20:30.15",
            ".inf",
            "-.INF",
            ".NaN",
            "2025-06-01",
            "2025-6-1T1:2:3Z",
            "<<",
            "=",
        ] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
        for text in ["a", "yes please", "1.2.3", "v1", "a: b", "x:y", "-a", "a#b", "é", "1-2"] {
            assert_ne!(scalar(text), format!("\"{text}\""), "{text}");
        }
    }

    #[test]
    fn each_text_has_the_style_that_carries_it() {
        for (text, expected) in [
            ("a b", "a b"),
            ("a: b", "'a: b'"),
            ("it's: b", "'it''s: b'"),
            ("# no", "'# no'"),
            ("end ", "'end '"),
            ("tab\there", "\"tab\\there\""),
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            (" a\nb", "|2-\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
            ("\u{1f600}", "\"\\U0001F600\""),
            ("x\u{2028}", "\"x\\L\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "([ -~]|\\PC|[\\x00-\\x1f]|\n| ){0,200}", key in "[ -~é\n]{1,20}") {
            let mut out = String::new();
            super::key(&mut out, &key, 0);
            out.push(' ');
            super::text(&mut out, &text, Context { indent: 2 });
            out.push('\n');
            let read: std::collections::BTreeMap<String, String> = serde_saphyr::from_str(&out)
                .map_err(|error| TestCaseError::fail(format!("{error}\n{out:?}")))?;
            prop_assert_eq!(read.get(&key), Some(&text), "{}", out);
        }
    }
}
