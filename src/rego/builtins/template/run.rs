//! Running templates.

use super::functions::{self, Failure, failed};
use super::item::Item;
use super::lexer::line_of;
use super::parser::{MAIN, Templates};
use super::tree::{Binding, Branch, BranchKind, Command, Node, Nodes, Operand, OperandKind, Pipe};
use crate::rego::builtins::{BuiltinError, Context};
use crate::rego::value::{Object, Value};

/// Blocks and templates that are open at once: running recurses, and templates may call themselves.
const MAX_OPEN: u32 = 200;

type Result<T> = functions::Result<T>;

/// Runs the template of a text with its data.
///
/// # Errors
/// What went wrong first, with its place, in Go's words.
pub(super) fn run(
    context: &mut Context<'_>,
    source: &str,
    templates: &Templates<'_>,
    data: &Object,
) -> std::result::Result<String, BuiltinError> {
    let data = Item::Value(data.clone().into());
    let mut runner = Runner {
        context,
        templates,
        out: String::new(),
        variables: vec![("$", data.clone())],
        open: 0,
        at: 0,
        text: "",
        name: MAIN,
    };
    let Some(nodes) = templates.get(MAIN) else { return Ok(String::new()) };
    match runner.nodes(nodes, &data) {
        Ok(_) => Ok(runner.out),
        Err(Failure::Exceeded(error)) => Err(error),
        Err(Failure::Message(message)) => {
            let (line, name, text) = (line_of(source, runner.at), runner.name, runner.text);
            let before = source.get(..runner.at).unwrap_or_default();
            let column = before.len() - before.rfind('\n').map_or(0, |it| it + 1);
            Err(BuiltinError::Failed(format!(
                "template: template:{line}:{column}: executing {name:?} at <{text}>: {message}"
            )))
        }
    }
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Through,
    Break,
    Continue,
}

struct Runner<'a, 'b, 'c> {
    context: &'b mut Context<'c>,
    templates: &'a Templates<'a>,
    out: String,
    variables: Vec<(&'a str, Item)>,
    open: u32,
    /// The command that runs: what an error is about.
    at: usize,
    text: &'a str,
    /// The template that runs.
    name: &'a str,
}

impl<'a> Runner<'a, '_, '_> {
    fn nodes(&mut self, nodes: &'a Nodes<'a>, dot: &Item) -> Result<Flow> {
        for node in nodes {
            self.context.budget.steps(1)?;
            let flow = match node {
                Node::Text(text) => self.write(text)?,
                Node::Action(pipe) => {
                    let item = self.pipe(pipe, dot)?;
                    if pipe.variables.is_empty() {
                        let text = item.printed(self.context)?;
                        self.write(&text)?;
                    }
                    Flow::Through
                }
                Node::Branch(branch) => self.deeper(|runner| runner.branch(branch, dot))?,
                Node::Template { name, pipe, at } => {
                    let dot = match pipe {
                        Some(pipe) => self.pipe(pipe, dot)?,
                        None => Item::Missing,
                    };
                    (self.at, self.text) = (*at, "template");
                    self.deeper(|runner| runner.template(name, &dot))?
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Through {
                return Ok(flow);
            }
        }
        Ok(Flow::Through)
    }

    fn write(&mut self, text: &str) -> Result<Flow> {
        self.context.budget.bytes(text.len() as u64)?;
        self.out.push_str(text);
        Ok(Flow::Through)
    }

    /// Opens a block: what it declares goes with it.
    fn deeper(&mut self, run: impl FnOnce(&mut Self) -> Result<Flow>) -> Result<Flow> {
        if self.open == MAX_OPEN {
            return failed(format!("exceeded maximum template depth ({MAX_OPEN})"));
        }
        self.open += 1;
        let scope = self.variables.len();
        let flow = run(self);
        self.variables.truncate(scope);
        self.open -= 1;
        flow
    }

    fn template(&mut self, name: &'a str, dot: &Item) -> Result<Flow> {
        let Some(nodes) = self.templates.get(name) else {
            return failed(format!("template {name:?} not defined"));
        };
        let outer = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let caller = std::mem::replace(&mut self.name, name);
        self.nodes(nodes, dot)?;
        self.variables = outer;
        self.name = caller;
        Ok(Flow::Through)
    }

    fn branch(&mut self, branch: &'a Branch<'a>, dot: &Item) -> Result<Flow> {
        if branch.kind == BranchKind::Range {
            return self.range(branch, dot);
        }
        let item = self.pipe(&branch.pipe, dot)?;
        match (item.is_true(), branch.kind) {
            (true, BranchKind::With) => self.nodes(&branch.body, &item),
            (true, _) => self.nodes(&branch.body, dot),
            (false, _) => self.nodes(&branch.otherwise, dot),
        }
    }

    fn range(&mut self, branch: &'a Branch<'a>, dot: &Item) -> Result<Flow> {
        let item = self.value_of(&branch.pipe, dot)?;
        let mut index = 0;
        loop {
            let next = match &item {
                it if it.is_nothing() => None,
                Item::Value(Value::Array(items)) => {
                    items.get(index).map(|it| (Item::Int(to_int(index)), Item::Value(it.clone())))
                }
                Item::Value(Value::Object(pairs)) => {
                    pairs.at(index).map(|(key, it)| (Item::Value(key.clone()), Item::Value(it.clone())))
                }
                Item::Int(end) if to_int(index) < *end => {
                    Some((Item::Int(to_int(index)), Item::Int(to_int(index))))
                }
                Item::Int(_) => None,
                it => {
                    let shown = it.shown(self.context)?;
                    return failed(format!("range can't iterate over {shown}"));
                }
            };
            let Some((key, element)) = next else { break };
            index += 1;
            self.context.budget.steps(1)?;
            let scope = self.variables.len();
            self.bind_loop(&branch.pipe, key, &element)?;
            let flow = self.nodes(&branch.body, &element)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        if index == 0 { self.nodes(&branch.otherwise, dot) } else { Ok(Flow::Through) }
    }

    fn bind_loop(&mut self, pipe: &Pipe<'a>, key: Item, element: &Item) -> Result<()> {
        match pipe.variables.as_slice() {
            [one] => self.bind(pipe.binding, one, element.clone()),
            [first, second, ..] => {
                self.bind(pipe.binding, first, key)?;
                self.bind(pipe.binding, second, element.clone())
            }
            [] => Ok(()),
        }
    }

    fn bind(&mut self, binding: Binding, name: &'a str, item: Item) -> Result<()> {
        if binding == Binding::Declare {
            self.context.budget.bytes(size_of::<(&str, Item)>() as u64)?;
            self.variables.push((name, item));
            return Ok(());
        }
        self.context.budget.steps(1 + self.variables.len() as u64 / 8)?;
        if let Some(variable) = self.variables.iter_mut().rev().find(|it| it.0 == name) {
            variable.1 = item;
        }
        Ok(())
    }

    /// The value of a pipe, which its variables take.
    fn pipe(&mut self, pipe: &'a Pipe<'a>, dot: &Item) -> Result<Item> {
        let item = self.value_of(pipe, dot)?;
        for name in &pipe.variables {
            self.bind(pipe.binding, name, item.clone())?;
        }
        Ok(item)
    }

    fn value_of(&mut self, pipe: &'a Pipe<'a>, dot: &Item) -> Result<Item> {
        let mut last = None;
        for command in &pipe.commands {
            self.context.budget.steps(1)?;
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or(Item::Missing))
    }

    /// A command; what the one before it gave is its last argument.
    fn command(&mut self, command: &'a Command<'a>, dot: &Item, last: Option<Item>) -> Result<Item> {
        (self.at, self.text) = (command.at, command.text);
        let Some((first, rest)) = command.operands.split_first() else { return Ok(Item::Missing) };
        if let OperandKind::Function(name) = &first.kind {
            let item = self.function(name, rest, dot, last)?;
            (self.at, self.text) = (command.at, command.text);
            return Ok(item);
        }
        if !rest.is_empty() || last.is_some() {
            return failed(format!("can't give argument to non-function {}", command.text));
        }
        if matches!(first.kind, OperandKind::Nil) {
            return failed("nil is not a command");
        }
        self.operand(first, dot)
    }

    fn function(
        &mut self,
        name: &str,
        operands: &'a [Operand<'a>],
        dot: &Item,
        last: Option<Item>,
    ) -> Result<Item> {
        if matches!(name, "and" | "or") {
            return self.logical(name == "and", operands, dot, last);
        }
        let mut args = Vec::new();
        for operand in operands {
            self.context.draw(1)?;
            args.push(self.operand(operand, dot)?);
        }
        args.extend(last);
        functions::call(self.context, name, &args)
    }

    /// The first operand that decides, or the last; those behind it are not read.
    fn logical(
        &mut self,
        all: bool,
        operands: &'a [Operand<'a>],
        dot: &Item,
        last: Option<Item>,
    ) -> Result<Item> {
        let mut item = None;
        for operand in operands {
            let it = self.operand(operand, dot)?;
            if it.is_true() != all {
                return Ok(it);
            }
            item = Some(it);
        }
        match last.or(item) {
            Some(item) => Ok(item),
            None => failed(format!(
                "wrong number of args for {}: want at least 1 got 0",
                if all { "and" } else { "or" }
            )),
        }
    }

    fn operand(&mut self, operand: &'a Operand<'a>, dot: &Item) -> Result<Item> {
        self.context.budget.steps(1)?;
        let item = match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => Item::Value(Value::Null),
            OperandKind::Bool(it) => Item::Value((*it).into()),
            OperandKind::Int(it) => Item::Int(*it),
            OperandKind::Float(it) => Item::Float(*it),
            OperandKind::Text(text) => {
                self.context.budget.bytes(text.len() as u64)?;
                Item::text(text.as_str())
            }
            OperandKind::Variable(name) => {
                self.context.budget.steps(1 + self.variables.len() as u64 / 8)?;
                let found = self.variables.iter().rev().find(|it| it.0 == *name);
                found.map_or(Item::Missing, |it| it.1.clone())
            }
            OperandKind::Function(name) => self.function(name, &[], dot, None)?,
            OperandKind::Pipe(pipe) => self.pipe(pipe, dot)?,
        };
        operand.fields.iter().try_fold(item, |item, name| field(&item, name))
    }
}

fn to_int(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// A field: the value of a key.
fn field(item: &Item, name: &str) -> Result<Item> {
    match item {
        Item::Missing => Ok(Item::Missing),
        Item::Value(Value::Object(pairs)) => {
            Ok(pairs.get_str(name).map_or(Item::Missing, |it| Item::Value(it.clone())))
        }
        Item::Value(Value::Null) => failed(format!("nil pointer evaluating interface {{}}.{name}")),
        it => failed(format!("can't evaluate field {name} in type {}", it.type_name())),
    }
}
