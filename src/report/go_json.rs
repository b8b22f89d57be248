//! JSON as Go's `encoding/json` spells it: no blanks, and `<`, `>`, `&`, U+2028 and U+2029 escaped, so that a
//! report can stand inside HTML. Reports are compared byte by byte by their readers.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut done = 0;
        for (at, it) in fragment.char_indices() {
            let escape = match it {
                '<' => "\\u003c",
                '>' => "\\u003e",
                '&' => "\\u0026",
                '\u{2028}' => "\\u2028",
                '\u{2029}' => "\\u2029",
                _ => continue,
            };
            writer.write_all(&fragment.as_bytes()[done..at])?;
            writer.write_all(escape.as_bytes())?;
            done = at + it.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[done..])
    }
}

/// The document in one line.
///
/// Our own shapes have text keys and write to memory, so serialising cannot fail; were that ever wrong, the
/// report would say so instead of being cut off.
pub(super) fn to_string(document: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    match document.serialize(&mut Serializer::with_formatter(&mut bytes, HtmlSafe)) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_line_separators_are_escaped_and_control_characters_are_gos() {
        let text = "a<b>&c \u{2028}\u{2029} \u{8}\u{c}\n\r\t\u{1}\u{7f}\"\\é";
        assert_eq!(
            to_string(&text),
            r#""a\u003cb\u003e\u0026c \u2028\u2029 \b\f\n\r\t\u0001"#.to_owned() + "\u{7f}" + r#"\"\\é""#
        );
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let value: serde_json::Value =
            serde_json::from_str("[12345678901234567890123,1.0,1e+3]").expect("JSON");
        assert_eq!(to_string(&value), "[12345678901234567890123,1.0,1e+3]");
    }
}
