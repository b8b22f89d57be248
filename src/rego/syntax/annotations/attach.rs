//! What each block belongs to: the first statement that begins below it.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::super::error::{ErrorCode, Errors, RegoError};
use super::super::super::source::{Source, Span};
use super::super::ast::{Module, Name, Rule, Term};
use super::super::display::{self, is_ground};
use super::{Annotations, Block, Owner, Scope};

/// Kind of a statement that a block may stand above; a rule is named by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Target {
    Package,
    Import,
    Rule(usize),
}

/// Gives each block its scope and owner. The targets are all statements in order.
///
/// # Errors
/// Scopes that do not exist or do not suit what the block stands above.
pub(in super::super) fn attach(
    blocks: Vec<Block>,
    targets: &[(Target, Span)],
    source: &Source,
) -> Result<Vec<Annotations>, Errors> {
    let rows: Vec<(Target, u32)> =
        targets.iter().map(|(target, span)| (*target, source.position(span.start).row)).collect();
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    for block in blocks {
        let row = source.position(block.span.start).row;
        let below = rows.partition_point(|(_, other)| *other <= row);
        let target = rows.get(below).map(|(target, _)| *target);
        match scope_and_owner(&block, target) {
            Ok((scope, owner)) => out.push(annotations(block, scope, owner)),
            Err(messages) => errors.extend(
                messages
                    .into_iter()
                    .map(|message| RegoError::new(ErrorCode::Parse, message, Some(block.span))),
            ),
        }
    }
    Errors(errors).into_result(out)
}

fn scope_and_owner(block: &Block, target: Option<Target>) -> Result<(Scope, Owner), Vec<String>> {
    let entrypoint = block.fields.entrypoint;
    let written = block.fields.scope.as_str();
    let scope = match (written, target) {
        ("", Some(Target::Rule(_))) if entrypoint => "document",
        ("", Some(Target::Rule(_))) => "rule",
        ("", Some(Target::Package)) => "package",
        ("", Some(Target::Import)) => "import",
        _ => written,
    };
    let mut messages = Vec::new();
    let fits = match (scope, target) {
        ("rule", Some(Target::Rule(index))) => Some((Scope::Rule, Owner::Rule(index))),
        ("document", Some(Target::Rule(index))) => Some((Scope::Document, Owner::Rule(index))),
        ("package", Some(Target::Package)) => Some((Scope::Package, Owner::Package)),
        ("subpackages", Some(Target::Package)) => Some((Scope::Subpackages, Owner::Package)),
        ("rule" | "document", _) => {
            messages.push(unsuitable(scope, "rule", target));
            None
        }
        ("package" | "subpackages", _) => {
            messages.push(unsuitable(scope, "package", target));
            None
        }
        _ => {
            messages.push(format!(
                "invalid annotation scope '{scope}'. Use one of 'rule', 'document', 'package', or 'subpackages'"
            ));
            None
        }
    };
    if entrypoint && !matches!(scope, "document" | "package") {
        messages.push(format!("annotation entrypoint applied to non-document or package scope '{scope}'"));
    }
    fits.filter(|_| messages.is_empty()).ok_or(messages)
}

fn unsuitable(scope: &str, wanted: &str, target: Option<Target>) -> String {
    let have = match target {
        Some(Target::Package) => " (have package)",
        Some(Target::Import) => " (have import)",
        Some(Target::Rule(_)) => " (have rule)",
        None => "",
    };
    format!("annotation scope '{scope}' must be applied to {wanted}{have}")
}

fn annotations(block: Block, scope: Scope, owner: Owner) -> Annotations {
    let fields = block.fields;
    Annotations {
        span: block.span,
        scope,
        owner,
        title: fields.title,
        description: fields.description,
        organizations: fields.organizations,
        related_resources: fields.related_resources,
        authors: fields.authors,
        schemas: fields.schemas,
        entrypoint: fields.entrypoint,
        custom: fields.custom,
        compile: fields.compile,
    }
}

/// Puts the rules into the module, each with the indices of its annotations: those of rule scope above it, and
/// those of document scope of its name.
pub(in super::super) fn assign(module: &mut Module, mut rules: Vec<Rule>) {
    let mut documents: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    for (index, annotations) in module.annotations.iter().enumerate() {
        match (annotations.scope, annotations.owner) {
            (Scope::Rule, Owner::Rule(rule)) => {
                if let Some(rule) = rules.get_mut(rule) {
                    rule.annotations.push(index);
                }
            }
            (Scope::Document, Owner::Rule(rule)) => {
                if let Some(rule) = rules.get(rule) {
                    documents.entry(head_path(rule)).or_default().push(index);
                }
            }
            _ => module.package.annotations.push(index),
        }
    }
    if !documents.is_empty() {
        for rule in &mut rules {
            if let Some(indices) = documents.get(&head_path(rule)) {
                rule.annotations.extend(indices);
            }
        }
    }
    module.rules = rules.into_iter().map(Arc::new).collect();
}

/// The constant part of a rule's reference, as texts.
pub(super) fn head_path(rule: &Rule) -> Vec<String> {
    let reference = &rule.head.reference;
    let text = |step: &Term| step.as_string().map_or_else(|| display::term_text(step), Name::to_string);
    let steps = reference.path.iter().take_while(|step| is_ground(step)).map(text);
    std::iter::once(display::term_text(&reference.head)).chain(steps).collect()
}
