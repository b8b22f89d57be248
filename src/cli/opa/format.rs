//! `--format`: one of a few words, which are not the same for any two commands.

use super::super::diagnostics::Diagnostic;
use super::super::flags::Parsed;

/// The format that is asked for, `default` where none is. A word that is none of `all` is a fault, told with them.
pub(super) fn asked<T: Copy>(
    parsed: &Parsed,
    command: &str,
    all: &[(&str, T)],
    default: T,
    faults: &mut Vec<Diagnostic>,
) -> T {
    let Some(word) = parsed.text("format") else { return default };
    if let Some((_, format)) = all.iter().find(|(name, _)| *name == word) {
        return *format;
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let allowed = match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    };
    let fault = Diagnostic::new(format_args!("{word:?} is not a format of ec opa {command}"));
    faults.push(fault.help(allowed));
    default
}
