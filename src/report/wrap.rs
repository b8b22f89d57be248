//! Word wrap as the text report has always had it: a line is broken at blanks before the word that would go beyond
//! the width; longer words stay whole.

/// The text with line feeds in place of the blanks where it was broken. The width is in characters.
pub(super) fn wrap(text: &str, width: usize) -> String {
    text.split('\n').map(|line| wrap_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut column = 0;
    let mut rest = line;
    while !rest.is_empty() {
        let (blanks, after) = rest.split_at(rest.find(|it| !is_blank(it)).unwrap_or(rest.len()));
        let (word, after) = after.split_at(after.find(is_blank).unwrap_or(after.len()));
        rest = after;
        let before = column + blanks.chars().count();
        let length = word.chars().count();
        if word.is_empty() {
            if before <= width {
                out.push_str(blanks);
            }
        } else if before > 1 && before + length > width {
            out.push('\n');
            out.push_str(word);
            column = length;
        } else {
            out.push_str(blanks);
            out.push_str(word);
            column = before + length;
        }
    }
    out
}

/// A no-break space holds words together.
fn is_blank(it: char) -> bool {
    it.is_whitespace() && it != '\u{a0}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("aaa bbb ccc", 7), "aaa bbb\nccc");
        assert_eq!(wrap("aaa  bbbbbbbbbb cc", 5), "aaa\nbbbbbbbbbb\ncc");
        assert_eq!(wrap("bbbbbbbbbb", 5), "bbbbbbbbbb");
        assert_eq!(wrap("aaa\u{a0}bbb c", 5), "aaa\u{a0}bbb\nc");
        assert_eq!(wrap("one\n two\n", 5), "one\n two\n");
        assert_eq!(wrap("trailing   ", 9), "trailing");
        assert_eq!(wrap("", 5), "");
    }
}
