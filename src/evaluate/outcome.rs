//! What rules give, as results: texts, or objects with a `msg`.

use super::{Answer, EntryOutcome, FailureKind, Rest, StageError, Value};
use crate::model::{RawResult, RawUndecided, RuleLocation};
use crate::rego::vm::Stopped;

/// What `exception` rules say: sets (or lists) of the names of rules that do not count.
pub(super) struct Exceptions<'a>(&'a Value);

impl<'a> Exceptions<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// Names are given without their prefix: `x` for `deny_x`, the empty text for `deny`.
    pub(super) fn hold_for(&self, rule: &str) -> bool {
        let name = rule.split_once('_').map_or("", |(_, name)| name);
        let named = |list: &Value| members(list).any(|it| it.as_str() == Some(name));
        members(self.0).any(named)
    }
}

fn members(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Set(members) => Box::new(members.iter()),
        Value::Object(pairs) => Box::new(pairs.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// How much of a rule is in doubt.
#[derive(Clone, Copy)]
pub(super) enum Doubt {
    /// The definitions that were stopped; the results of the others stand.
    Definitions,
    /// All of it.
    Everything,
}

impl Rest {
    pub(super) fn outcome(&self, answer: Answer) -> EntryOutcome {
        let (value, undecided) = match answer {
            Answer::Undefined | Answer::Results(_) => return EntryOutcome::decided(Vec::new()),
            Answer::Error(error) => return EntryOutcome::Failed(self.failed(&error)),
            Answer::Value(value) => (Some(value), Vec::new()),
            Answer::Undecided(undecided) => {
                let doubt = if undecided.decided.is_some() { Doubt::Definitions } else { Doubt::Everything };
                let stopped = self.undecided(&undecided.stopped, doubt);
                (undecided.decided, stopped)
            }
        };
        match value.map(|value| results(&value)).transpose() {
            Ok(results) => EntryOutcome::Evaluated { results: results.unwrap_or_default(), undecided },
            Err(error) => EntryOutcome::Failed(error),
        }
    }

    /// What could not be decided, with the host's own errors.
    pub(super) fn undecided(&self, stopped: &[Stopped], doubt: Doubt) -> Vec<RawUndecided> {
        let sources = self.group.policy().sources();
        let mut all = Vec::new();
        for one in stopped {
            let location =
                RuleLocation { file: sources.name(one.rule).into(), row: sources.position(one.rule).row };
            for cause in one.causes.iter() {
                let known = usize::try_from(cause.failure.id).ok().and_then(|id| self.failures.get(id));
                let unknown = || StageError::new(FailureKind::Panicked, cause.failure.message.clone());
                let error = known.cloned().unwrap_or_else(unknown);
                let reference =
                    error.target.as_ref().map_or_else(|| cause.function.to_string(), ToString::to_string);
                let definition = match doubt {
                    Doubt::Definitions => Some(location.clone()),
                    Doubt::Everything => None,
                };
                all.push(RawUndecided { definition, reference: Some(reference), cause: error });
            }
        }
        all
    }
}

/// The results in a rule's value, a list or a set. A text or an object is somebody's
/// helper and has none, as in the Go tool.
///
/// # Errors
/// Of the policy, where it is anything else, or has an object in it that is no result.
fn results(value: &Value) -> Result<Vec<RawResult>, StageError> {
    let items: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Set(members) => Box::new(members.iter()),
        // What `default deny := false` says; and helpers that are named like rules of ours.
        Value::Bool(false) | Value::String(_) | Value::Object(_) => return Ok(Vec::new()),
        Value::Bool(true) => {
            return Err(no_result(
                "the rule is true, not a set of results: it is written with `if` but without `contains`",
            ));
        }
        other => {
            return Err(no_result(format!(
                "the rule is of type {}, not a set of results",
                other.type_name()
            )));
        }
    };
    items.filter_map(|item| result(item).transpose()).collect()
}

/// A rule that says something which cannot be understood has not passed.
fn no_result(message: impl Into<String>) -> StageError {
    StageError::new(FailureKind::PolicyError, message)
}

fn result(item: &Value) -> Result<Option<RawResult>, StageError> {
    let result = match item {
        Value::String(msg) => RawResult { msg: msg.to_string(), ..RawResult::default() },
        Value::Object(pairs) => {
            let Some(Value::String(msg)) = pairs.get_str("msg") else {
                return Err(no_result(format!("a result has no text `msg`: {item}")));
            };
            let rest = pairs.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
            let metadata = rest.filter(|(key, _)| !matches!(*key, "msg" | "_loc")).map(|(key, value)| {
                let value = serde_json::to_value(value)
                    .map_err(|error| no_result(format!("`{key}` of a result is no JSON: {error}")))?;
                Ok((key.to_owned(), value))
            });
            RawResult { msg: msg.to_string(), metadata: metadata.collect::<Result<_, StageError>>()? }
        }
        // The Go tool passes over these, and the golden cases hold us to it.
        _ => return Ok(None),
    };
    // An empty message says that there is nothing to say.
    Ok(Some(result).filter(|it| !it.msg.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::value::{ReadLimits, json};

    fn value(text: &str) -> Value {
        json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
    }

    #[test]
    fn texts_and_objects_with_a_message_are_results() {
        let found =
            results(&value(r#"["a", {"msg": "b", "code": "x.y", "n": 1.50, "_loc": 3}, ""]"#)).unwrap();
        assert_eq!(found.iter().map(|it| it.msg.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found[1].metadata.keys().collect::<Vec<_>>(), ["code", "n"]);
        assert_eq!(found[1].metadata["n"].to_string(), "1.50");
    }

    #[test]
    fn threat_41_what_is_no_result_is_an_error_of_the_policy_and_not_nothing() {
        for wrong in [r#"[{"msg": 1}]"#, "[{}]", "true", "7", "null"] {
            assert_eq!(results(&value(wrong)).unwrap_err().kind, FailureKind::PolicyError, "{wrong}");
        }
        for nothing in ["[]", "[null, 7]", "false", r#""text""#, r#"{"msg": "x"}"#] {
            assert_eq!(results(&value(nothing)).unwrap(), [], "{nothing}");
        }
    }

    #[test]
    fn an_exception_names_rules_without_their_prefix() {
        let exceptions = value(r#"[["x", ""], ["y"]]"#);
        let hold = |rule| Exceptions::of(&exceptions).hold_for(rule);
        assert!(hold("deny_x") && hold("deny") && hold("warn_y"));
        assert!(!hold("deny_z"));
    }
}
