//! JSON text as Go's `json.Marshal` leaves it: no blanks between tokens, and characters escaped that a browser could
//! stumble over.

/// Takes the blanks between tokens out; strings and numbers stay as written.
pub(super) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for char in json.chars() {
        if in_string {
            in_string = escaped || char != '"';
            escaped = char == '\\' && !escaped;
        } else if char == '"' {
            in_string = true;
        } else if char.is_ascii_whitespace() {
            continue;
        }
        out.push(char);
    }
    out
}

/// Such characters occur within strings only, so no parsing is needed.
pub(super) fn escape_html(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}
