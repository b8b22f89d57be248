//! Loops: where an open loop stands, and its next turn.

use crate::rego::value::{Array, Object, Set, Value};

/// An open loop.
#[derive(Debug, Default)]
pub(super) enum Iter {
    #[default]
    Over,
    Array(Array, usize),
    Object(Object, usize),
    Set(Set, usize),
    /// Keys alone, the last one first.
    Keys(Vec<Value>),
    Walk(Box<Walk>),
}

/// One turn: key and value.
pub(super) type Turn = (Value, Value);

impl Iter {
    /// A loop over a collection; nothing for other values.
    pub(super) fn over(value: &Value) -> Option<Self> {
        match value {
            Value::Array(items) => Some(Self::Array(items.clone(), 0)),
            Value::Object(pairs) => Some(Self::Object(pairs.clone(), 0)),
            Value::Set(members) => Some(Self::Set(members.clone(), 0)),
            _ => None,
        }
    }

    /// The next turn; `None` where the loop is over.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let turn = match self {
            Self::Over => None,
            Self::Array(items, at) => items.get(*at).map(|item| (Value::from(*at), item.clone())),
            Self::Object(pairs, at) => pairs.at(*at).map(|(key, value)| (key.clone(), value.clone())),
            Self::Set(members, at) => members.at(*at).map(|member| (member.clone(), member.clone())),
            Self::Keys(keys) => keys.pop().map(|key| (key, Value::Null)),
            Self::Walk(walk) => walk.next(),
        };
        match (&turn, &mut *self) {
            (None, _) => *self = Self::Over,
            (Some(_), Self::Array(_, at) | Self::Object(_, at) | Self::Set(_, at)) => *at += 1,
            (Some(_), _) => {}
        }
        turn
    }

    /// The next turn without its key.
    pub(super) fn next_value(&mut self) -> Option<Value> {
        match self {
            Self::Array(items, at) => {
                let item = items.get(*at)?.clone();
                *at += 1;
                Some(item)
            }
            Self::Walk(walk) => walk.advance().map(|(_, value)| value),
            _ => self.next().map(|(_, value)| value),
        }
    }
}

/// A walk through a value: itself, then what is in it, depth first.
#[derive(Debug)]
pub(super) struct Walk {
    root: Option<Value>,
    path: Vec<Value>,
    open: Vec<Iter>,
}

impl Walk {
    pub(super) fn new(value: &Value) -> Self {
        Self { root: Some(value.clone()), path: Vec::new(), open: Vec::new() }
    }

    /// How much the next turn copies.
    pub(super) fn path_len(&self) -> usize {
        self.path.len()
    }

    fn next(&mut self) -> Option<Turn> {
        let (key, value) = self.advance()?;
        // A scalar's key is not on the path any more.
        let last = key.filter(|_| Iter::over(&value).is_none());
        Some((Value::from(self.path.iter().cloned().chain(last).collect::<Vec<_>>()), value))
    }

    /// Goes to the next value; the path is that of the innermost collection. The root has no key.
    fn advance(&mut self) -> Option<(Option<Value>, Value)> {
        if let Some(root) = self.root.take() {
            self.open.push(Iter::over(&root).unwrap_or_default());
            return Some((None, root));
        }
        loop {
            let Some((key, value)) = self.open.last_mut()?.next() else {
                self.open.pop();
                self.path.pop();
                continue;
            };
            if let Some(inner) = Iter::over(&value) {
                self.open.push(inner);
                self.path.push(key.clone());
            }
            return Some((Some(key), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::value::{ReadLimits, json};

    #[test]
    fn a_walk_shows_every_value_before_what_is_in_it() {
        let value = json::read(br#"{"a": [1, {"b": 2}], "c": 3}"#, &ReadLimits::default()).unwrap();
        let mut walk = Iter::Walk(Box::new(Walk::new(&value)));
        let paths: Vec<String> =
            std::iter::from_fn(|| walk.next()).map(|(path, _)| path.to_string()).collect();
        assert_eq!(paths, ["[]", r#"["a"]"#, r#"["a", 0]"#, r#"["a", 1]"#, r#"["a", 1, "b"]"#, r#"["c"]"#]);
    }
}
