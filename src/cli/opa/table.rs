//! Tables for people, in the shape that OPA draws them.

/// Where the texts of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table; without rows there is none. Headings are centred.
pub(super) fn table(heading: &[&str], align: &[Align], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let columns = rows.iter().map(Vec::len).chain([heading.len()]).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let heading = heading.get(column).map(|cell| cell.chars().count());
        cells.chain(heading).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let rule = |left: char, between: &str, right: char| {
        let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", bars.join(between))
    };
    let line = |cells: Vec<String>| format!("│{}│\n", cells.join("│"));
    let mut text = rule('┌', "┬", '┐');
    if !heading.is_empty() {
        text += &line(heading.iter().zip(&widths).map(|(cell, width)| format!(" {cell:^width$} ")).collect());
        text += &rule('├', "┼", '┤');
    }
    for row in rows {
        let cells = widths.iter().enumerate().map(|(column, width)| {
            let cell = row.get(column).map_or("", String::as_str);
            match align.get(column) {
                Some(Align::Right) => format!(" {cell:>width$} "),
                _ => format!(" {cell:width$} "),
            }
        });
        text += &line(cells.collect());
    }
    text + &rule('└', "┴", '┘')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_centred_and_numbers_stand_right() {
        let rows =
            vec![vec!["samples".to_owned(), "7".to_owned()], vec!["ns/op".to_owned(), "123".to_owned()]];
        insta::assert_snapshot!(table(&["x", "value"], &[Align::Left, Align::Right], &rows), @r"
        ┌─────────┬───────┐
        │    x    │ value │
        ├─────────┼───────┤
        │ samples │     7 │
        │ ns/op   │   123 │
        └─────────┴───────┘
        ");
    }
}
