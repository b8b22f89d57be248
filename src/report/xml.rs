//! Texts in XML: what must be escaped, and what has no place there.

use std::fmt::Write as _;

/// ` name="value"`
pub(crate) fn attribute(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, " {name}=\"");
    for it in value.chars() {
        match legal(it) {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            it => out.push(it),
        }
    }
    out.push('"');
}

/// Characters that XML 1.0 has no place for (section 2.2, `Char`) become the replacement character.
fn legal(it: char) -> char {
    match it {
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => it,
        _ => '\u{fffd}',
    }
}

/// A text without the characters that XML has no place for.
pub(crate) fn legal_text(text: &str) -> String {
    text.chars().map(legal).collect()
}

/// A text between elements.
pub(crate) fn character_data(text: &str) -> String {
    legal_text(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
