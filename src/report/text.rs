//! `--output text`: the report for people. Its lines are the Go tool's; between the counts and the components it
//! also says what stayed undecided and why, which checks were skipped, and what is odd about the policy.
//!
//! Everything that comes from outside goes through [`sanitise`], and no line of a message can pass for one of ours.

use std::fmt::Write as _;

use serde_json::Value;

use super::options::{Colour, Options, Shown};
use super::view::{Totals, View, Word, views};
use super::{causes, resumed, sanitise, skipped, wrap};
use crate::model::{Finding, RunReport, Undecided, Verdict};

/// Columns for a result's lines.
const WIDTH: usize = 130;

/// Columns by which a result's lines are set in.
const INDENT: usize = 2;

const DOCS: &str = "For more information about policy issues, see the policy documentation: \
                    https://conforma.dev/docs/policy/\n";

/// The report; it ends in a newline.
pub(super) fn render(report: &RunReport, options: Options, shown: Shown) -> String {
    let totals = Totals::of(report);
    let views = views(report, options);
    let mut out = String::new();
    header(&mut out, report, totals);
    components(&mut out, &views);
    let undecided = views.iter().any(|view| !view.undecided.is_empty());
    let warnings = shown.warnings && totals.warnings > 0;
    let successes = shown.successes && totals.successes > 0;
    if totals.violations > 0 || undecided || warnings || successes {
        out.push_str("Results:\n");
        let mut printer = Printer { out: &mut out, colour: options.colour };
        printer.group(&views, Kind::Violation);
        printer.undecided(&views);
        if warnings {
            printer.group(&views, Kind::Warning);
        }
        if successes {
            printer.group(&views, Kind::Success);
        }
    }
    if shown.docs_link && (totals.violations > 0 || warnings) {
        out.push_str(DOCS);
    }
    out
}

fn header(out: &mut String, report: &RunReport, totals: Totals) {
    let word = match totals.word(report.verdict()) {
        Word::Success => "SUCCESS",
        Word::Warning => "WARNING",
        Word::Failure => "FAILURE",
        Word::Skipped => "SKIPPED",
        Word::Incomplete => "INCOMPLETE",
    };
    let Totals { violations, warnings, successes } = totals;
    let _ = writeln!(out, "Success: {}\nResult: {word}", report.success());
    let _ = writeln!(out, "Violations: {violations}, Warnings: {warnings}, Successes: {successes}");
    for line in causes::lines(report) {
        let _ = writeln!(out, "{}", sanitise::line(&line));
    }
    for line in report.run.resumed.iter().flat_map(resumed::lines) {
        let _ = writeln!(out, "{}", sanitise::line(&line));
    }
    for line in skipped::checks(report) {
        let _ = writeln!(out, "Skipped: {line}");
    }
    for warning in &report.policy_warnings {
        let _ = writeln!(out, "Policy warning: {}", sanitise::line(warning));
    }
}

fn components(out: &mut String, views: &[View<'_>]) {
    if let [view] = views {
        let _ = writeln!(
            out,
            "Component: {}\nImageRef: {}\n",
            sanitise::line(&view.component.id.name),
            sanitise::line(&view.component.container_image)
        );
        return;
    }
    if !views.is_empty() {
        out.push_str("\nComponents:\n");
    }
    for view in views {
        let _ = writeln!(
            out,
            "- Name: {}\n  ImageRef: {}\n  Violations: {}, Warnings: {}, Successes: {}",
            sanitise::line(&view.component.id.name),
            sanitise::line(&view.component.container_image),
            view.violations.len(),
            view.warnings.len(),
            view.success_count
        );
        if view.verdict == Verdict::Incomplete {
            out.push_str("  Verdict: incomplete\n");
        }
        out.push('\n');
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Violation,
    Undecided,
    Warning,
    Success,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Violation => "Violation",
            Self::Undecided => "Undecided",
            Self::Warning => "Warning",
            Self::Success => "Success",
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Violation => "✕",
            Self::Undecided => "?",
            Self::Warning => "›",
            Self::Success => "✓",
        }
    }

    /// ANSI: red, magenta, yellow, green.
    fn colour(self) -> u8 {
        match self {
            Self::Violation => 31,
            Self::Undecided => 35,
            Self::Warning => 33,
            Self::Success => 32,
        }
    }

    fn of<'v>(self, view: &'v View<'_>) -> &'v [std::borrow::Cow<'v, Finding>] {
        match self {
            Self::Violation => &view.violations,
            Self::Undecided => &[],
            Self::Warning => &view.warnings,
            Self::Success => &view.successes,
        }
    }
}

struct Printer<'a> {
    out: &'a mut String,
    colour: Colour,
}

impl Printer<'_> {
    fn group(&mut self, views: &[View<'_>], kind: Kind) {
        for view in views {
            for finding in kind.of(view) {
                self.finding(view, kind, finding);
            }
        }
    }

    fn finding(&mut self, view: &View<'_>, kind: Kind, finding: &Finding) {
        self.heading(view, kind, &code(finding));
        if kind != Kind::Success {
            self.entry("Reason", &finding.msg);
        }
        self.terms(finding.metadata.get("term"));
        self.metadata("Title", finding, "title");
        self.metadata("Description", finding, "description");
        if kind != Kind::Success {
            self.metadata("Solution", finding, "solution");
        }
        self.out.push('\n');
    }

    fn undecided(&mut self, views: &[View<'_>]) {
        for view in views {
            for Undecided { rule, reference, failure } in view.undecided {
                self.heading(view, Kind::Undecided, rule);
                self.entry("Reason", &failure.message);
                let target = || failure.target.to_string();
                self.entry("Reference", &reference.clone().unwrap_or_else(target));
                self.out.push('\n');
            }
        }
    }

    fn heading(&mut self, view: &View<'_>, kind: Kind, code: &str) {
        let label = format!("[{}] {}", kind.word(), sanitise::line(code));
        let line = match self.colour {
            Colour::Never => format!("{} {label}", kind.symbol()),
            Colour::Always => {
                let (colour, symbol) = (kind.colour(), kind.symbol());
                format!("\u{1b}[{colour}m{symbol}\u{1b}[0m \u{1b}[{colour}m{label}\u{1b}[0m")
            }
        };
        let _ = writeln!(self.out, "{line}");
        if !view.component.container_image.is_empty() {
            let _ = writeln!(self.out, "  ImageRef: {}", sanitise::line(&view.component.container_image));
        }
    }

    /// Texts that are not texts are shown as JSON.
    fn metadata(&mut self, label: &str, finding: &Finding, key: &str) {
        match finding.metadata.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => self.entry(label, text),
            Some(other) => self.entry(label, &other.to_string()),
        }
    }

    fn terms(&mut self, term: Option<&Value>) {
        match term {
            None | Some(Value::Null) => {}
            Some(Value::String(term)) => self.entry("Term", term),
            Some(Value::Array(terms)) => {
                let terms: Vec<_> = terms.iter().map(as_text).collect();
                self.entry("Terms", &terms.join(", "));
            }
            Some(other) => self.entry("Term", &as_text(other)),
        }
    }

    /// Nothing at all for an empty text.
    fn entry(&mut self, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let wrapped = wrap::wrap(&format!("{label}: {}", sanitise::block(text)), WIDTH - INDENT);
        for (at, line) in wrapped.split('\n').enumerate() {
            let line = if at == 0 { line.to_owned() } else { continued(line) };
            let _ = writeln!(self.out, "{:INDENT$}{line}", "");
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Go's spelling of "nothing there" stands where readers of this report have always found it.
fn code(finding: &Finding) -> String {
    finding.metadata.get("code").map_or_else(|| "%!s(<nil>)".to_owned(), as_text)
}

/// Words that a line of ours begins with.
const OURS: [&str; 22] = [
    "✕",
    "›",
    "✓",
    "?",
    "- Name:",
    "ImageRef:",
    "Reason:",
    "Reference:",
    "Term:",
    "Terms:",
    "Title:",
    "Description:",
    "Solution:",
    "Success:",
    "Result:",
    "Results:",
    "Violations:",
    "Verdict:",
    "Component:",
    "Components:",
    "Undecided:",
    "Resumed:",
];

/// A later line of a text: quoted where it would pass for a line of ours, and checked for commands again, since the
/// wrapping may have moved a word to its beginning.
fn continued(line: &str) -> String {
    let start = line.trim_start();
    if OURS.iter().any(|word| start.starts_with(word)) {
        return format!("| {line}");
    }
    sanitise::disarm(line)
}

#[cfg(test)]
mod tests;
