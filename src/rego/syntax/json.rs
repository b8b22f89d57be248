//! The tree as `rego.parse_module` gives it: OPA's JSON form of a module, without places but for comments.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::source::Sources;
use super::super::value::{Number, ObjectBuilder, TooDeep, Value};
use super::ast::{
    AssignOperator, Body, Call, Comment, Compr, Expr, ExprKind, Head, HeadValue, Import, Module, Ref, Rule,
    RuleKind, TemplatePart, Term, TermKind,
};
use super::display::is_ground;

/// The JSON form of a module. Annotations are left out: `rego.parse_module` does not read them.
///
/// # Errors
/// [`TooDeep`] where the form nests deeper than values may, although the module itself does not.
pub fn module_value(module: &Module, sources: &Sources) -> Result<Value, TooDeep> {
    let mut out = ObjectBuilder::new();
    let mut package = ObjectBuilder::new();
    package.push_str("path", steps(&module.package.path));
    out.push_str("package", object(package));
    push_list(&mut out, "imports", &module.imports, import);
    push_list(&mut out, "rules", &module.rules, |it| rule(it));
    push_list(&mut out, "comments", &module.comments, |it| comment(it, sources));
    let value = object(out);
    value.check_depth()?;
    Ok(value)
}

fn object(builder: ObjectBuilder) -> Value {
    builder.build_last_wins().into()
}

fn push_list<T>(out: &mut ObjectBuilder, key: &str, items: &[T], to_value: impl Fn(&T) -> Value) {
    if !items.is_empty() {
        out.push_str(key, items.iter().map(to_value).collect::<Vec<_>>());
    }
}

fn comment(comment: &Comment, sources: &Sources) -> Value {
    let place = sources.position(comment.span);
    let mut location = ObjectBuilder::new();
    location.push_str("file", sources.name(comment.span));
    location.push_str("row", i64::from(place.row));
    location.push_str("col", i64::from(place.col));
    let mut out = ObjectBuilder::new();
    out.push_str("Location", object(location));
    let text = (!comment.text.is_empty()).then(|| STANDARD.encode(comment.text.as_bytes()));
    out.push_str("Text", text.map_or(Value::Null, Value::from));
    object(out)
}

fn import(import: &Import) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("path", typed("ref", steps(&import.path)));
    if let Some((alias, _)) = &import.alias {
        out.push_str("alias", alias.as_ref());
    }
    object(out)
}

fn rule(rule: &Rule) -> Value {
    let mut out = ObjectBuilder::new();
    if rule.kind == RuleKind::Default {
        out.push_str("default", true);
    }
    out.push_str("head", head(&rule.head, rule.head.value.as_ref(), rule.body.is_some()));
    out.push_str("body", rule.body.as_ref().map_or_else(always, body));
    let branches = rule.otherwise.iter().rev();
    let chain = branches.fold(None, |next: Option<Value>, branch| {
        let mut out = ObjectBuilder::new();
        out.push_str("head", head(&rule.head, branch.value.as_ref(), branch.body.is_some()));
        out.push_str("body", branch.body.as_ref().map_or_else(always, body));
        if let Some(next) = next {
            out.push_str("else", next);
        }
        Some(object(out))
    });
    if let Some(chain) = chain {
        out.push_str("else", chain);
    }
    object(out)
}

/// The body of a rule that has none.
fn always() -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("index", 0_i64);
    out.push_str("terms", typed("boolean", true));
    vec![object(out)].into()
}

fn head(head: &Head, value: Option<&HeadValue>, has_body: bool) -> Value {
    let mut out = ObjectBuilder::new();
    let steps_of_name = head.reference.path.as_ref();
    // Names and keys of heads with one step are leftovers of older heads, which OPA fills in where it may.
    let single = match steps_of_name {
        [step] if head.args.is_none() && head.key.is_none() => Some(step),
        _ => None,
    };
    let variable = single.is_some_and(|step| !is_ground(step) || matches!(step.kind, TermKind::Ref(_)));
    let (named, keyed) = match (steps_of_name.is_empty(), single) {
        (true, _) => (true, false),
        (false, Some(_)) => (value.is_some(), if has_body { variable } else { value.is_some() }),
        (false, None) => (false, false),
    };
    if named {
        out.push_str("name", var_name(&head.reference.head));
    }
    out.push_str("ref", steps(&head.reference));
    if let Some(args) = &head.args {
        out.push_str("args", terms(args));
    }
    match (&head.key, single) {
        (Some(key), _) => out.push_str("key", term(key)),
        (None, Some(step)) if keyed => out.push_str("key", term(step)),
        _ => {}
    }
    match value {
        Some(value) => {
            out.push_str("value", term(&value.term));
            if value.operator == AssignOperator::Declare {
                out.push_str("assign", true);
            }
        }
        None if head.key.is_none() => out.push_str("value", typed("boolean", true)),
        None => {}
    }
    object(out)
}

fn body(body: &Body) -> Value {
    let exprs = body.exprs.iter().enumerate().map(|(index, expr)| self::expr(index, expr));
    exprs.collect::<Vec<_>>().into()
}

fn expr(index: usize, expr: &Expr) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("index", i64::try_from(index).unwrap_or(i64::MAX));
    if expr.polarity == super::ast::Polarity::Negated {
        out.push_str("negated", true);
    }
    out.push_str("terms", expr_terms(&expr.kind));
    push_list(&mut out, "with", &expr.with, |with| {
        let mut out = ObjectBuilder::new();
        out.push_str("target", term(&with.target));
        out.push_str("value", term(&with.value));
        object(out)
    });
    object(out)
}

fn expr_terms(kind: &ExprKind) -> Value {
    let symbols = |symbols: Value| {
        let mut out = ObjectBuilder::new();
        out.push_str("symbols", symbols);
        object(out)
    };
    match kind {
        ExprKind::Term(it) => term(it),
        ExprKind::Call(it) => call(it),
        ExprKind::SomeDecl(names) => symbols(terms(names)),
        ExprKind::SomeIn(member) => {
            let name = if member.key.is_some() { "member_3" } else { "member_2" };
            let operator = typed("ref", vec![typed("var", "internal"), typed("string", name)]);
            let args = member.key.iter().chain([&member.value, &member.domain]).map(term);
            let call = std::iter::once(operator).chain(args).collect::<Vec<_>>();
            symbols(vec![typed("call", call)].into())
        }
        ExprKind::Every(every) => {
            let mut out = ObjectBuilder::new();
            out.push_str("key", every.key.as_ref().map_or(Value::Null, term));
            out.push_str("value", term(&every.value));
            out.push_str("domain", term(&every.domain));
            out.push_str("body", body(&every.body));
            object(out)
        }
    }
}

fn typed(kind: &str, value: impl Into<Value>) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("type", kind);
    out.push_str("value", value);
    object(out)
}

fn terms(terms: &[Term]) -> Value {
    terms.iter().map(term).collect::<Vec<_>>().into()
}

fn steps(reference: &Ref) -> Value {
    let head = typed("var", var_name(&reference.head));
    let head = match reference.head.kind {
        TermKind::Var(_) | TermKind::Wildcard(_) => head,
        _ => term(&reference.head),
    };
    std::iter::once(head).chain(reference.path.iter().map(term)).collect::<Vec<_>>().into()
}

/// A name; wildcards are numbered.
fn var_name(term: &Term) -> String {
    match &term.kind {
        TermKind::Var(name) => name.to_string(),
        TermKind::Wildcard(number) => format!("${number}"),
        _ => String::new(),
    }
}

fn call(call: &Call) -> Value {
    let operator = typed("ref", steps(&call.operator));
    std::iter::once(operator).chain(call.args.iter().map(term)).collect::<Vec<_>>().into()
}

fn number(text: &str) -> Value {
    Number::from_text(text).map_or(Value::Null, Value::Number)
}

fn term(it: &Term) -> Value {
    match &it.kind {
        TermKind::Null => typed("null", ObjectBuilder::new().build_last_wins()),
        TermKind::Bool(value) => typed("boolean", *value),
        TermKind::Number(text) => typed("number", number(text)),
        TermKind::String(text) => typed("string", text.as_ref()),
        TermKind::Template(parts) => template(parts),
        TermKind::Var(_) if it.type_name() == "ref" => typed("ref", vec![typed("var", var_name(it))]),
        TermKind::Var(_) | TermKind::Wildcard(_) => typed("var", var_name(it)),
        TermKind::Ref(reference) => typed("ref", steps(reference)),
        TermKind::Call(it) => typed("call", call(it)),
        TermKind::Array(items) => typed("array", terms(items)),
        TermKind::Set(members) => {
            let mut members: Vec<&Term> = members.iter().collect();
            members.sort_by_cached_key(|member| order(member));
            members.dedup_by_key(|member| order(member));
            typed("set", members.into_iter().map(term).collect::<Vec<_>>())
        }
        TermKind::Object(pairs) => {
            let mut pairs: Vec<&(Term, Term)> = pairs.iter().collect();
            pairs.sort_by_cached_key(|(key, _)| order(key));
            let pairs = pairs.into_iter().map(|(key, value)| vec![term(key), term(value)].into());
            typed("object", pairs.collect::<Vec<Value>>())
        }
        TermKind::ArrayCompr(it) => typed("arraycomprehension", compr(it)),
        TermKind::SetCompr(it) => typed("setcomprehension", compr(it)),
        TermKind::ObjectCompr(it) => {
            let mut out = ObjectBuilder::new();
            out.push_str("key", term(&it.key));
            out.push_str("value", term(&it.value));
            out.push_str("body", body(&it.body));
            typed("objectcomprehension", object(out))
        }
    }
}

fn compr(it: &Compr) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("term", term(&it.term));
    out.push_str("body", body(&it.body));
    object(out)
}

fn template(parts: &[TemplatePart]) -> Value {
    let parts = parts.iter().map(|part| match part {
        TemplatePart::Literal(text, _) => typed("string", text.as_ref()),
        TemplatePart::Expr(Expr { kind: ExprKind::Term(it), with, .. })
            if with.is_empty() && is_scalar(it) =>
        {
            term(it)
        }
        TemplatePart::Expr(it) => expr(0, it),
    });
    let mut out = ObjectBuilder::new();
    out.push_str("parts", parts.collect::<Vec<_>>());
    out.push_str("multi_line", false);
    typed("templatestring", object(out))
}

fn is_scalar(term: &Term) -> bool {
    matches!(term.kind, TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_))
}

/// A value that sorts as OPA sorts terms: kinds first, then contents.
fn order(term: &Term) -> Value {
    let many = |terms: &[Term]| Value::from(terms.iter().map(order).collect::<Vec<_>>());
    let (rank, content): (i64, Value) = match &term.kind {
        TermKind::Null => (0, Value::Null),
        TermKind::Bool(value) => (1, (*value).into()),
        TermKind::Number(text) => (2, number(text)),
        TermKind::String(text) => (3, text.as_ref().into()),
        TermKind::Var(_) | TermKind::Wildcard(_) if term.type_name() == "var" => (4, var_name(term).into()),
        TermKind::Var(_) | TermKind::Wildcard(_) => (5, vec![Value::from(var_name(term))].into()),
        TermKind::Ref(reference) => {
            let head = Value::from(super::display::term_text(&reference.head));
            (5, std::iter::once(head).chain(reference.path.iter().map(order)).collect::<Vec<_>>().into())
        }
        TermKind::Array(items) => (6, many(items)),
        TermKind::Object(pairs) => {
            let mut pairs: Vec<Value> =
                pairs.iter().map(|(key, value)| vec![order(key), order(value)].into()).collect();
            pairs.sort();
            (7, pairs.into())
        }
        TermKind::Set(members) => {
            let mut members: Vec<Value> = members.iter().map(order).collect();
            members.sort();
            (8, members.into())
        }
        TermKind::ArrayCompr(_) => (9, super::display::term_text(term).into()),
        TermKind::ObjectCompr(_) => (10, super::display::term_text(term).into()),
        TermKind::SetCompr(_) => (11, super::display::term_text(term).into()),
        TermKind::Call(call) => (12, many(&call.args)),
        TermKind::Template(_) => (13, super::display::term_text(term).into()),
    };
    vec![Value::from(rank), content].into()
}
