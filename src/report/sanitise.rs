//! What comes from outside, made harmless for a terminal and for the logs of a build system: no escape sequences,
//! no carriage returns, nothing that hides or reorders text, no line that could be taken for one of ours, no
//! workflow command. JSON and YAML carry the texts unchanged.

/// One line: line breaks and everything else that does not show is spelled out (`\n`, `\u001b`).
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        push(&mut out, it);
    }
    disarm(&out)
}

/// Several lines: line feeds and tabs stay, the rest is as in [`line()`].
pub fn block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '\n' | '\t' => out.push(it),
            _ => push(&mut out, it),
        }
    }
    out.split('\n').map(disarm).collect::<Vec<_>>().join("\n")
}

/// A line that would begin with a workflow command (`::error::`, also after blanks) no longer does.
pub fn disarm(line: &str) -> String {
    let unbracketed = unbracket(line);
    let start = unbracketed.trim_start();
    if !start.starts_with("::") {
        return unbracketed;
    }
    let blanks = unbracketed.len() - start.len();
    format!("{}\\{start}", &unbracketed[..blanks])
}

/// `##[`, `##vso[` and the like are commands anywhere in a line.
fn unbracket(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("##") {
        let after = &rest[at + 2..];
        let word = after.trim_start_matches(|it: char| it.is_ascii_alphanumeric());
        out.push_str(&rest[..at]);
        out.push_str(if word.starts_with('[') { "#\\" } else { "#" });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}

fn push(out: &mut String, it: char) {
    match it {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_hidden(it) => out.push_str(&spelled(it)),
        _ => out.push(it),
    }
}

fn spelled(it: char) -> String {
    match u32::from(it) {
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Control characters, and those that show as nothing or change the direction of what follows.
pub fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn threat_46_what_does_not_show_is_spelled_out() {
        assert_eq!(line("a\u{1b}[31mred\u{7}\r\nb\tc"), "a\\u001b[31mred\\u0007\\r\\nb\\tc");
        assert_eq!(line("\u{1b}]8;;http://x\u{1b}\\link"), "\\u001b]8;;http://x\\u001b\\link");
        assert_eq!(line("\u{9b}2J \u{202e}evil\u{2066} \u{200b}"), "\\u009b2J \\u202eevil\\u2066 \\u200b");
        assert_eq!(line("tags \u{e0041} \u{2028}"), "tags \\U000e0041 \\u2028");
        assert_eq!(block("one\n\ttwo\r"), "one\n\ttwo\\r");
    }

    #[test]
    fn threat_46_workflow_commands_are_disarmed() {
        assert_eq!(line("::error::x"), "\\::error::x");
        assert_eq!(block("a\n  ::warning file=x::y"), "a\n  \\::warning file=x::y");
        assert_eq!(line("see ##[error]x, ###vso[task]y"), "see #\\#[error]x, ##\\#vso[task]y");
        assert_eq!(line("## a heading, oci::registry.example/x"), "## a heading, oci::registry.example/x");
    }

    proptest! {
        #[test]
        fn a_line_has_nothing_hidden_and_no_command(text in "(\\PC|[\\x00-\\x1f]|:|#|\\[|\n| |\u{202e}|\u{feff}){0,60}") {
            let safe = line(&text);
            prop_assert!(!safe.chars().any(is_hidden), "{safe:?}");
            prop_assert!(!safe.trim_start().starts_with("::"));
            prop_assert!(!safe.contains("##["));
        }

        #[test]
        fn a_block_keeps_its_lines_and_has_nothing_hidden(text in "(\\PC|[\\x00-\\x1f]|:|#|\\[|\n| ){0,60}") {
            let safe = block(&text);
            prop_assert_eq!(safe.matches('\n').count(), text.matches('\n').count());
            for it in safe.split('\n') {
                prop_assert!(!it.chars().any(|it| it != '\t' && is_hidden(it)));
                prop_assert!(!it.trim_start().starts_with("::"));
                prop_assert!(!it.contains("##["));
            }
        }

        #[test]
        fn harmless_text_is_left_alone(text in "[a-zA-Z0-9 .,;@/é✕-]{0,60}") {
            prop_assert_eq!(line(&text), text);
        }
    }
}
