//! What a result takes from the annotations of its code.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::model::instant::rfc3339;
use crate::model::{AnnotatedRule, Finding, RuleTable};

/// A date longer ago than this says nothing to anybody any more: 90 days.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Completes a result that has a code: annotations win over what the result itself says, dates long past are dropped.
/// Results without code stay as they are.
pub(super) fn complete(
    finding: &mut Finding,
    table: &RuleTable,
    at: Timestamp,
    notes: &mut BTreeSet<String>,
) {
    let Some(code) = finding.code() else { return };
    let rule = table.get(code);
    let metadata = Arc::make_mut(&mut finding.metadata);
    if let Some(own) = metadata.remove("collections")
        && let Value::Array(own) = own
    {
        let own = own.into_iter().map(|it| Value::String(text_of(it))).collect();
        metadata.insert("collections".to_owned(), Value::Array(own));
    }
    if let Some(rule) = rule {
        describe(rule, |key, value| {
            metadata.insert(key.to_owned(), value);
        });
        text(&rule.solution, "solution", &mut |key, value| {
            metadata.insert(key.to_owned(), value);
        });
    }
    let date = metadata.get("effective_on").and_then(Value::as_str);
    match date.map(|date| (date, rfc3339(date))) {
        Some((_, Some(date))) if date.duration_until(at) > FORGOTTEN => {
            metadata.remove("effective_on");
        }
        Some((date, None)) => {
            notes.insert(format!("Invalid \"effective_on\" value {date:?}"));
        }
        _ => {}
    }
}

/// What an annotation says of its rule, in results and successes alike.
pub(super) fn describe(rule: &AnnotatedRule, mut set: impl FnMut(&'static str, Value)) {
    text(&rule.title, "title", &mut set);
    text(&rule.description, "description", &mut set);
    text(&rule.effective_on, "effective_on", &mut set);
    list(&rule.collections, "collections", &mut set);
    list(&rule.depends_on, "depends_on", &mut set);
}

fn text(value: &str, key: &'static str, set: &mut impl FnMut(&'static str, Value)) {
    if !value.is_empty() {
        set(key, Value::from(value));
    }
}

fn list(values: &[String], key: &'static str, set: &mut impl FnMut(&'static str, Value)) {
    if !values.is_empty() {
        set(key, Value::from(values));
    }
}

/// A text as it is, anything else as JSON.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
