//! Tables of TOML while they are filled: who may add to which.

use std::collections::BTreeMap;

use crate::rego::value::{Array, Object, Value};

#[derive(Debug)]
pub(super) enum Item {
    /// Finished: a scalar, an array, an inline table.
    Value(Value),
    Table(Table),
    /// Of `[[name]]` headers.
    Tables(Vec<Table>),
}

/// What made a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Maker {
    /// A header below it; its own header may still come.
    #[default]
    Path,
    Header,
    /// A dotted key: no header may add to it.
    Key,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    items: BTreeMap<String, Item>,
    maker: Maker,
}

impl Item {
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Table(table) => table.into_value(),
            Self::Tables(tables) => tables.into_iter().map(Table::into_value).collect::<Array>().into(),
        }
    }
}

impl Table {
    pub(super) fn into_value(self) -> Value {
        let pairs = self.items.into_iter().map(|(key, item)| (key, item.into_value()));
        pairs.collect::<Object>().into()
    }

    /// The table at a path of headers: the last one of an array of tables.
    fn walk(&mut self, path: &[String], maker: Maker) -> Result<&mut Self, String> {
        let mut table = self;
        for part in path {
            let new = || Item::Table(Self { maker, ..Self::default() });
            table = match table.items.entry(part.clone()).or_insert_with(new) {
                Item::Table(inner) => inner,
                Item::Tables(all) => all.last_mut().ok_or_else(|| format!("{part} is empty"))?,
                Item::Value(_) => return Err(format!("{part} is not a table")),
            };
        }
        Ok(table)
    }

    /// `[a.b]`
    pub(super) fn open(&mut self, path: &[String]) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let parent = self.walk(parents, Maker::Path)?;
        match parent.items.get_mut(last) {
            None => {
                let table = Self { maker: Maker::Header, ..Self::default() };
                parent.items.insert(last.clone(), Item::Table(table));
                Ok(())
            }
            Some(Item::Table(table)) if table.maker == Maker::Path => {
                table.maker = Maker::Header;
                Ok(())
            }
            Some(_) => Err(format!("{last} is defined twice")),
        }
    }

    /// `[[a.b]]`
    pub(super) fn open_element(&mut self, path: &[String]) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let parent = self.walk(parents, Maker::Path)?;
        match parent.items.entry(last.clone()).or_insert_with(|| Item::Tables(Vec::new())) {
            Item::Tables(all) => {
                all.push(Self { maker: Maker::Header, ..Self::default() });
                Ok(())
            }
            _ => Err(format!("{last} is defined twice")),
        }
    }

    /// `key = value` below a header.
    pub(super) fn insert(&mut self, header: &[String], key: &[String], value: Item) -> Result<(), String> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let mut table = self.walk(header, Maker::Path)?;
        for part in parents {
            let new = || Item::Table(Self { maker: Maker::Key, ..Self::default() });
            table = match table.items.entry(part.clone()).or_insert_with(new) {
                Item::Table(inner) if inner.maker != Maker::Header => inner,
                _ => return Err(format!("{part} is defined twice")),
            };
        }
        if table.items.insert(last.clone(), value).is_some() {
            return Err(format!("{last} is defined twice"));
        }
        Ok(())
    }
}
