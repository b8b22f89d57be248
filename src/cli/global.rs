//! The flags that every command has.

use std::time::Duration;

use super::colour::ColourChoice;
use super::diagnostics::Diagnostic;
use super::flags::{Flag, Kind, Parsed};
use super::logging::{LogLevel, LogSettings};
use super::plan::{ConsoleSettings, Retry};
use super::values::Span;

/// In the order of their names.
pub(super) const FLAGS: [Flag; 10] = [
    flag("debug", Kind::Switch, "", "as --verbose, with the places in the source"),
    flag(
        "logfile",
        Kind::Text,
        "",
        "append log lines to this file instead of writing them to standard error",
    ),
    flag("quiet", Kind::Switch, "", "log errors only, and show no progress"),
    flag("retry-duration", Kind::Duration, "1s", "wait before the second try of a request"),
    flag("retry-factor", Kind::Float, "2", "by which the wait grows from try to try"),
    flag("retry-jitter", Kind::Float, "0.1", "share of a wait that is left to chance, 0 to 1"),
    flag("retry-max-retry", Kind::Integer, "3", "tries of a request beyond the first"),
    flag("retry-max-wait", Kind::Duration, "3s", "longest wait between two tries"),
    flag(
        "timeout",
        Kind::Duration,
        "none",
        "deadline of the run; what is not decided by then is reported as incomplete; 0 is none",
    ),
    flag("verbose", Kind::Switch, "", "log what is done"),
];

const fn flag(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, short: None, kind, default, help }
}

/// Logs and colour. `color` flags belong to some commands only; where they are missing they are off.
pub(super) fn console(parsed: &Parsed, variable: impl Fn(&str) -> Option<String>) -> ConsoleSettings {
    let level = if parsed.switch("debug", false) {
        LogLevel::DebugWithPlaces
    } else if parsed.switch("verbose", false) {
        LogLevel::Debug
    } else if parsed.switch("quiet", false) {
        LogLevel::Error
    } else {
        LogLevel::Warn
    };
    let colour = ColourChoice::of(parsed.switch("no-color", false), parsed.switch("color", false), variable);
    ConsoleSettings { log: LogSettings { level, file: parsed.text("logfile").map(Into::into) }, colour }
}

/// The deadline of the run.
pub(super) fn timeout(parsed: &Parsed) -> Option<Duration> {
    limit(parsed, "timeout")
}

/// A bound on time; nothing or less is none.
pub(super) fn limit(parsed: &Parsed, flag: &str) -> Option<Duration> {
    match parsed.duration(flag) {
        Some(Span::Positive(limit)) => Some(limit),
        Some(Span::NothingOrLess) | None => None,
    }
}

/// How requests are tried again.
///
/// # Errors
/// Numbers that make no sense.
pub(super) fn retry(parsed: &Parsed) -> Result<Retry, Vec<Diagnostic>> {
    let usual = Retry::default();
    let mut faults = Vec::new();
    let mut refuse = |flag: &str, expected: &str| {
        faults.push(Diagnostic::new(format_args!("--{flag}: expected {expected}")));
    };
    let tries = parsed.integer("retry-max-retry").map_or(Ok(usual.tries), u32::try_from);
    let factor = parsed.float("retry-factor").unwrap_or(usual.factor);
    let jitter = parsed.float("retry-jitter").unwrap_or(usual.jitter);
    if tries.is_err() {
        refuse("retry-max-retry", "0 or more");
    }
    if !(1.0..=1000.0).contains(&factor) {
        refuse("retry-factor", "a number from 1 to 1000");
    }
    if !(0.0..=1.0).contains(&jitter) {
        refuse("retry-jitter", "a number from 0 to 1");
    }
    let wait = |flag: &str, usual: Duration| match parsed.duration(flag) {
        None => usual,
        Some(Span::Positive(wait)) => wait,
        Some(Span::NothingOrLess) => Duration::ZERO,
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Retry {
        tries: tries.unwrap_or(usual.tries),
        base: wait("retry-duration", usual.base),
        max_wait: wait("retry-max-wait", usual.max_wait),
        factor,
        jitter,
    })
}
