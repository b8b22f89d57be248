//! `json.patch`: the operations of RFC 6902, also on sets, whose members are their own keys.

use super::super::operand::{Answer, any, array, failed};
use super::super::{BuiltinError, Context};
use super::keys;
use crate::rego::value::{Array, Value};

type Result<T> = std::result::Result<T, BuiltinError>;

pub(super) fn patch(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let operations = array(args, 2)?;
    let mut document = Document { root: Some(any(args, 1).clone()), context };
    for operation in operations {
        document.apply(operation)?;
        if let Some(root) = &document.root {
            root.check_depth()?;
        }
    }
    // A document that was removed and not replaced is undefined.
    Ok(document.root)
}

struct Document<'a, 'b> {
    /// Nothing: it was removed.
    root: Option<Value>,
    context: &'a mut Context<'b>,
}

fn attribute<'a>(operation: &'a Value, name: &str) -> Result<&'a Value> {
    let missing = || BuiltinError::Failed(format!("missing required attribute '{name}'"));
    operation.get_str(name).ok_or_else(missing)
}

impl Document<'_, '_> {
    fn apply(&mut self, operation: &Value) -> Result<()> {
        if operation.as_object().is_none() {
            return failed(
                "must be an array of JSON-Patch objects, but at least one element is not an object",
            );
        }
        let path = attribute(operation, "path")?;
        let op = attribute(operation, "op")?;
        let Some(op) = op.as_str() else {
            return failed(format!("attribute 'op' must be a string but found: {}", op.type_name()));
        };
        let path = keys(path)?;
        match op {
            "add" => self.insert(&path, attribute(operation, "value")?.clone()),
            "remove" => self.delete(&path),
            "replace" => {
                self.delete(&path)?;
                self.insert(&path, attribute(operation, "value")?.clone())
            }
            "move" => {
                let from = keys(attribute(operation, "from")?)?;
                let value = self.read(&from)?;
                self.delete(&from)?;
                self.insert(&path, value)
            }
            "copy" => {
                let from = keys(attribute(operation, "from")?)?;
                let value = self.read(&from)?;
                self.insert(&path, value)
            }
            "test" => {
                let found = self.read(&path)?;
                let wanted = attribute(operation, "value")?;
                if found == *wanted {
                    return Ok(());
                }
                failed(format!("value from EditTree != patch value.\n\nExpected: {wanted}\n\nFound: {found}"))
            }
            other => failed(format!("unrecognized op: '{other}'")),
        }
    }

    fn whole(&self) -> Result<&Value> {
        let gone =
            || BuiltinError::Failed("nil value encountered where composite value was expected".to_owned());
        self.root.as_ref().ok_or_else(gone)
    }

    fn read(&mut self, path: &[Value]) -> Result<Value> {
        self.context.budget.steps(path.len() as u64)?;
        let found = path.iter().try_fold(self.whole()?, |value, key| child(value, key))?;
        Ok(found.clone())
    }

    fn insert(&mut self, path: &[Value], value: Value) -> Result<()> {
        let Some((last, parents)) = path.split_last() else {
            self.root = Some(value);
            return Ok(());
        };
        self.edit(parents, |container| inserted(container, last, value))
    }

    fn delete(&mut self, path: &[Value]) -> Result<()> {
        let Some((last, parents)) = path.split_last() else {
            if self.root.take().is_none() {
                return failed("deleted node encountered during delete operation");
            }
            return Ok(());
        };
        self.edit(parents, |container| deleted(container, last))
    }

    /// Changes what stands at a path, and everything around it.
    fn edit(&mut self, path: &[Value], change: impl FnOnce(&Value) -> Result<Value>) -> Result<()> {
        let mut around = vec![self.whole()?.clone()];
        for key in path {
            let inner = child(&around[around.len() - 1], key)?.clone();
            around.push(inner);
        }
        for value in &around {
            self.context.draw(2 * value.count().unwrap_or(0))?;
        }
        let mut changed = change(&around[around.len() - 1])?;
        for (outer, key) in around.iter().zip(path).rev() {
            changed = replaced(outer, key, changed)?;
        }
        self.root = Some(changed);
        Ok(())
    }
}

/// Go's name of the type, as OPA prints it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "ast.Null",
        Value::Bool(_) => "ast.Boolean",
        Value::Number(_) => "ast.Number",
        _ => "ast.String",
    }
}

fn child<'a>(value: &'a Value, key: &Value) -> Result<&'a Value> {
    let missing = |kind: &str| failed(format!("path {key} does not exist in {kind} term {value}"));
    match value {
        Value::Object(pairs) => pairs.get(key).map_or_else(|| missing("object"), Ok),
        Value::Set(members) => members.get(key).map_or_else(|| missing("set"), Ok),
        Value::Array(items) => {
            let index = index(items, key)?;
            let found = usize::try_from(index).ok().and_then(|it| items.get(it));
            found.map_or_else(|| failed(format!("path {index} does not exist in array term {value}")), Ok)
        }
        other => failed(format!(
            "expected composite type for path {key}, found value: {other} (type: {})",
            type_of(other)
        )),
    }
}

/// The position that a key names in an array; `-` is the one behind the last item.
fn index(items: &Array, key: &Value) -> Result<i64> {
    match key {
        Value::Number(number) => {
            number.as_plain_i64().map_or_else(|| failed("invalid number type for indexing"), Ok)
        }
        Value::String(text) if &**text == "-" => Ok(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        Value::String(text) => {
            let Ok(index) = text.parse() else { return failed("invalid string for indexing") };
            if &**text != "0" && text.starts_with('0') {
                return failed("leading zeros are not allowed in JSON paths");
            }
            Ok(index)
        }
        _ => failed("invalid type for indexing"),
    }
}

fn no_container(value: &Value) -> BuiltinError {
    BuiltinError::Failed(format!("expected composite type, found value: {value} (type: {})", type_of(value)))
}

fn inserted(container: &Value, key: &Value, value: Value) -> Result<Value> {
    match container {
        Value::Object(pairs) => Ok(pairs.with(key.clone(), value).into()),
        Value::Set(members) if *key == value => Ok(members.with(value).into()),
        Value::Set(_) => failed(format!("set key {key} does not equal value to be inserted {value}")),
        Value::Array(items) => {
            let index = usize::try_from(index(items, key)?).ok().filter(|it| *it <= items.len());
            let Some(index) = index else { return failed("index for array insertion out of bounds") };
            let mut items = items.to_vec();
            items.insert(index, value);
            Ok(items.into())
        }
        other => Err(no_container(other)),
    }
}

fn deleted(container: &Value, key: &Value) -> Result<Value> {
    let missing = || failed(format!("cannot delete child key {key} that does not exist"));
    match container {
        Value::Object(pairs) if pairs.contains_key(key) => Ok(pairs.without(key).into()),
        Value::Set(members) if members.contains(key) => Ok(members.without(key).into()),
        Value::Object(_) | Value::Set(_) => missing(),
        Value::Array(items) => {
            let index = usize::try_from(index(items, key)?).ok().filter(|it| *it < items.len());
            let Some(index) = index else { return failed("index for array delete out of bounds") };
            let mut items = items.to_vec();
            items.remove(index);
            Ok(items.into())
        }
        other => Err(no_container(other)),
    }
}

/// The container with another value where `key` leads.
fn replaced(container: &Value, key: &Value, value: Value) -> Result<Value> {
    match container {
        Value::Object(pairs) => Ok(pairs.with(key.clone(), value).into()),
        Value::Set(members) => Ok(members.without(key).with(value).into()),
        Value::Array(items) => {
            let index = usize::try_from(index(items, key)?).unwrap_or(usize::MAX);
            let mut items = items.to_vec();
            if let Some(item) = items.get_mut(index) {
                *item = value;
            }
            Ok(items.into())
        }
        other => Err(no_container(other)),
    }
}
