//! What a command leaves: texts for both streams, and the exit code.

use super::super::diagnostics::Diagnostic;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

/// What came of a command, or why it could not be started.
pub type Done = Result<Output, Vec<Diagnostic>>;

impl From<(String, u8)> for Output {
    fn from((stdout, code): (String, u8)) -> Self {
        Self { stdout, stderr: String::new(), code }
    }
}

impl Output {
    /// A text for standard output, and success.
    pub(super) fn of(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}

/// JSON as OPA writes it: indented by two blanks, with a line end.
pub(super) fn indented(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |text| text + "\n")
}
