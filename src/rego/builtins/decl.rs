//! What builtins there are and what types they take and give: the facts that compile-time checks need.
//!
//! The table is the file `decl.txt` beside this one, a builtin a line: its name, its type as OPA prints it, and behind
//! `|` how it differs from a plain function. A test holds it against the capabilities of OPA 1.15.2; `parse_config` is
//! conftest's.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::rego::types::{FnType, parse_fn};

/// A builtin as the compiler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The name it is called by.
    pub name: &'static str,
    /// The types of its arguments and result.
    pub ty: FnType,
    /// The operator that is another way to call it.
    pub infix: Option<&'static str>,
    /// Whether it may have several results for the same arguments.
    pub relation: bool,
    /// Whether OPA advises against it; refused in strict mode.
    pub deprecated: bool,
    /// Whether its result depends on more than its arguments.
    pub nondeterministic: bool,
}

/// Known to the compiler, but refused in a call, as in the Go tool: they reach outside.
const NOT_OFFERED: [&str; 3] = ["http.send", "net.lookup_ip_addr", "opa.runtime"];

/// conftest's, which read files where a policy says: refused, so that a policy sees what it is given and no more.
const READ_FILES: [&str; 2] = ["parse_combined_config_files", "parse_config_file"];

static TABLE: LazyLock<HashMap<&'static str, Declaration>> = LazyLock::new(|| {
    include_str!("decl.txt").lines().filter_map(declaration).map(|it| (it.name, it)).collect()
});

fn declaration(line: &'static str) -> Option<Declaration> {
    let (name, rest) = line.split_once(' ')?;
    let (ty, marks) = rest.split_once(" | ").unwrap_or((rest, ""));
    let mut marks = marks.split(' ');
    let mut declaration = Declaration {
        name,
        ty: parse_fn(ty)?,
        infix: None,
        relation: false,
        deprecated: false,
        nondeterministic: false,
    };
    while let Some(mark) = marks.next() {
        match mark {
            "infix" => declaration.infix = marks.next(),
            "relation" => declaration.relation = true,
            "deprecated" => declaration.deprecated = true,
            "nondeterministic" => declaration.nondeterministic = true,
            _ => {}
        }
    }
    Some(declaration)
}

/// The builtin of a name.
pub fn find(name: &str) -> Option<&'static Declaration> {
    TABLE.get(name)
}

/// What reaches a watcher.
const SHOWN: [&str; 4] = ["internal.print", "internal.test_case", "print", "trace"];

/// What looks at the clock though it is not declared so.
const TIMED: [&str; 2] =
    ["crypto.x509.parse_and_verify_certificates", "crypto.x509.parse_and_verify_certificates_with_options"];

/// Whether a call can be seen from outside.
pub(crate) fn is_shown(name: &str) -> bool {
    SHOWN.contains(&name)
}

/// Whether the result depends on the arguments alone, and a call cannot be seen from outside.
pub(crate) fn is_pure(name: &str) -> bool {
    let declared = find(name).is_some_and(|it| !it.nondeterministic);
    declared && !is_shown(name) && !TIMED.contains(&name)
}

/// All builtins, in no order.
pub fn all() -> impl Iterator<Item = &'static Declaration> {
    TABLE.values()
}

/// What to say of a call of a function that is not there.
pub fn undefined(name: &str) -> String {
    if READ_FILES.contains(&name) {
        return format!(
            "undefined function {name}: policies read no files; parse_config parses a text of the input or the data"
        );
    }
    format!("undefined function {name}")
}

impl Declaration {
    /// Whether a policy may call it; those that may not are known, but reach outside.
    pub fn is_offered(&self) -> bool {
        !NOT_OFFERED.contains(&self.name)
    }
}

#[cfg(test)]
mod tests;
