//! `rego.metadata.*` outside of rules. In a rule its annotations are known when it is compiled, and stand there as a
//! constant instead of the call.

use super::Builtin;
use super::operand::{Answer, failed};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("rego.metadata.chain", |_, _| outside("rego.metadata.chain")),
    Builtin::new("rego.metadata.rule", |_, _| outside("rego.metadata.rule")),
];

fn outside(name: &str) -> Answer {
    failed(format!("the {name} function must only be called within the scope of a rule"))
}
