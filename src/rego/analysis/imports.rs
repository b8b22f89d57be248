//! Imports: no two of a file bring in the same name, and in strict mode each is used.

use crate::rego::analysis::maps::HashMap;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::syntax::ast::{Import, Module, Name};
use crate::rego::syntax::display::ref_text;

use super::rules::Globals;

/// Imports whose names an import before them has.
pub(super) fn duplicates(modules: &[&Module]) -> Vec<RegoError> {
    let mut errors = Vec::new();
    for module in modules {
        let mut first: HashMap<Name, &Import> = HashMap::default();
        for import in &module.imports {
            let Some(name) = name(import) else { continue };
            if let Some(shadowed) = first.get(&name) {
                let message = format!("import must not shadow {}", text(shadowed));
                errors.push(RegoError::new(ErrorCode::Compile, message, Some(import.span)));
            } else {
                first.insert(name, import);
            }
        }
    }
    errors
}

/// The last part of what is imported counts as a name even where it is none, as that of `rego.v1`.
fn name(import: &Import) -> Option<Name> {
    import.binding().cloned().or_else(|| import.path.path.last()?.as_string().cloned())
}

fn text(import: &Import) -> String {
    let path = if import.path.path.is_empty() {
        import.path.head.as_var().map_or_else(String::new, ToString::to_string)
    } else {
        ref_text(&import.path)
    };
    match &import.alias {
        Some((alias, _)) => format!("import {path} as {alias}"),
        None => format!("import {path}"),
    }
}

/// Imports whose names nothing reads.
pub(super) fn check_unused(module: &Module, globals: &Globals, errors: &mut Vec<RegoError>) {
    for import in &module.imports {
        if import.binding().is_some_and(|name| !globals.is_used(name)) {
            let message = format!("{} unused", text(import));
            errors.push(RegoError::new(ErrorCode::Compile, message, Some(import.span)));
        }
    }
}
