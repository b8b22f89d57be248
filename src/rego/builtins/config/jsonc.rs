//! JSON with comments and commas before closing brackets, as JSON.

/// The same text without them; line breaks stay.
pub(super) fn as_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Where in the output a comma stands that only blanks and comments followed so far.
    let mut comma = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('"', _) => {
                comma = None;
                out.push(char);
                let mut escaped = false;
                for char in chars.by_ref() {
                    out.push(char);
                    match char {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ('/', Some('/')) => while chars.next_if(|it| *it != '\n').is_some() {},
            ('/', Some('*')) => {
                chars.next();
                let mut before = ' ';
                for char in chars.by_ref() {
                    if char == '\n' {
                        out.push(char);
                    }
                    if (before, char) == ('*', '/') {
                        break;
                    }
                    before = char;
                }
                out.push(' ');
            }
            _ => {
                if let (Some(at), '}' | ']') = (comma, char) {
                    out.replace_range(at..=at, " ");
                }
                if char == ',' {
                    comma = Some(out.len());
                } else if !char.is_whitespace() {
                    comma = None;
                }
                out.push(char);
            }
        }
    }
    out
}
