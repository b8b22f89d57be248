//! Values as YAML text, as Go's `sigs.k8s.io/yaml` writes it.
//!
//! Blocks indented by two, sequences within mappings not indented; text without quotes where it would read back as the same
//! text, long lines folded at blanks behind column 80.

use std::cmp::Ordering;
use std::fmt::Write;

use super::super::json::string_keys;
use super::super::{Number, Value};
use super::{Scalar, resolve};

/// Column behind which a line is folded at the next blank.
const WIDTH: usize = 80;

/// Levels of blanks.
const INDENT: usize = 2;

/// The value as YAML, ending with a line break.
pub fn to_string(value: &Value) -> String {
    to_string_within(value, usize::MAX).unwrap_or_default()
}

/// The same; nothing where it would have more bytes. Deep values take many blanks, which their parts do not tell.
pub fn to_string_within(value: &Value, max_bytes: usize) -> Option<String> {
    let mut writer = Writer { out: String::new(), column: 0, room: max_bytes };
    writer.node(value, 0, Place::Root);
    writer.write("\n")?;
    Some(writer.out)
}

/// What a node stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// `key:`
    Key,
    /// `-`
    Dash,
}

struct Writer {
    out: String,
    column: usize,
    /// Bytes that may still be written. Without room nothing is, and the writing is given up at its end.
    room: usize,
}

impl Writer {
    fn write(&mut self, text: &str) -> Option<()> {
        let left = self.room.checked_sub(text.len());
        self.room = left.unwrap_or(0);
        self.out.push_str(left.map_or("", |_| text));
        left.map(|_| ())
    }

    fn put(&mut self, text: &str) {
        _ = self.write(text);
        self.column += text.chars().count();
    }

    fn new_line(&mut self, indent: usize) {
        _ = self.write("\n");
        self.blanks(indent);
        self.column = indent;
    }

    fn blanks(&mut self, count: usize) {
        _ = self.write(&" ".repeat(count));
    }

    /// A node whose line begins at `indent`.
    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        match value {
            Value::Object(pairs) if !pairs.is_empty() => {
                let pairs = merge_sorted(string_keys(pairs).collect(), &|a, b| natural_order(&a.0, &b.0));
                let indent = if place == Place::Key { indent + INDENT } else { indent };
                for (index, (key, value)) in pairs.into_iter().enumerate() {
                    if index > 0 || place == Place::Key {
                        self.new_line(indent);
                    }
                    self.scalar(&key, style(&key, Context::Key), indent);
                    self.put(":");
                    self.node_behind(value, indent, Place::Key);
                }
            }
            Value::Array(items) if !items.is_empty() => self.sequence(items.iter(), indent, place),
            Value::Set(members) if !members.is_empty() => self.sequence(members.iter(), indent, place),
            // The lines of a text stand two blanks behind the dash or the key.
            other if place == Place::Dash => self.leaf(other, indent - INDENT),
            other => self.leaf(other, indent),
        }
    }

    fn sequence<'a>(&mut self, items: impl Iterator<Item = &'a Value>, indent: usize, place: Place) {
        for (index, item) in items.enumerate() {
            if index > 0 || place == Place::Key {
                self.new_line(indent);
            }
            self.put("-");
            self.node_behind(item, indent, Place::Dash);
        }
    }

    fn node_behind(&mut self, value: &Value, indent: usize, place: Place) {
        let on_this_line = match value {
            Value::Object(pairs) => place == Place::Dash || pairs.is_empty(),
            Value::Array(items) => place == Place::Dash || items.is_empty(),
            Value::Set(members) => place == Place::Dash || members.is_empty(),
            _ => true,
        };
        if on_this_line {
            self.put(" ");
        }
        self.node(value, if place == Place::Dash { indent + INDENT } else { indent }, place);
    }

    fn leaf(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.put("null"),
            Value::Bool(it) => self.put(if *it { "true" } else { "false" }),
            Value::Number(it) => self.put(&number(it)),
            Value::String(text) => self.scalar(text, style(text, Context::Value), indent + INDENT),
            Value::Object(_) => self.put("{}"),
            Value::Array(_) | Value::Set(_) => self.put("[]"),
        }
    }

    fn scalar(&mut self, text: &str, style: Style, indent: usize) {
        match style {
            Style::Plain(Folding::Never) => self.put(text),
            Style::Plain(Folding::Allowed) => self.folded(text, indent, &|char| char.to_string()),
            Style::Single(folding) => {
                self.put("'");
                let quote = |char| if char == '\'' { "''".to_owned() } else { String::from(char) };
                match folding {
                    Folding::Allowed => self.folded(text, indent, &quote),
                    Folding::Never => self.put(&text.chars().map(quote).collect::<String>()),
                }
                self.put("'");
            }
            Style::Double(folding) => self.double_quoted(text, indent, folding),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Text whose lines may end at a blank that stands alone.
    fn folded(&mut self, text: &str, indent: usize, written: &dyn Fn(char) -> String) {
        let chars: Vec<char> = text.chars().collect();
        let mut after_blank = false;
        for (index, char) in chars.iter().enumerate() {
            let inner = index > 0 && index + 1 < chars.len();
            let next_is_blank = chars.get(index + 1) == Some(&' ');
            if *char == ' ' && !after_blank && self.column > WIDTH && inner && !next_is_blank {
                self.new_line(indent);
            } else {
                self.put(&written(*char));
            }
            after_blank = *char == ' ';
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, folding: Folding) {
        self.put("\"");
        let chars: Vec<char> = text.chars().collect();
        let mut after_blank = false;
        for (index, char) in chars.iter().enumerate() {
            let inner = index > 0 && index + 1 < chars.len();
            let fold =
                folding == Folding::Allowed && *char == ' ' && !after_blank && self.column > WIDTH && inner;
            if fold {
                self.new_line(indent);
                if chars.get(index + 1) == Some(&' ') {
                    self.put("\\");
                }
            } else if !is_printable(*char) || is_break(*char) || matches!(char, '"' | '\\') {
                let escape = escaped(*char);
                self.put(&escape);
            } else {
                self.put(char.encode_utf8(&mut [0; 4]));
            }
            after_blank = *char == ' ';
        }
        self.put("\"");
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with(|it| it == ' ' || is_break(it)) {
            self.put("2");
        }
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next()) {
            (false, _) => self.put("-"),
            (true, None) => self.put("+"),
            (true, Some(before)) if is_break(before) => self.put("+"),
            (true, Some(_)) => {}
        }
        _ = self.write("\n");
        let mut at_start = true;
        for char in text.strip_suffix('\n').unwrap_or(text).chars() {
            if at_start && !is_break(char) {
                self.blanks(indent);
            }
            _ = self.write(char.encode_utf8(&mut [0; 4]));
            at_start = is_break(char);
        }
    }
}

/// Whether long lines may be folded: not in keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folding {
    Allowed,
    Never,
}

#[derive(Clone, Copy)]
enum Style {
    Plain(Folding),
    Single(Folding),
    Double(Folding),
    Literal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Key,
    Value,
}

/// The plainest style in which the text reads back as itself.
fn style(text: &str, context: Context) -> Style {
    let folding = if context == Context::Key { Folding::Never } else { Folding::Allowed };
    let look = Look::at(text);
    if text.contains('\n') {
        // What YAML 1.1 takes for a line break and 1.2 does not would be read back with the blanks behind it.
        let one_reading = !text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
        let literal = look.block && context == Context::Value && one_reading;
        return if literal { Style::Literal } else { Style::Double(folding) };
    }
    if resolve(text) != Scalar::Text || is_base_60(text) || is_merge_or_date(text) {
        return Style::Double(folding);
    }
    if look.plain {
        Style::Plain(folding)
    } else if look.single {
        Style::Single(folding)
    } else {
        Style::Double(folding)
    }
}

/// Dates are text to JSON, but have a type of their own in YAML.
fn is_merge_or_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|it| it.is_ascii_digit()).count();
    text == "<<"
        || digits(0) == 4 && bytes.get(4) == Some(&b'-') && {
            let month = digits(5);
            let day_at = 6 + month;
            (1..=2).contains(&month)
                && bytes.get(5 + month) == Some(&b'-')
                && bytes.len() > day_at
                && (1..=2).contains(&digits(day_at))
                && text[5..5 + month].parse::<u8>().is_ok_and(|it| (1..=12).contains(&it))
                && text[day_at..day_at + digits(day_at)].parse::<u8>().is_ok_and(|it| (1..=31).contains(&it))
                && matches!(bytes.get(day_at + digits(day_at)), None | Some(b' ' | b'T' | b't'))
        }
}

/// `1:30`: a number to other readers of YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let size = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = size.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit() || it == b'_');
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else { return false };
    let sixty = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    digits(first)
        && first.starts_with(|it: char| it.is_ascii_digit())
        && rest.iter().all(|it| sixty(it))
        && sixty(whole)
        && fraction.bytes().all(|it| it.is_ascii_digit() || it == b'_')
}

/// What styles a text allows by its characters.
struct Look {
    plain: bool,
    single: bool,
    block: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        let (first, last) = (text.chars().next(), text.chars().next_back());
        let (Some(first), Some(last)) = (first, last) else {
            return Self { plain: false, single: true, block: false };
        };
        let printable = text.chars().all(is_printable);
        let pairs = || text.chars().zip(text.chars().skip(1));
        let blank_then_break = pairs().any(|(a, b)| a == ' ' && is_break(b));
        let break_then_blank = pairs().any(|(a, b)| is_break(a) && b == ' ');
        let edge = |it: char| it == ' ' || is_break(it);
        let one_line = !text.chars().any(is_break);
        Self {
            plain: printable
                && one_line
                && !edge(first)
                && !edge(last)
                && !means_something(text, first, last),
            single: printable && !blank_then_break && !break_then_blank,
            block: printable && !blank_then_break && last != ' ',
        }
    }
}

/// Whether a part of the text would be taken for a sign of YAML if it stood without quotes.
fn means_something(text: &str, first: char, last: char) -> bool {
    let second = text.chars().nth(1);
    let mut pairs = text.chars().zip(text.chars().skip(1));
    text.starts_with("---")
        || text.starts_with("...")
        || ",[]{}&*!|>'\"%@`#".contains(first)
        || "?-".contains(first) && second.is_none_or(is_blank_or_break)
        || last == ':'
        || pairs.any(|(a, b)| a == ':' && is_blank_or_break(b) || is_blank_or_break(a) && b == '#')
}

fn is_break(char: char) -> bool {
    matches!(char, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(char: char) -> bool {
    matches!(char, ' ' | '\t') || is_break(char)
}

/// Characters beyond the first plane are not printable to Go's writer.
fn is_printable(char: char) -> bool {
    matches!(char, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && char != '\u{feff}'
}

fn escaped(char: char) -> String {
    let short = match char {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => char,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        other => {
            let code = u32::from(other);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// A number as Go's YAML writes what it read from JSON: 64 bits, floats with the fewest digits.
fn number(number: &Number) -> String {
    let text = number.to_string();
    match resolve(&text) {
        Scalar::Int(int) => int.to_string(),
        Scalar::Float(float) => go_general(float),
        // Too large for a float: text to Go.
        _ => text,
    }
}

/// Go's shortest `%g`.
fn go_general(float: f64) -> String {
    let text = format!("{float:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) && float != 0.0 {
        return float.to_string();
    }
    if float == 0.0 {
        return if float.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let mut out = mantissa.to_owned();
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a string cannot fail.
    _ = write!(out, "e{sign}{:02}", exponent.abs());
    out
}

/// Sorts by merging. The order of keys is not transitive (`2`, `10`, `1a`, `2`), to which the library's sorts may
/// answer with a panic.
fn merge_sorted<T>(mut items: Vec<T>, order: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let behind = items.split_off(items.len() / 2);
    let mut left = merge_sorted(items, order).into_iter().peekable();
    let mut right = merge_sorted(behind, order).into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    loop {
        let from_right = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => order(b, a).is_lt(),
            (None, Some(_)) => true,
            (_, None) => break,
        };
        merged.extend(if from_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged
}

/// Keys stand in the order of their letters, with numbers within them by value. Letters come behind everything else.
fn natural_order(a: &str, b: &str) -> Ordering {
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (shared, a, b) = (&a[..common], &a[common..], &b[common..]);
    let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
    if x.is_alphabetic() || y.is_alphabetic() {
        return x.is_alphabetic().cmp(&y.is_alphabetic()).then(x.cmp(&y));
    }
    // A zero within a number counts; in front of one it does not.
    let begun = shared.bytes().rev().take_while(u8::is_ascii_digit).any(|it| it != b'0');
    let digits = |text: &'_ str| text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let number = |text: &'_ str| {
        let digits = text[..digits(text)].to_owned();
        let counted = if begun { digits } else { digits.trim_start_matches('0').to_owned() };
        (counted.len(), counted)
    };
    number(a).cmp(&number(b)).then(digits(a).cmp(&digits(b))).then(x.cmp(&y))
}
