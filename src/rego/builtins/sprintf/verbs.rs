//! One argument by one verb.

use num_bigint::{BigInt, Sign};

use super::{Arg, Spec, float};
use crate::rego::value::json::go_quoted;

/// The argument as the verb and what stands before it say.
pub(super) fn formatted(arg: &Arg<'_>, verb: char, spec: &Spec) -> String {
    if verb == 'T' {
        return spec.padded(spec.cut(arg.type_name()).to_owned());
    }
    let text = match arg {
        Arg::Int(int) => integer(*int, verb, spec),
        Arg::Big(int) => Some(big(int, verb, spec)),
        Arg::Float(it) => float::float(*it, verb, spec),
        Arg::Text(text) => string(text, verb, spec),
    };
    text.unwrap_or_else(|| {
        let name = arg.type_name();
        format!("%!{verb}({name}={})", formatted(arg, 'v', spec))
    })
}

impl Spec {
    /// Filled up to the width, zeros on the left only.
    pub(super) fn padded(&self, text: String) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if missing == 0 {
            text
        } else if self.minus {
            text + &" ".repeat(missing)
        } else {
            (if self.zero { "0" } else { " " }).repeat(missing) + &text
        }
    }

    fn padded_with_blanks(&self, text: String) -> String {
        Self { zero: false, ..*self }.padded(text)
    }

    /// The first characters, as many as the precision says.
    fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = self.precision.and_then(|count| text.char_indices().nth(count));
        end.map_or(text, |(at, _)| &text[..at])
    }

    pub(super) fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }
}

fn string(text: &str, verb: char, spec: &Spec) -> Option<String> {
    match verb {
        'v' if spec.go_syntax => Some(quoted(text, spec)),
        'v' | 's' => Some(spec.padded(spec.cut(text).to_owned())),
        'q' => Some(quoted(text, spec)),
        'x' => Some(hexadecimal(text, spec, false)),
        'X' => Some(hexadecimal(text, spec, true)),
        _ => None,
    }
}

fn quoted(text: &str, spec: &Spec) -> String {
    let text = spec.cut(text);
    let plain = |it: char| it == '\t' || !(it.is_control() || it == '`' || it == '\u{feff}');
    if spec.sharp && text.chars().all(plain) {
        return spec.padded(format!("`{text}`"));
    }
    let quoted = go_quoted(text);
    spec.padded(if spec.plus { ascii(&quoted) } else { quoted })
}

/// Quoted text with everything beyond ASCII escaped.
fn ascii(quoted: &str) -> String {
    quoted
        .chars()
        .map(|it| match u32::from(it) {
            0..0x80 => it.to_string(),
            code @ 0x80..0x1_0000 => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
        .collect()
}

fn hexadecimal(text: &str, spec: &Spec, upper: bool) -> String {
    let bytes = &text.as_bytes()[..spec.precision.unwrap_or(text.len()).min(text.len())];
    let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    let prefix = match (spec.sharp && !bytes.is_empty(), upper) {
        (false, _) => "",
        (true, false) => "0x",
        (true, true) => "0X",
    };
    let between = if spec.space { format!(" {prefix}") } else { String::new() };
    let hex = bytes.iter().map(digits).collect::<Vec<_>>().join(&between);
    spec.padded(format!("{prefix}{hex}"))
}

fn integer(int: i64, verb: char, spec: &Spec) -> Option<String> {
    let negative = int < 0;
    let size = int.unsigned_abs();
    let (digits, prefix) = match verb {
        'v' | 'd' => (size.to_string(), ""),
        'b' => (format!("{size:b}"), if spec.sharp { "0b" } else { "" }),
        'o' | 'O' => (format!("{size:o}"), if verb == 'O' { "0o" } else { "" }),
        'x' => (format!("{size:x}"), if spec.sharp { "0x" } else { "" }),
        'X' => (format!("{size:X}"), if spec.sharp { "0X" } else { "" }),
        'c' => return Some(spec.padded(character(int).to_string())),
        'q' => {
            let quoted = quoted_character(character(int));
            return Some(spec.padded(if spec.plus { ascii(&quoted) } else { quoted }));
        }
        'U' => return Some(unicode(int, spec)),
        _ => return None,
    };
    if spec.precision == Some(0) && size == 0 {
        return Some(spec.padded_with_blanks(String::new()));
    }
    let sign = spec.sign(negative);
    let wanted = match (spec.precision, spec.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if spec.zero && !spec.minus => width - sign.len().min(width),
        _ => 0,
    };
    let mut digits = "0".repeat(wanted.saturating_sub(digits.len())) + &digits;
    if spec.sharp && matches!(verb, 'o' | 'O') && !digits.starts_with('0') {
        digits.insert(0, '0');
    }
    Some(spec.padded_with_blanks(format!("{sign}{prefix}{digits}")))
}

fn character(int: i64) -> char {
    u32::try_from(int).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn quoted_character(char: char) -> String {
    match char {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => {
            let quoted = go_quoted(&other.to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// `U+0078`, or `U+0078 'x'` with `#`.
fn unicode(int: i64, spec: &Spec) -> String {
    let digits = format!("{int:X}");
    let wanted = spec.precision.unwrap_or(0).max(4);
    let shown = u32::try_from(int).ok().and_then(char::from_u32).filter(|it| spec.sharp && !it.is_control());
    let shown = shown.map(|it| format!(" '{it}'")).unwrap_or_default();
    spec.padded_with_blanks(format!("U+{}{digits}{shown}", "0".repeat(wanted.saturating_sub(digits.len()))))
}

/// Integers that do not fit 64 bits have rules of their own in Go.
fn big(int: &BigInt, verb: char, spec: &Spec) -> String {
    let base = match verb {
        'b' => 2,
        'o' | 'O' => 8,
        'd' | 's' | 'v' => 10,
        'x' | 'X' => 16,
        // The one verb that shows what is inside of Go's type.
        'w' => {
            let words: Vec<_> = int.iter_u64_digits().map(|it| it.to_string()).collect();
            let negative = int.sign() == Sign::Minus;
            return format!("%!w(*big.Int=&{{{negative} [{}]}})", words.join(" "));
        }
        _ => return format!("%!{verb}(big.Int={int})"),
    };
    let sign = Spec { plus: spec.plus || spec.named_fields, ..*spec }.sign(int.sign() == Sign::Minus);
    let sharp = spec.sharp || spec.go_syntax;
    let prefix = match verb {
        'O' => "0o",
        'b' if sharp => "0b",
        'o' if sharp => "0",
        'x' if sharp => "0x",
        'X' if sharp => "0X",
        _ => "",
    };
    let digits = int.magnitude().to_str_radix(base);
    let digits = if verb == 'X' { digits.to_uppercase() } else { digits };
    let mut zeros = spec.precision.unwrap_or(0).saturating_sub(digits.len());
    let length = sign.len() + prefix.len() + zeros + digits.len();
    if spec.zero && !spec.minus && spec.precision.is_none() {
        zeros = spec.width.unwrap_or(0).saturating_sub(length);
    }
    spec.padded_with_blanks(format!("{sign}{prefix}{}{digits}", "0".repeat(zeros)))
}
