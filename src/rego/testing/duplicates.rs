//! Two tests of one name are two tests: all but the first get a number, as in OPA.

use std::collections::HashMap;
use std::sync::Arc;

use crate::rego::syntax::ast::{Module, Ref, Rule, Term, TermKind};

/// Renames the second `test_x` of a package to `test_x#01`, and so on.
pub(crate) fn number_duplicates(modules: &mut [Module]) {
    let mut seen: HashMap<Vec<Arc<str>>, u32> = HashMap::new();
    for module in modules {
        let package: Vec<Arc<str>> = module.package.parts().cloned().collect();
        for rule in &mut module.rules {
            let Some((at, names)) = super::test_name(rule).filter(|(_, names)| is_test(names)) else {
                continue;
            };
            let path = package.iter().cloned().chain(names.iter().cloned()).collect();
            let count = seen.entry(path).or_insert(0);
            if *count > 0
                && let Some(name) = names.last()
            {
                let name: Arc<str> = format!("{name}#{count:02}").into();
                *rule = Arc::new(renamed(rule, at, &name));
            }
            *count += 1;
        }
    }
}

fn is_test(names: &[Arc<str>]) -> bool {
    names.last().is_some_and(|name| name.starts_with(super::PREFIX))
}

fn renamed(rule: &Rule, at: usize, name: &Arc<str>) -> Rule {
    let mut rule = rule.clone();
    let reference = &rule.head.reference;
    rule.head.reference = if at == 0 {
        let head = Term { kind: TermKind::Var(Arc::clone(name)), span: reference.head.span };
        Ref { head: Arc::new(head), ..reference.clone() }
    } else {
        let mut path = reference.path.to_vec();
        if let Some(step) = path.get_mut(at - 1) {
            step.kind = TermKind::String(Arc::clone(name));
        }
        Ref { path: path.into(), ..reference.clone() }
    };
    rule
}
