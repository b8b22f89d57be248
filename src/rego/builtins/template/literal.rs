//! Constants as Go writes them.

use super::lexer::{Kind, Token};
use super::tree::OperandKind;

/// What a quoted string says.
pub(super) fn text(token: Token<'_>) -> Option<String> {
    let inner = token.text.get(1..token.text.len().checked_sub(1)?)?;
    if token.kind == Kind::Raw { Some(inner.replace('\r', "")) } else { unescaped(inner, '"') }
}

/// What a number or a character says. There are no complex numbers here.
pub(super) fn number<'a>(token: Token<'_>) -> Option<OperandKind<'a>> {
    if token.kind == Kind::Char {
        let inner = token.text.get(1..token.text.len().checked_sub(1)?)?;
        let text = unescaped(inner, '\'')?;
        let mut chars = text.chars();
        let char = chars.next().filter(|_| chars.next().is_none())?;
        return Some(OperandKind::Int(i64::from(u32::from(char))));
    }
    let digits = token.text.replace('_', "");
    let (negative, size) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let (radix, bare) = radix(size);
    if let Ok(int) = i64::from_str_radix(&format!("{}{bare}", if negative { "-" } else { "" }), radix) {
        return bare.starts_with(|it: char| it.is_ascii_alphanumeric()).then_some(OperandKind::Int(int));
    }
    let is_decimal = digits.bytes().all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it));
    let float: f64 = digits.parse().ok().filter(|it: &f64| is_decimal && it.is_finite())?;
    Some(OperandKind::Float(float))
}

/// The base that a prefix says, and the digits behind it.
fn radix(size: &str) -> (u32, &str) {
    let prefix = size.get(..2).unwrap_or_default();
    match prefix {
        "0x" | "0X" => (16, &size[2..]),
        "0b" | "0B" => (2, &size[2..]),
        "0o" | "0O" => (8, &size[2..]),
        _ if size.len() > 1 && size.starts_with('0') && size.bytes().all(|it| it.is_ascii_digit()) => {
            (8, &size[1..])
        }
        _ => (10, size),
    }
}

fn unescaped(text: &str, quote: char) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        rest = &rest[char.len_utf8()..];
        if char != '\\' {
            bytes.extend(char.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        let escape = rest.chars().next()?;
        rest = &rest[escape.len_utf8()..];
        let mut digits = |count: usize, radix: u32| {
            let digits = rest.get(..count)?;
            rest = &rest[count..];
            u32::from_str_radix(digits, radix).ok()
        };
        let char = match escape {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            it if it == quote => it,
            'u' => char::from_u32(digits(4, 16)?)?,
            'U' => char::from_u32(digits(8, 16)?)?,
            'x' => {
                bytes.push(u8::try_from(digits(2, 16)?).ok()?);
                continue;
            }
            first @ '0'..='7' => {
                let code = first.to_digit(8)? * 64 + digits(2, 8)?;
                bytes.push(u8::try_from(code).ok()?);
                continue;
            }
            _ => return None,
        };
        bytes.extend(char.encode_utf8(&mut [0; 4]).bytes());
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
