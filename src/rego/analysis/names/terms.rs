//! Terms: what a name in a place stands for, what a call calls.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::rego::analysis::maps::HashMap;
use crate::rego::source::Span;
use crate::rego::syntax::ast::{self, Name, TemplatePart, TermKind};
use crate::rego::syntax::display::ref_text;
use crate::rego::value::Value;

use super::super::print;
use super::super::rules::scalar;
use super::super::scope::declared;
use super::super::tree::{Base, Call, Compr, ComprHead, Kind, Op, Origin, Part, Ref, Term};
use super::{Resolver, compile_error, is_root};

impl Resolver<'_, '_> {
    pub(super) fn call(&mut self, call: &ast::Call, nested: Option<Span>) -> Call {
        let op = self.operator(&call.operator, nested);
        let args = call.args.iter().map(|arg| self.term(arg)).collect();
        Call { op, args, span: call.span }
    }

    pub(super) fn operator(&mut self, operator: &ast::Ref, nested: Option<Span>) -> Op {
        let path = &operator.path;
        let Some(head) = operator.head.as_var() else { return Op::Unknown(Arc::from("?")) };
        if self.scopes.is_declared(head) {
            let name = ref_text(operator);
            if let Some(span) = nested {
                let message = format!("called function {name} shadowed");
                self.found.locals.push(compile_error(message, Some(span)));
            }
            return Op::Unknown(name.into());
        }
        let global = if self.is_hidden(head) { None } else { self.known.globals.get(head) };
        let (base, steps) = match global {
            Some(global) => (global.base, global.steps.to_vec()),
            None if head.as_ref() == "data" => (Base::Data, Vec::new()),
            None => {
                let name = dotted(head, path);
                let known = name.and_then(|name| self.known.functions.find(&name));
                return known.unwrap_or_else(|| Op::Unknown(ref_text(operator).into()));
            }
        };
        let steps: Vec<Value> = steps.into_iter().chain(path.iter().map_while(scalar)).collect();
        let node = match base {
            Base::Data => self.known.tree.find(&steps),
            _ => None,
        };
        match node.filter(|node| self.known.tree.arity(*node).is_some()) {
            Some(node) => Op::Rule(node),
            None => Op::Unknown(print::path(&base, &steps).into()),
        }
    }

    pub(super) fn name(&mut self, name: &Name, span: Span) -> Term {
        if !self.is_hidden(name)
            && let Some(global) = self.known.globals.get(name)
        {
            let steps = global.steps.iter().map(|step| Kind::Scalar(step.clone()).at(span)).collect();
            return Kind::Ref(Box::new(Ref { base: global.base, steps })).at(span);
        }
        if is_root(name) && !self.scopes.is_declared(name) {
            let base = if name.as_ref() == "input" { Base::Input } else { Base::Data };
            return Kind::Ref(Box::new(Ref { base, steps: Vec::new() })).at(span);
        }
        Term::var(self.scopes.read(&mut self.vars, name, span), span)
    }

    pub(super) fn term(&mut self, term: &ast::Term) -> Term {
        let span = term.span;
        if let Some(value) = scalar(term) {
            return Kind::Scalar(value).at(span);
        }
        let kind = match &term.kind {
            TermKind::Var(name) => return self.name(name, span),
            TermKind::Ref(reference) => Kind::Ref(Box::new(self.reference(reference))),
            TermKind::Call(call) => Kind::Call(Box::new(self.call(call, Some(span)))),
            TermKind::Array(items) => Kind::Array(items.iter().map(|it| self.term(it)).collect()),
            TermKind::Set(items) => Kind::Set(items.iter().map(|it| self.term(it)).collect()),
            TermKind::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (self.term(key), self.term(value)));
                Kind::Object(last_of_each_key(pairs.collect()))
            }
            TermKind::ArrayCompr(compr) => {
                self.comprehension(&compr.body, |it| ComprHead::Array(it.term(&compr.term)))
            }
            TermKind::SetCompr(compr) => {
                self.comprehension(&compr.body, |it| ComprHead::Set(it.term(&compr.term)))
            }
            TermKind::ObjectCompr(compr) => self.comprehension(&compr.body, |it| {
                let key = it.term(&compr.key);
                ComprHead::Object(key, it.term(&compr.value))
            }),
            TermKind::Template(parts) => {
                Kind::Template(parts.iter().filter_map(|it| self.part(it)).collect())
            }
            // Scalars were taken above; what is left is a wildcard.
            _ => Kind::Var(self.vars.add("_".into(), Origin::Free)),
        };
        kind.at(span)
    }

    pub(super) fn comprehension(
        &mut self,
        body: &ast::Body,
        head: impl FnOnce(&mut Self) -> ComprHead,
    ) -> Kind {
        self.hidden.push(declared(&body.exprs));
        self.scopes.push();
        let body = self.body(&body.exprs);
        let head = head(self);
        self.close_scope();
        self.hidden.pop();
        Kind::Compr(Box::new(Compr { head, body }))
    }

    pub(super) fn part(&mut self, part: &TemplatePart) -> Option<Part> {
        match part {
            TemplatePart::Literal(text, span) => {
                Some(Part::Text(Kind::Scalar(Value::from(text.as_ref())).at(*span)))
            }
            TemplatePart::Expr(expr) => self.expr(expr).map(Part::Expr),
        }
    }

    pub(super) fn reference(&mut self, reference: &ast::Ref) -> Ref {
        let head = self.term(&reference.head);
        let steps = reference.path.iter().map(|step| self.term(step)).collect::<Vec<_>>();
        match head.kind {
            Kind::Ref(mut of) => {
                of.steps.extend(steps);
                *of
            }
            Kind::Var(var) => Ref { base: Base::Var(var), steps },
            _ => Ref { base: Base::Term(Box::new(head)), steps },
        }
    }
}

/// `a.b.c` where all steps are names.
pub(super) fn dotted(head: &Name, path: &[ast::Term]) -> Option<String> {
    let mut text = head.to_string();
    for step in path {
        text.push('.');
        text += step.as_string()?;
    }
    Some(text)
}

/// Pairs up to which keys are looked for one by one.
const SCANNED: usize = 8;

/// Of pairs with equal constant keys the first key stays, with the last value.
pub(super) fn last_of_each_key(pairs: Vec<(Term, Term)>) -> Vec<(Term, Term)> {
    let mut out: Vec<(Term, Term)> = Vec::with_capacity(pairs.len());
    let mut places = HashMap::default();
    let scanned = pairs.len() <= SCANNED;
    for (key, value) in pairs {
        let before = match &key.kind {
            Kind::Scalar(constant) if scanned => {
                out.iter().position(|(it, _)| matches!(&it.kind, Kind::Scalar(it) if it == constant))
            }
            Kind::Scalar(constant) => match places.entry(constant.clone()) {
                Entry::Occupied(known) => Some(*known.get()),
                Entry::Vacant(place) => {
                    place.insert(out.len());
                    None
                }
            },
            _ => None,
        };
        match before {
            Some(at) => out[at].1 = value,
            None => out.push((key, value)),
        }
    }
    out
}
