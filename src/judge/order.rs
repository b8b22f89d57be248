//! The order of results in reports: by code, first term, message; what is equal in all three, by the whole metadata.

use std::borrow::Borrow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::model::{Finding, Judgement, Undecided};

/// Sorts every list of a judgement.
pub fn sort_judgement(judgement: &mut Judgement) {
    sort(&mut judgement.violations);
    sort(&mut judgement.warnings);
    sort(&mut judgement.successes);
    judgement.undecided.sort_by(compare_undecided);
    judgement.undecided.dedup();
}

/// By rule, reference, message and target.
pub(super) fn compare_undecided(one: &Undecided, other: &Undecided) -> Ordering {
    let by_rule = one.rule.cmp(&other.rule).then_with(|| one.reference.cmp(&other.reference));
    by_rule
        .then_with(|| one.failure.message.cmp(&other.failure.message))
        .then_with(|| one.failure.target.cmp(&other.failure.target))
}

/// Sorts findings; results without code come first.
pub fn sort<F: Borrow<Finding>>(findings: &mut [F]) {
    findings.sort_by(|one, other| compare(one.borrow(), other.borrow()));
}

fn compare(one: &Finding, other: &Finding) -> Ordering {
    let by_code = one.code().unwrap_or_default().cmp(other.code().unwrap_or_default());
    let by_name =
        by_code.then_with(|| first_term(one).cmp(first_term(other))).then_with(|| one.msg.cmp(&other.msg));
    // Equal by name but not the same is rare, so its price does not count.
    by_name.then_with(|| {
        if one.metadata == other.metadata {
            return Ordering::Equal;
        }
        format!("{:?}", one.metadata).cmp(&format!("{:?}", other.metadata))
    })
}

/// The term, or the first of several that is not empty.
fn first_term(finding: &Finding) -> &str {
    match finding.metadata.get("term") {
        Some(Value::String(term)) => term,
        Some(Value::Array(terms)) => {
            terms.iter().filter_map(Value::as_str).find(|term| !term.is_empty()).unwrap_or_default()
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: Option<&str>, term: Value, msg: &str) -> Finding {
        let mut metadata = std::collections::BTreeMap::from([("term".to_owned(), term)]);
        if let Some(code) = code {
            metadata.insert("code".to_owned(), code.into());
        }
        Finding { msg: msg.into(), metadata: metadata.into() }
    }

    #[test]
    fn results_stand_by_code_then_first_term_then_message() {
        let mut all = [
            finding(Some("b.x"), Value::Null, "1"),
            finding(Some("a.x"), "z".into(), "2"),
            finding(Some("a.x"), serde_json::json!(["", "b"]), "4"),
            finding(Some("a.x"), "b".into(), "3"),
            finding(None, "zz".into(), "5"),
        ];
        sort(&mut all);
        let order: Vec<&str> = all.iter().map(|it| &*it.msg).collect();
        assert_eq!(order, ["5", "3", "4", "2", "1"]);
    }
}
