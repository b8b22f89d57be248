//! Sets: the operators `&` and `|`, and unions and intersections of many.

use super::operand::{Answer, answer, set, type_error};
use super::{Builtin, Context};
use crate::rego::value::{Set, SetBuilder, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("and", |context, args| binary(context, args, Set::intersection)),
    Builtin::new("or", |context, args| binary(context, args, Set::union)),
    Builtin::new("set_diff", |context, args| binary(context, args, Set::difference)),
    Builtin::new("union", union),
    Builtin::new("intersection", intersection),
];

fn binary(context: &mut Context<'_>, args: &[Value], operation: fn(&Set, &Set) -> Set) -> Answer {
    let (a, b) = (set(args, 1)?, set(args, 2)?);
    context.draw(a.len() + b.len())?;
    answer(operation(a, b))
}

fn union(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut members = SetBuilder::new();
    for value in set(args, 1)? {
        let Value::Set(inner) = value else { return Err(type_error(1, &["set"], value)) };
        context.draw(inner.len())?;
        inner.iter().for_each(|member| members.push(member.clone()));
    }
    answer(members.build())
}

fn intersection(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut result: Option<Set> = None;
    for value in set(args, 1)? {
        let Value::Set(inner) = value else { return Err(type_error(1, &["set"], value)) };
        context.draw(inner.len())?;
        result = Some(result.map_or_else(|| inner.clone(), |result| result.intersection(inner)));
    }
    answer(result.unwrap_or_default())
}
