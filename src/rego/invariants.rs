//! What must hold of reading values and of the builtins that have a language of their own, whatever the bytes are: run by
//! the fuzz targets, and by a test over their seeds. Those of Rego itself are in `syntax`.
//!
//! Each function gives the invariant that is broken. That none panics, overflows the stack or takes too long is for its
//! caller to see.

use super::budget::Budget;
use super::builtins::{self, BuiltinError, Caches, Context};
use super::value::json::{self, Html};
use super::value::{ReadLimits, Value, yaml};

/// Steps and bytes of one call, so that what it asks for in proportion to a number ends.
const STEPS: u64 = 1_000_000;
const BYTES: u64 = 16 << 20;

/// What is read as JSON is written and read again as the same, plain, escaped and indented.
///
/// # Errors
/// The invariant that does not hold.
pub fn json(bytes: &[u8]) -> Result<(), String> {
    let limits = ReadLimits::default();
    let Ok(value) = json::read(bytes, &limits) else { return Ok(()) };
    require(value.check_depth().is_ok(), "a document is within bounds")?;
    for text in [
        json::to_string(&value, Html::Escaped),
        json::to_string(&value, Html::Plain),
        json::to_string_indented(&value, Html::Plain, "", "\t"),
    ] {
        require(json::read(text.as_bytes(), &limits).as_ref() == Ok(&value), "JSON reads back")?;
    }
    Ok(())
}

/// What is read as YAML is written and read again as the same; it is a value that JSON can say.
///
/// # Errors
/// The invariant that does not hold.
pub fn yaml(bytes: &[u8]) -> Result<(), String> {
    let limits = ReadLimits::default();
    let Ok(value) = yaml::read(bytes, &limits) else { return Ok(()) };
    require(value.check_depth().is_ok(), "a document is within bounds")?;
    let text = json::to_string(&value, Html::Plain);
    require(json::read(text.as_bytes(), &limits).as_ref() == Ok(&value), "a document is a value of JSON")?;
    let text = yaml::to_string(&value);
    require(yaml::read(text.as_bytes(), &limits).as_ref() == Ok(&value), "YAML reads back")
}

/// The first line is a format, the others are arguments as JSON or one string. A format has an answer whatever its
/// arguments, always the same, and is its own answer where it names none.
///
/// # Errors
/// The invariant that does not hold.
pub fn sprintf(bytes: &[u8]) -> Result<(), String> {
    let (format, rest) = first_line(bytes);
    let args = match json::read(rest.as_bytes(), &ReadLimits::default()) {
        Ok(args @ Value::Array(_)) => args,
        _ => vec![Value::from(rest)].into(),
    };
    let answered = |args: Value| call("sprintf", &[format.clone().into(), args]);
    match answered(args.clone()) {
        Ok(Some(Value::String(_))) | Err(BuiltinError::Exceeded(_)) => {}
        other => return Err(format!("a format has an answer: {other:?}")),
    }
    require(answered(args.clone()) == answered(args), "the same answer twice")?;
    let plain = answered(Vec::<Value>::new().into());
    require(format.contains('%') || plain == Ok(Some(format.clone().into())), "a plain text stays")
}

/// The first line is a pattern, the others are text. A valid one matches where it finds something, and what it finds put
/// in its own place leaves the text as it was.
///
/// # Errors
/// The invariant that does not hold.
pub fn regex(bytes: &[u8]) -> Result<(), String> {
    let (pattern, text) = first_line(bytes);
    let (pattern, text) = (Value::from(pattern), Value::from(text));
    let valid = call("regex.is_valid", std::slice::from_ref(&pattern));
    let matched = call("regex.match", &[pattern.clone(), text.clone()]);
    if valid == Ok(Some(false.into())) {
        return require(matches!(matched, Err(BuiltinError::Failed(_))), "an invalid pattern is an error");
    }
    let found = call("regex.find_n", &[pattern.clone(), text.clone(), (-1_i64).into()]);
    if let (Ok(Some(matched)), Ok(Some(found))) = (&matched, &found) {
        let finds = found.count().is_some_and(|it| it > 0);
        require(*matched == Value::from(finds), "what matches is found")?;
    }
    match call("regex.replace", &[text.clone(), pattern, "$0".into()]) {
        Ok(replaced) => require(replaced == Some(text), "a match replaced by itself changes nothing"),
        Err(BuiltinError::Exceeded(_)) => Ok(()),
        Err(error) => Err(format!("a valid pattern replaces: {error}")),
    }
}

/// The first line is a layout, the others are a time by it. A layout writes every instant; what it reads is an instant;
/// and the most exact of the named ones reads what it wrote.
///
/// # Errors
/// The invariant that does not hold.
pub fn time_layout(bytes: &[u8]) -> Result<(), String> {
    let (layout, text) = first_line(bytes);
    let read = call("time.parse_ns", &[layout.as_str().into(), text.into()]);
    let instant = match read {
        Ok(Some(instant @ Value::Number(_))) => instant,
        Err(BuiltinError::Failed(_)) => Value::from(bytes.len()),
        other => return Err(format!("a time is read or refused: {other:?}")),
    };
    for layout in [layout.as_str(), "RFC3339Nano"] {
        let operand = Value::from(vec![instant.clone(), "Europe/Prague".into(), layout.into()]);
        let written = call("time.format", &[operand]);
        let Ok(Some(written @ Value::String(_))) = written else {
            return Err(format!("an instant is written: {written:?}"));
        };
        let again = call("time.parse_ns", &[layout.into(), written]);
        require(layout != "RFC3339Nano" || again == Ok(Some(instant.clone())), "a time reads back")?;
    }
    Ok(())
}

/// The first line is a query, the others are a schema. A query is as valid as its tree, and so is a schema.
///
/// # Errors
/// The invariant that does not hold.
pub fn graphql(bytes: &[u8]) -> Result<(), String> {
    let (query, schema) = first_line(bytes);
    let (query, schema) = (Value::from(query), Value::from(schema));
    let valid = |query: &Value, schema: &Value| call("graphql.is_valid", &[query.clone(), schema.clone()]);
    let Ok(Some(verdict @ Value::Bool(_))) = valid(&query, &schema) else {
        return Ok(()); // The budget is spent.
    };
    let tree = |name: &str, text: &Value| call(name, std::slice::from_ref(text)).ok().flatten();
    for (query, schema) in [
        (tree("graphql.parse_query", &query), Some(schema.clone())),
        (Some(query.clone()), tree("graphql.parse_schema", &schema)),
    ] {
        let (Some(query), Some(schema)) = (query, schema) else {
            return require(verdict == Value::from(false), "what cannot be read is not valid");
        };
        match valid(&query, &schema) {
            Ok(again) => require(again.as_ref() == Some(&verdict), "a tree is as valid as its text")?,
            Err(BuiltinError::Exceeded(_)) => {}
            Err(error) => return Err(format!("validity is an answer: {error}")),
        }
    }
    Ok(())
}

/// The first line is data as JSON, the others are a template. A template without actions is its own answer; one with them
/// has always the same.
///
/// # Errors
/// The invariant that does not hold.
pub fn template(bytes: &[u8]) -> Result<(), String> {
    let (data, template) = first_line(bytes);
    let data = match json::read(data.as_bytes(), &ReadLimits::default()) {
        Ok(data @ Value::Object(_)) => data,
        _ => Value::Object([("s", data)].into_iter().collect()),
    };
    let rendered = || call("strings.render_template", &[template.as_str().into(), data.clone()]);
    let once = rendered();
    require(once == rendered(), "the same answer twice")?;
    let plain = Ok(Some(Value::from(template.replace("<no value>", "<undefined>"))));
    require(template.contains("{{") || once == plain, "a plain text stays")
}

/// The first line names a format, the others are a text in it. What is read is a value of JSON, always the same.
///
/// # Errors
/// The invariant that does not hold.
pub fn config(bytes: &[u8]) -> Result<(), String> {
    let (format, text) = first_line(bytes);
    let read = || call("parse_config", &[format.as_str().into(), text.as_str().into()]);
    let once = read();
    require(once == read(), "the same answer twice")?;
    let Ok(Some(value)) = once else { return Ok(()) };
    let written = json::to_string(&value, Html::Plain);
    let again = json::read(written.as_bytes(), &ReadLimits::default());
    require(again.as_ref() == Ok(&value), "a configuration is a value of JSON")
}

fn first_line(bytes: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(bytes);
    let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
    (line.to_owned(), rest.to_owned())
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn call(name: &str, args: &[Value]) -> Result<Option<Value>, BuiltinError> {
    let Some(builtin) = builtins::find(name) else {
        return Err(BuiltinError::Failed(format!("no builtin {name}")));
    };
    let (mut budget, mut caches) = (Budget::new(STEPS, BYTES), Caches::default());
    let mut context = Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut (), caches: &mut caches };
    builtin.call(&mut context, args)
}

#[cfg(test)]
mod tests {
    use crate::rego::syntax::invariants::replay;

    #[test]
    fn the_seeds_of_json_hold() {
        replay("json", super::json);
    }

    #[test]
    fn the_seeds_of_yaml_hold() {
        replay("yaml", super::yaml);
    }

    #[test]
    fn the_seeds_of_sprintf_hold() {
        replay("sprintf", super::sprintf);
    }

    #[test]
    fn the_seeds_of_regular_expressions_hold() {
        replay("regex", super::regex);
    }

    #[test]
    fn the_seeds_of_time_layouts_hold() {
        replay("time_layout", super::time_layout);
    }

    #[test]
    fn the_seeds_of_graphql_hold() {
        replay("graphql", super::graphql);
    }

    #[test]
    fn the_seeds_of_templates_hold() {
        replay("template", super::template);
    }

    #[test]
    fn the_seeds_of_configurations_hold() {
        replay("config", super::config);
    }
}
