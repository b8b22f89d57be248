//! `--output yaml`: the JSON report as block YAML with sorted keys, in the layout that readers of the Go tool's
//! reports know. Written by hand because numbers must keep their digits and texts must read the same under YAML
//! 1.1 and 1.2; how a text is quoted and folded stands in `yaml_scalar`.

use serde_json::Value;

use super::document::Document;
use super::options::Options;
use super::yaml_scalar::{self, Context};
use crate::model::RunReport;

/// Columns by which a nested block is set in.
const STEP: usize = 2;

/// The report, ending in a newline.
pub(super) fn render(report: &RunReport, options: Options) -> String {
    match serde_json::to_value(Document::new(report, options)) {
        Ok(document) => to_string(&document),
        Err(error) => to_string(&serde_json::json!({ "error": error.to_string() })),
    }
}

pub(super) fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        scalar => {
            inline(&mut out, scalar, 0);
            out.push('\n');
        }
    }
    out
}

/// The caller has moved to column `indent`.
fn mapping(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    for (at, (key, value)) in entries.into_iter().enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        yaml_scalar::key(out, key, indent);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                pad(out, indent + STEP);
                mapping(out, inner, indent + STEP);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                pad(out, indent);
                sequence(out, items, indent);
            }
            scalar => {
                out.push(' ');
                inline(out, scalar, indent);
                out.push('\n');
            }
        }
    }
}

/// Items stand in the column of their key.
fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(out, inner, indent + STEP),
            Value::Array(inner) if !inner.is_empty() => sequence(out, inner, indent + STEP),
            scalar => {
                inline(out, scalar, indent);
                out.push('\n');
            }
        }
    }
}

fn inline(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(&number.to_string())),
        Value::String(text) => yaml_scalar::text(out, text, Context { indent: indent + STEP }),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// YAML 1.1 takes `1e3` for a text: an exponent needs its sign.
fn number_text(number: &str) -> String {
    match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if !exponent.starts_with(['+', '-']) => format!("{mantissa}e+{exponent}"),
        _ => number.to_owned(),
    }
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(json: &str) -> String {
        to_string(&serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn keys_are_sorted_and_lists_stand_under_their_key() {
        insta::assert_snapshot!(yaml(
            r#"{"b":[{"y":1,"x":[]},[["n"],{}],"t"],"a":{"c":null},"e":12345678901234567890123,"f":1.50,"g":1e3}"#
        ), @r#"
        a:
          c: null
        b:
        - x: []
          "y": 1
        - - - "n"
          - {}
        - t
        e: 12345678901234567890123
        f: 1.50
        g: 1e+3
        "#);
    }
}
