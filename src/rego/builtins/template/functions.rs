//! The functions that templates can call. `and` and `or` are not here: they may leave arguments unread.

use std::fmt::Write as _;

use super::compare;
use super::item::Item;
use crate::rego::builtins::{Context, find};
use crate::rego::value::{Array, Value};

/// Names of all functions.
const NAMES: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery",
];

/// Whether there is a function of a name.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Why a function has no result.
pub(super) enum Failure {
    /// The template is at fault.
    Message(String),
    /// The budget is spent.
    Exceeded(crate::rego::builtins::BuiltinError),
}

impl From<crate::rego::budget::Exceeded> for Failure {
    fn from(error: crate::rego::budget::Exceeded) -> Self {
        Self::Exceeded(error.into())
    }
}

impl From<crate::rego::builtins::BuiltinError> for Failure {
    fn from(error: crate::rego::builtins::BuiltinError) -> Self {
        Self::Exceeded(error)
    }
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

pub(super) fn failed<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Message(message.into()))
}

/// Calls a function.
pub(super) fn call(context: &mut Context<'_>, name: &str, args: &[Item]) -> Result<Item> {
    context.budget.steps(1 + args.len() as u64)?;
    let (least, most) = match name {
        "len" | "not" => (1, 1),
        "ne" | "lt" | "le" | "gt" | "ge" => (2, 2),
        "eq" | "index" | "slice" | "printf" | "call" => (1, usize::MAX),
        _ => (0, usize::MAX),
    };
    if args.len() < least || args.len() > most {
        let want = if most == usize::MAX { format!("at least {least}") } else { least.to_string() };
        return failed(format!("wrong number of args for {name}: want {want} got {}", args.len()));
    }
    let called = match name {
        "not" => Ok(truth(!args[0].is_true())),
        "len" => length(&args[0]),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => compare::compare(context, name, args).map(truth),
        "index" => index(&args[0], &args[1..]),
        "slice" => slice(context, &args[0], &args[1..]),
        "print" => print(context, args).map(Item::text),
        "println" => println(context, args).map(Item::text),
        "printf" => return printf(context, args),
        "html" | "js" | "urlquery" => escaped(context, name, args).map(Item::text),
        // Data holds no functions.
        _ if args[0].is_nothing() => failed("call of nil"),
        _ => failed(format!("non-function of type {}", args[0].type_name())),
    };
    called.map_err(|failure| match failure {
        Failure::Message(message) => Failure::Message(format!("error calling {name}: {message}")),
        exceeded @ Failure::Exceeded(_) => exceeded,
    })
}

fn truth(it: bool) -> Item {
    Item::Value(it.into())
}

fn length(item: &Item) -> Result<Item> {
    let length = match item {
        Item::Value(Value::String(text)) => text.len(),
        Item::Value(Value::Number(number)) => number.to_string().len(),
        Item::Value(it @ (Value::Array(_) | Value::Object(_) | Value::Set(_))) => it.count().unwrap_or(0),
        it if it.is_nothing() => return failed("len of nil pointer"),
        it => return failed(format!("len of type {}", it.type_name())),
    };
    Ok(Item::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// A position in something of a length; `last` is the greatest that fits.
fn position(item: &Item, last: Option<usize>) -> Result<usize> {
    let Item::Int(int) = item else {
        return failed(match item {
            it if it.is_nothing() => "cannot index slice/array with nil".to_owned(),
            it => format!("cannot index slice/array with type {}", it.type_name()),
        });
    };
    let position = usize::try_from(*int).ok().filter(|it| last.is_some_and(|last| *it <= last));
    position.map_or_else(|| failed(format!("index out of range: {int}")), Ok)
}

fn index(item: &Item, keys: &[Item]) -> Result<Item> {
    let mut item = item.clone();
    for key in keys {
        item = match &item {
            it if it.is_nothing() => return failed("index of untyped nil"),
            Item::Value(Value::Array(items)) => {
                let at = position(key, items.len().checked_sub(1))?;
                items.get(at).map_or(Item::Missing, |it| Item::Value(it.clone()))
            }
            Item::Value(Value::String(text)) => {
                let at = position(key, text.len().checked_sub(1))?;
                text.as_bytes().get(at).map_or(Item::Missing, |it| Item::Int(i64::from(*it)))
            }
            Item::Value(Value::Object(pairs)) => match key {
                Item::Value(name @ Value::String(_)) => {
                    pairs.get(name).map_or(Item::Missing, |it| Item::Value(it.clone()))
                }
                it if it.is_nothing() => return failed("value is nil; should be of type string"),
                it => return failed(format!("value has type {}; should be string", it.type_name())),
            },
            it => return failed(format!("can't index item of type {}", it.type_name())),
        };
    }
    Ok(item)
}

fn slice(context: &mut Context<'_>, item: &Item, bounds: &[Item]) -> Result<Item> {
    let length = match item {
        Item::Value(Value::String(text)) if bounds.len() < 3 => text.len(),
        Item::Value(Value::String(_)) => return failed("cannot 3-index slice a string"),
        Item::Value(Value::Array(items)) => items.len(),
        it if it.is_nothing() => return failed("slice of untyped nil"),
        it => return failed(format!("can't slice item of type {}", it.type_name())),
    };
    if bounds.len() > 3 {
        return failed(format!("too many slice indexes: {}", bounds.len()));
    }
    let mut ends = [0, length];
    for (end, bound) in ends.iter_mut().zip(bounds) {
        *end = position(bound, Some(length))?;
    }
    let [from, to] = ends;
    let capacity = bounds.get(2).map(|it| position(it, Some(length))).transpose()?;
    if from > to {
        return failed(format!("invalid slice index: {from} > {to}"));
    }
    if let Some(capacity) = capacity.filter(|it| to > *it) {
        return failed(format!("invalid slice index: {to} > {capacity}"));
    }
    Ok(Item::Value(match item {
        Item::Value(Value::Array(items)) => {
            context.draw(to - from)?;
            items.slice(from, to).into()
        }
        Item::Value(Value::String(text)) => {
            context.budget.bytes((to - from) as u64)?;
            // Go cuts bytes; half a character is none.
            String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned().into()
        }
        _ => Value::Null,
    }))
}

/// As Go's `Sprint`: a blank between two that are no strings.
fn print(context: &mut Context<'_>, args: &[Item]) -> Result<String> {
    let is_text = |it: &Item| matches!(it, Item::Value(Value::String(_) | Value::Number(_)));
    let mut out = String::new();
    for (index, arg) in args.iter().enumerate() {
        if index > 0 && !is_text(arg) && !is_text(&args[index - 1]) {
            out.push(' ');
        }
        out.push_str(&arg.shown(context)?);
    }
    context.budget.bytes(out.len() as u64)?;
    Ok(out)
}

fn println(context: &mut Context<'_>, args: &[Item]) -> Result<String> {
    let shown = args.iter().map(|it| it.shown(context)).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut out = shown.join(" ");
    out.push('\n');
    context.budget.bytes(out.len() as u64)?;
    Ok(out)
}

/// As Go's `Sprintf`, by the builtin that does the same. It knows no booleans: those are given to it as their text.
fn printf(context: &mut Context<'_>, args: &[Item]) -> Result<Item> {
    let Item::Value(Value::String(format)) = &args[0] else {
        let got = args[0].type_name();
        return failed(format!("wrong type for value; expected string; got {got}"));
    };
    let has_bool = args.iter().any(|it| matches!(it, Item::Value(Value::Bool(_))));
    let format = if has_bool { format.replace("%t", "%v") } else { format.to_string() };
    let mut values = Vec::new();
    for arg in &args[1..] {
        values.push(match arg {
            Item::Int(int) => Value::from(*int),
            Item::Float(float) => Value::from(*float),
            Item::Value(it @ Value::String(_)) => it.clone(),
            it => Value::from(it.shown(context)?),
        });
    }
    let Some(sprintf) = find("sprintf") else { return failed("printf is missing") };
    let printed = sprintf.call(context, &[format.into(), Array::from(values).into()])?;
    Ok(printed.map_or(Item::Missing, Item::Value))
}

fn escaped(context: &mut Context<'_>, name: &str, args: &[Item]) -> Result<String> {
    let plain = match args {
        [one] => one.printed(context)?,
        several => {
            let known =
                several.iter().map(|it| if it.is_nothing() { Item::text(NOTHING) } else { it.clone() });
            print(context, &known.collect::<Vec<_>>())?
        }
    };
    // A character becomes at most twelve bytes.
    context.budget.bytes(12 * plain.len() as u64)?;
    let escape = match name {
        "html" => html,
        "js" => javascript,
        _ => url,
    };
    let mut out = String::with_capacity(plain.len());
    plain.chars().for_each(|char| escape(&mut out, char));
    Ok(out)
}

const NOTHING: &str = super::item::NO_VALUE;

fn html(out: &mut String, char: char) {
    match char {
        '\0' => out.push(char::REPLACEMENT_CHARACTER),
        '"' => out.push_str("&#34;"),
        '\'' => out.push_str("&#39;"),
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        it => out.push(it),
    }
}

fn javascript(out: &mut String, char: char) {
    match char {
        '\\' | '\'' | '"' => out.extend(['\\', char]),
        '<' | '>' | '&' | '=' | '\0'..' ' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{:04X}", u32::from(char));
        }
        it => out.push(it),
    }
}

fn url(out: &mut String, char: char) {
    match char {
        ' ' => out.push('+'),
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '~' => out.push(char),
        it => {
            for byte in it.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}
