//! References find something: no step goes into what has no keys, or asks for a key that cannot be there.

use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::types::Type;
use crate::rego::value::{ObjectBuilder, Value};

use super::super::rules::RuleTree;
use super::super::tree::{Base, Expr, ExprKind, Kind, Ref, Term};
use super::infer::Learn;
use super::unify::{known_key_names, unifies};
use super::{Checker, details, infer};

impl Checker<'_> {
    /// Checks the references of an expression, without those in comprehensions.
    pub(crate) fn references(&mut self, expr: &Expr, errors: &mut Vec<RegoError>) {
        match &expr.kind {
            ExprKind::Term(term) => self.references_in(term, errors),
            ExprKind::Call(call) => call.args.iter().for_each(|arg| self.references_in(arg, errors)),
            ExprKind::Every(every) => {
                self.references_in(&every.domain, errors);
                for expr in &every.body {
                    self.references(expr, errors);
                }
            }
        }
    }

    fn references_in(&mut self, term: &Term, errors: &mut Vec<RegoError>) {
        match &term.kind {
            Kind::Scalar(_) | Kind::Var(_) | Kind::Call(_) | Kind::Compr(_) | Kind::Template(_) => {}
            Kind::Array(items) | Kind::Set(items) => {
                for it in items {
                    self.references_in(it, errors);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.references_in(key, errors);
                    self.references_in(value, errors);
                }
            }
            Kind::Ref(reference) => {
                if let Some(Type::Function(_)) = self.of_ref(reference) {
                    let name = self.printer().reference(reference);
                    let message = format!("function {name} used as reference, not called");
                    errors.push(RegoError::new(ErrorCode::Type, message, Some(term.span)));
                    return;
                }
                if let Err(error) = self.reference(reference, term.span) {
                    errors.push(error);
                }
                for it in &reference.steps {
                    self.references_in(it, errors);
                }
            }
        }
    }

    fn reference(&mut self, reference: &Ref, span: Span) -> Result<(), RegoError> {
        let found = Found { reference, span };
        match &reference.base {
            Base::Input => self.steps(&found, self.documents.input.clone(), 0),
            Base::Term(_) => self.steps(&found, Type::ANY, 0),
            Base::Var(var) => {
                let ty = if let Some(ty) = self.vars.get(*var) {
                    ty.clone()
                } else {
                    self.vars.put(*var, Type::ANY);
                    Type::ANY
                };
                self.steps(&found, ty, 0)
            }
            Base::Data => match self.documents.data.clone() {
                Some(ty) => self.steps(&found, ty, 0),
                None => self.data(&found),
            },
        }
    }

    /// Follows the tree of rules as far as its places have no types of their own.
    fn data(&mut self, found: &Found<'_>) -> Result<(), RegoError> {
        let mut at = RuleTree::ROOT;
        if !self.rules.is_known(at) {
            return self.steps(found, Type::ANY, 0);
        }
        for (number, step) in found.reference.steps.iter().enumerate() {
            // The first two steps are parts of packages' names or names of rules.
            let is_name = matches!(step.kind, Kind::Var(_) | Kind::Scalar(Value::String(_)));
            if number < 2 && !is_name {
                let have = self.of(step);
                return Err(self.invalid(found, number, have.as_ref(), &Type::String, &self.names_at(at)));
            }
            if let Kind::Var(var) = step.kind {
                let keys = self.rules.extent(self.tree, at).keys().unwrap_or(Type::ANY);
                match self.vars.get(var) {
                    Some(known) if !unifies(&keys, known) => {
                        let known = known.clone();
                        return Err(self.invalid(found, number, Some(&known), &keys, &self.names_at(at)));
                    }
                    Some(_) => {}
                    None => self.vars.put(var, keys),
                }
            }
            let children = &self.tree.get(at).children;
            let child = infer::constant(step).and_then(|key| children.get(&key));
            let Some(child) = child.filter(|child| self.rules.is_known(**child)) else {
                return self.steps(found, Type::ANY, 0);
            };
            if let Some(ty) = self.rules.get(*child) {
                let ty = ty.clone();
                return self.steps(found, ty, number + 1);
            }
            at = *child;
        }
        Ok(())
    }

    fn names_at(&self, at: super::super::rules::NodeId) -> Vec<Value> {
        let children = self.tree.get(at).children.iter();
        children.filter(|(_, child)| self.rules.is_known(**child)).map(|(key, _)| key.clone()).collect()
    }

    fn steps(&mut self, found: &Found<'_>, mut ty: Type, from: usize) -> Result<(), RegoError> {
        for (number, step) in found.reference.steps.iter().enumerate().skip(from) {
            let Some(keys) = ty.keys() else { return Err(self.unsupported(found, number, &ty)) };
            let next = match &step.kind {
                Kind::Scalar(key) => match ty.select(key) {
                    Some(next) => Some(next),
                    None => return Err(self.invalid(found, number, None, &keys, &known_key_names(&ty))),
                },
                Kind::Array(_) | Kind::Object(_) | Kind::Set(_) => {
                    if !self.unify_term(step, &keys, Learn::Once) {
                        let have = self.of(step);
                        return Err(self.invalid(found, number, have.as_ref(), &keys, &[]));
                    }
                    ty.values()
                }
                Kind::Var(var) => {
                    match self.vars.get(*var) {
                        Some(known) if !unifies(known, &keys) => {
                            let known = known.clone();
                            return Err(self.invalid(
                                found,
                                number,
                                Some(&known),
                                &keys,
                                &known_key_names(&ty),
                            ));
                        }
                        Some(_) => {}
                        None => self.vars.put(*var, keys),
                    }
                    ty.values()
                }
                _ => ty.values(),
            };
            // What has keys has values.
            ty = next.unwrap_or(Type::ANY);
        }
        Ok(())
    }

    fn error(&self, found: &Found<'_>) -> RegoError {
        let message = format!("undefined ref: {}", self.printer().reference(found.reference));
        RegoError::new(ErrorCode::Type, message, Some(found.span))
    }

    /// What is reached before step `number` has no keys.
    fn unsupported(&self, found: &Found<'_>, number: usize, have: &Type) -> RegoError {
        let printer = self.printer();
        let marks = "^".repeat(printer.prefix(found.reference, number).len());
        let lines = vec![printer.reference(found.reference), marks, format!("have: {have}")];
        let mut json = self.json(found, number);
        json.push_str("have", have.to_json());
        self.error(found).with_details(details(lines, json))
    }

    /// What details of both kinds have: the reference, and which of its parts is meant.
    fn json(&self, found: &Found<'_>, pos: usize) -> ObjectBuilder {
        let part = |kind: &str, value: Value| {
            let mut out = ObjectBuilder::new();
            out.push_str("type", kind);
            out.push_str("value", value);
            Value::from(out.build_last_wins())
        };
        let printer = self.printer();
        let base = Ref { base: found.reference.base.clone(), steps: Vec::new() };
        let mut parts = vec![part("var", printer.reference(&base).into())];
        parts.extend(found.reference.steps.iter().map(|step| match infer::constant(step) {
            Some(value) => part(kind_of(&value), value),
            None => part("var", printer.term(step).into()),
        }));
        let mut json = ObjectBuilder::new();
        json.push_str("ref", parts);
        json.push_str("pos", pos as u64);
        json
    }

    /// Step `number` asks for what cannot be there.
    fn invalid(
        &self,
        found: &Found<'_>,
        number: usize,
        have: Option<&Type>,
        want: &Type,
        one_of: &[Value],
    ) -> RegoError {
        let mut json = self.json(found, number + 1);
        if let Some(have) = have {
            json.push_str("have", have.to_json());
        }
        json.push_str("want", want.to_json());
        if !one_of.is_empty() {
            json.push_str("oneOf", one_of.to_vec());
        }
        let printer = self.printer();
        let pad = " ".repeat(printer.prefix(found.reference, number).len() + 1);
        let have = match (have, found.reference.steps.get(number)) {
            (Some(ty), _) => format!("{pad}have (type): {ty}"),
            (None, Some(step)) => format!("{pad}have: {}", printer.term(step)),
            (None, None) => format!("{pad}have: ???"),
        };
        let want = if one_of.is_empty() {
            format!("{pad}want (type): {want}")
        } else {
            let names: Vec<String> = one_of.iter().map(ToString::to_string).collect();
            format!("{pad}want (one of): [{}]", names.join(" "))
        };
        let lines = vec![printer.reference(found.reference), format!("{pad}^"), have, want];
        self.error(found).with_details(details(lines, json))
    }
}

/// OPA's word for a kind of value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Set(_) => "set",
    }
}

/// The reference that is checked, and where it stands.
struct Found<'a> {
    reference: &'a Ref,
    span: Span,
}
