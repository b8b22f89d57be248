//! Rules: heads, bodies, `else`, `default`.
//!
//! A rule that has neither `if` nor `contains` (`p := 1`) is not read here: like OPA, the parser then reads
//! the text as an expression, which [`super::v1`] turns into a rule.

use std::sync::Arc;

use super::super::super::source::Span;
use super::super::ast::{
    AssignOperator, Body, Else, Expr, ExprKind, Head, HeadValue, Ref, Rule, RuleKind, Term, TermKind,
};
use super::super::display::{self, is_ground};
use super::super::token::Kind;
use super::v1::{Draft, Form};
use super::{Pair, Parser};

/// A head, and what decides how its rule goes on.
struct DraftHead {
    head: Head,
    contains: Contains,
    /// The reference has one step and is no function: `p[x]`.
    one_step: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contains {
    Written,
    Not,
}

impl Parser<'_> {
    /// Rules that begin here: several where bodies are chained. None without an error where it is no rule.
    pub(super) fn rules(&mut self) -> Option<Vec<Draft>> {
        let start = self.here();
        self.allow_keyword_reference();
        let kind = if self.at(Kind::Default) {
            self.scan();
            self.allow_keyword_reference();
            RuleKind::Default
        } else {
            RuleKind::Ordinary
        };
        if !self.at(Kind::Ident) {
            return None;
        }
        let draft = self.head(kind)?;
        if kind == RuleKind::Default {
            return Some(vec![self.default_rule(draft.head, start)?]);
        }
        self.ordinary_rules(draft, start)
    }

    fn default_rule(&mut self, head: Head, start: Span) -> Option<Draft> {
        self.check_default_value(&head, start)?;
        self.check_default_args(&head, start)?;
        let span = self.since(start);
        let rule = Rule {
            kind: RuleKind::Default,
            head,
            body: None,
            otherwise: [].into(),
            annotations: Vec::new(),
            span,
        };
        Some(Draft { rule, form: Form::Default, else_forms: Vec::new() })
    }

    fn ordinary_rules(&mut self, draft: DraftHead, start: Span) -> Option<Vec<Draft>> {
        let DraftHead { head, contains, one_step } = draft;
        let partial_set = one_step && head.value.is_none() && !self.at(Kind::If);
        let form = match (self.kind(), contains) {
            (Kind::If, _) => Form::If,
            (Kind::LBrace, Contains::Not) if partial_set => Form::BracesOfPartialSet,
            (Kind::LBrace, _) => Form::Braces,
            (_, Contains::Written) => {
                let span = head.span;
                let rule = rule(head, None, span);
                return Some(vec![Draft { rule, form: Form::Bodyless, else_forms: Vec::new() }]);
            }
            _ => return None,
        };
        let body = if form == Form::If { self.body_after_if()? } else { self.braced_body()? };
        let mut first = Draft { rule: rule(head, Some(body), start), form, else_forms: Vec::new() };
        // A keyword as the first part of a reference begins the next rule.
        if self.at(Kind::Else) && !self.keyword_begins_reference() {
            let set = contains == Contains::Written || (one_step && form != Form::If);
            self.check_else(&first.rule.head, set)?;
            self.otherwise(&mut first)?;
        } else if self.at(Kind::Else) {
            self.allow_keyword_reference();
        }
        first.rule.span = self.since(start);
        let mut drafts = vec![first];
        while self.at(Kind::LBrace) {
            let next = self.chained_rule(&drafts)?;
            drafts.push(next);
        }
        Some(drafts)
    }

    /// `{ .. }` after the body of a rule: another rule with the same head.
    fn chained_rule(&mut self, drafts: &[Draft]) -> Option<Draft> {
        let first = drafts.first()?;
        if !first.else_forms.is_empty() {
            self.error(self.here(), "expected else keyword");
            return None;
        }
        let (mut head, form) = (first.rule.head.clone(), first.form);
        let start = self.here();
        let body = self.braced_body()?;
        let span = self.since(start);
        head.span = span;
        Some(Draft { rule: rule(head, Some(body), span), form, else_forms: Vec::new() })
    }

    fn braced_body(&mut self) -> Option<Body> {
        self.scan();
        let body = self.body(Kind::RBrace)?;
        self.scan();
        Some(body)
    }

    /// One expression or a body in braces. `{ x }` is never the set of `x`: such a set always holds.
    fn body_after_if(&mut self) -> Option<Body> {
        self.scan();
        let before = self.save();
        if let Some(expr) = self.literal()
            && !is_set(&expr)
        {
            return Some(single(expr));
        }
        self.restore(before);
        // OPA steps over this token even where it is no brace; what it then reports is told of the next one.
        self.braced_body()
    }

    /// A branch belongs to one value: not to a set, nor to a rule for each value of a variable.
    fn check_else(&mut self, head: &Head, several: bool) -> Option<()> {
        let steps = &head.reference.path;
        let message = if !steps.iter().all(is_ground) {
            "else keyword cannot be used on rules with variables in head"
        } else if several
            || (head.args.is_none() && matches!(steps.as_ref(), [one] if one.type_name() == "ref"))
        {
            "else keyword cannot be used on multi-value rules"
        } else {
            return Some(());
        };
        self.error(self.here(), message);
        None
    }

    fn otherwise(&mut self, draft: &mut Draft) -> Option<()> {
        let mut branches = Vec::new();
        while self.at(Kind::Else) {
            self.bound(branches.len())?;
            let start = self.here();
            self.scan();
            let value = match self.kind() {
                Kind::LBrace | Kind::If => None,
                Kind::Assign | Kind::Unify => {
                    let operator = self.assign_operator();
                    Some(HeadValue { operator, term: self.infix(Pair::Allowed)? })
                }
                _ => {
                    self.expected("expected else value term or rule body");
                    return None;
                }
            };
            let form = match self.kind() {
                Kind::If => Form::If,
                Kind::LBrace => Form::Braces,
                _ => Form::Bodyless,
            };
            let body = self.else_body(form)?;
            branches.push(Else { value, body, span: self.since(start) });
            draft.else_forms.push(form);
            if form == Form::Bodyless {
                break;
            }
        }
        draft.rule.otherwise = branches.into();
        Some(())
    }

    /// The body of a branch: outer none for an error, inner none where there is no body.
    #[expect(clippy::option_option, reason = "the outer is the parser's failure, the inner the tree's")]
    fn else_body(&mut self, form: Form) -> Option<Option<Body>> {
        if form == Form::Bodyless {
            return Some(None);
        }
        if form == Form::If {
            self.scan();
        }
        match self.kind() {
            Kind::LBrace => Some(Some(self.braced_body()?)),
            Kind::Eof => {
                self.expected("rule body expected");
                None
            }
            _ => Some(Some(single(self.literal()?))),
        }
    }

    /// Which operator the current token is; steps over it.
    fn assign_operator(&mut self) -> AssignOperator {
        let operator = if self.at(Kind::Assign) { AssignOperator::Declare } else { AssignOperator::Unify };
        self.scan();
        operator
    }

    fn head(&mut self, kind: RuleKind) -> Option<DraftHead> {
        let start = self.here();
        let name = self.variable();
        let Some(term) = self.steps_after_rule_name(name) else {
            self.expected("expected rule head name");
            return None;
        };
        let (reference, args) = self.head_parts(term)?;
        let name = display::ref_text(&reference);
        let one_step = args.is_none() && reference.path.len() == 1;
        let mut head = Head { reference, args, key: None, value: None, span: start };
        let mut contains = Contains::Not;
        match self.kind() {
            Kind::Contains => {
                contains = Contains::Written;
                if head.args.is_some() {
                    self.expected(&format!(
                        "the contains keyword can only be used with multi-value rule definitions \
                         (e.g., {name} contains <VALUE> {{ ... }})"
                    ));
                }
                self.scan();
                head.key = self.infix(Pair::Allowed);
                if head.key.is_none() {
                    self.expected(&format!(
                        "expected rule key term (e.g., {name} contains <VALUE> {{ ... }})"
                    ));
                }
            }
            Kind::Assign | Kind::Unify => {
                let operator = self.assign_operator();
                head.value = self.infix(Pair::Allowed).map(|term| HeadValue { operator, term });
                if head.value.is_none() {
                    self.missing_value(operator, &head, kind, &name);
                }
            }
            _ => {}
        }
        head.span = self.since(start);
        Some(DraftHead { head, contains, one_step })
    }

    fn missing_value(&mut self, operator: AssignOperator, head: &Head, kind: RuleKind, name: &str) {
        let note = if operator == AssignOperator::Unify {
            format!("expected rule value term (e.g., {name}[<nil>] = <VALUE> {{ ... }})")
        } else if head.args.is_some() {
            format!("expected function value term (e.g., {name}(...) := <VALUE> {{ ... }})")
        } else if kind == RuleKind::Default {
            format!("expected default rule value term (e.g., default {name} := <VALUE>)")
        } else {
            format!("expected rule value term (e.g., {name} := <VALUE> {{ ... }})")
        };
        self.expected(&note);
    }

    /// The name and the parameters. OPA takes `f()` for the rule `f`, and so do we.
    fn head_parts(&mut self, term: Term) -> Option<(Ref, Option<Arc<[Term]>>)> {
        let span = term.span;
        let (reference, args) = match term.kind {
            TermKind::Ref(reference) => (reference, None),
            TermKind::Call(call) => {
                let args = Some(Arc::clone(&call.args)).filter(|args| !args.is_empty());
                (call.operator.clone(), args)
            }
            TermKind::Var(_) | TermKind::Wildcard(_) => {
                (Ref { head: Arc::new(term), path: [].into(), span }, None)
            }
            _ => return None,
        };
        match reference.head.kind {
            TermKind::Var(_) | TermKind::Wildcard(_) => Some((reference, args)),
            _ if args.is_some() => {
                self.expected(&format!("rule head ref {} invalid", display::ref_text(&reference)));
                None
            }
            // Not a rule; read as an expression it is refused with OPA's words.
            _ => None,
        }
    }
}

fn rule(head: Head, body: Option<Body>, span: Span) -> Rule {
    let kind = RuleKind::Ordinary;
    Rule { kind, head, body, otherwise: [].into(), annotations: Vec::new(), span }
}

fn single(expr: Expr) -> Body {
    let span = expr.span;
    Body { exprs: [expr].into(), span }
}

fn is_set(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Term(Term { kind: TermKind::Set(_), .. }))
}
