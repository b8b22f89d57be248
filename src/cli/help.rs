//! Help texts, made from the same tables that the arguments are read with.

use std::fmt::Write as _;

use super::flags::{Flag, Kind};

/// The flags under a heading, in the order of their names.
pub(super) fn flags(out: &mut String, heading: &str, flags: &[Flag]) {
    let mut rows: Vec<_> = flags.iter().map(|flag| (flag.name, left(flag), right(flag))).collect();
    rows.sort_unstable();
    let width = rows.iter().map(|(_, left, _)| left.chars().count()).max().unwrap_or(0);
    let _ = write!(out, "\n{heading}:\n");
    for (_, left, right) in rows {
        let _ = writeln!(out, "{left:width$}   {right}");
    }
}

fn left(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = match flag.kind {
        Kind::Switch => "",
        Kind::Text => " string",
        Kind::List => " strings",
        Kind::Integer => " int",
        Kind::Float => " float",
        Kind::Duration => " duration",
    };
    format!("  {short}--{}{value}", flag.name)
}

fn right(flag: &Flag) -> String {
    if flag.default.is_empty() {
        return flag.help.to_owned();
    }
    format!("{} (default {})", flag.help, flag.default)
}
