//! Tokens as trees: what Go's `text/template` reads.

use std::collections::BTreeMap;

use super::functions;
use super::lexer::{Kind, Token, fault, tokens};
use super::literal;
use super::tree::{Binding, Branch, BranchKind, Command, Node, Nodes, Operand, OperandKind, Pipe};
use crate::rego::budget::Budget;
use crate::rego::builtins::BuiltinError;

/// Levels of blocks and parentheses within each other: reading and running recurse.
const MAX_NESTING: u32 = 64;

type Parsed<T> = Result<T, BuiltinError>;

/// The templates of a text by name; the text itself has the name `template`.
pub(super) type Templates<'a> = BTreeMap<String, Nodes<'a>>;

/// The name of the text itself.
pub(super) const MAIN: &str = "template";

/// Reads a template and those that it defines.
///
/// # Errors
/// What is wrong first, with its line.
pub(super) fn parse<'a>(source: &'a str, budget: &mut Budget) -> Parsed<Templates<'a>> {
    let tokens = tokens(source, budget)?;
    let mut parser = Parser {
        source,
        tokens,
        next: 0,
        depth: 0,
        loops: 0,
        variables: vec!["$"],
        templates: Templates::new(),
        budget,
    };
    let (nodes, end) = parser.nodes()?;
    if let Some(end) = end {
        return parser.fault(&format!("unexpected {{{{{}}}}}", end.name()));
    }
    parser.define(MAIN.to_owned(), nodes)?;
    Ok(parser.templates)
}

/// What ends a list of nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    End,
    Else,
}

impl End {
    fn name(self) -> &'static str {
        if self == Self::End { "end" } else { "else" }
    }
}

struct Parser<'a, 'b> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    next: usize,
    depth: u32,
    /// `range`s around.
    loops: u32,
    variables: Vec<&'a str>,
    templates: Templates<'a>,
    budget: &'b mut Budget,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Token<'a> {
        let end = Token { kind: Kind::Eof, text: "", at: self.source.len() };
        self.tokens.get(self.next).copied().unwrap_or(end)
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn skip_space(&mut self) {
        if self.peek().kind == Kind::Space {
            self.next += 1;
        }
    }

    fn fault<T>(&self, message: &str) -> Parsed<T> {
        fault(self.source, self.peek().at, message)
    }

    fn unexpected<T>(&self, context: &str) -> Parsed<T> {
        let token = self.peek();
        let shown = match token.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Word if KEYWORDS.contains(&token.text) => format!("<{}>", token.text),
            _ if token.text.chars().count() > 10 => {
                format!("{:?}...", token.text.chars().take(10).collect::<String>())
            }
            _ => format!("{:?}", token.text),
        };
        self.fault(&format!("unexpected {shown} in {context}"))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token<'a>> {
        self.skip_space();
        if self.peek().kind == kind { Ok(self.take()) } else { self.unexpected(context) }
    }

    /// Whether a variable is declared; looking for it takes a walk through all.
    fn is_declared(&mut self, name: &str) -> Parsed<bool> {
        self.budget.steps(1 + self.variables.len() as u64 / 8)?;
        Ok(self.variables.contains(&name))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_NESTING {
            return self.fault(&format!("nesting is deeper than {MAX_NESTING} levels"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Nodes up to an `end` or `else`, the word of which is taken, or up to the end of the text.
    fn nodes(&mut self) -> Parsed<(Nodes<'a>, Option<End>)> {
        let mut nodes = Vec::new();
        loop {
            let token = self.take();
            self.budget.bytes(size_of::<Node<'_>>() as u64)?;
            match token.kind {
                Kind::Eof => return Ok((nodes, None)),
                Kind::Text => {
                    nodes.push(Node::Text(token.text));
                    continue;
                }
                _ => self.skip_space(),
            }
            let word = self.peek();
            if word.kind != Kind::Word || !KEYWORDS.contains(&word.text) {
                let pipe = self.pipe("command", Kind::Close)?;
                nodes.push(Node::Action(pipe));
                continue;
            }
            self.take();
            match word.text {
                "end" => {
                    self.expect(Kind::Close, "end")?;
                    return Ok((nodes, Some(End::End)));
                }
                "else" => return Ok((nodes, Some(End::Else))),
                "define" => self.definition()?,
                "block" => nodes.push(self.block(word.at)?),
                "template" => nodes.push(self.template(word.at)?),
                "break" | "continue" => nodes.push(self.jump(word.text)?),
                keyword => nodes.push(Node::Branch(self.branch(kind_of(keyword))?)),
            }
        }
    }

    fn jump(&mut self, word: &str) -> Parsed<Node<'a>> {
        self.expect(Kind::Close, word)?;
        if self.loops == 0 {
            return self.fault(&format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(if word == "break" { Node::Break } else { Node::Continue })
    }

    /// A branch behind its keyword.
    fn branch(&mut self, kind: BranchKind) -> Parsed<Branch<'a>> {
        self.nested(|parser| {
            let scope = parser.variables.len();
            let context = match kind {
                BranchKind::If => "if",
                BranchKind::Range => "range",
                BranchKind::With => "with",
            };
            let pipe = parser.pipe(context, Kind::Close)?;
            let around = parser.loops;
            parser.loops += u32::from(kind == BranchKind::Range);
            let body = parser.nodes();
            parser.loops = around;
            let (body, end) = body?;
            let otherwise = match end {
                Some(End::End) => Vec::new(),
                Some(End::Else) => parser.otherwise(kind)?,
                None => return parser.fault("unexpected EOF"),
            };
            parser.variables.truncate(scope);
            Ok(Branch { kind, pipe, body, otherwise })
        })
    }

    /// What stands behind `else`: nodes up to `end`, or another branch, which takes the `end` for both.
    fn otherwise(&mut self, kind: BranchKind) -> Parsed<Nodes<'a>> {
        self.skip_space();
        let word = self.peek();
        let chained = match (word.kind, word.text) {
            (Kind::Word, "if") if kind == BranchKind::If => Some(BranchKind::If),
            (Kind::Word, "with") if kind == BranchKind::With => Some(BranchKind::With),
            _ => None,
        };
        if let Some(kind) = chained {
            self.take();
            return Ok(vec![Node::Branch(self.branch(kind)?)]);
        }
        self.expect(Kind::Close, "else")?;
        match self.nodes()? {
            (nodes, Some(End::End)) => Ok(nodes),
            (_, Some(End::Else)) => self.fault("expected end; found {{else}}"),
            (_, None) => self.fault("unexpected EOF"),
        }
    }

    /// The name of a template, behind the keyword.
    fn name(&mut self, context: &str) -> Parsed<String> {
        self.skip_space();
        let token = self.peek();
        match token.kind {
            Kind::String | Kind::Raw => {
                self.take();
                self.text(token)
            }
            _ => self.unexpected(context),
        }
    }

    fn text(&self, token: Token<'a>) -> Parsed<String> {
        literal::text(token).map_or_else(|| self.fault("invalid syntax"), Ok)
    }

    /// A body that sees no variables but `$`, up to its `end`.
    fn body(&mut self, context: &str) -> Parsed<Nodes<'a>> {
        self.nested(|parser| {
            let outer = std::mem::replace(&mut parser.variables, vec!["$"]);
            let loops = std::mem::take(&mut parser.loops);
            let body = parser.nodes();
            (parser.variables, parser.loops) = (outer, loops);
            let (nodes, end) = body?;
            match end {
                Some(End::End) => Ok(nodes),
                Some(End::Else) => parser.fault(&format!("unexpected {{{{else}}}} in {context}")),
                None => parser.fault("unexpected EOF"),
            }
        })
    }

    fn definition(&mut self) -> Parsed<()> {
        if self.depth > 0 {
            return self.unexpected("command");
        }
        let name = self.name("define clause")?;
        self.expect(Kind::Close, "define clause")?;
        let nodes = self.body("define clause")?;
        self.define(name, nodes)
    }

    /// A template without more than blanks does not replace another of its name.
    fn define(&mut self, name: String, nodes: Nodes<'a>) -> Parsed<()> {
        let is_empty = |nodes: &Nodes<'_>| {
            nodes.iter().all(|it| matches!(it, Node::Text(text) if text.trim().is_empty()))
        };
        match self.templates.get(&name) {
            Some(known) if is_empty(&nodes) && !is_empty(known) => Ok(()),
            Some(known) if !is_empty(known) => {
                self.fault(&format!("template: multiple definition of template {name:?}"))
            }
            _ => {
                self.templates.insert(name, nodes);
                Ok(())
            }
        }
    }

    fn block(&mut self, at: usize) -> Parsed<Node<'a>> {
        let name = self.name("block clause")?;
        let pipe = self.pipe("block clause", Kind::Close)?;
        let nodes = self.body("block clause")?;
        self.define(name.clone(), nodes)?;
        Ok(Node::Template { name, pipe: Some(pipe), at })
    }

    fn template(&mut self, at: usize) -> Parsed<Node<'a>> {
        let name = self.name("template clause")?;
        self.skip_space();
        if self.peek().kind == Kind::Close {
            self.take();
            return Ok(Node::Template { name, pipe: None, at });
        }
        let pipe = self.pipe("template clause", Kind::Close)?;
        Ok(Node::Template { name, pipe: Some(pipe), at })
    }

    /// Commands with `|` between them, and perhaps variables before them, up to a token that is taken.
    fn pipe(&mut self, context: &str, end: Kind) -> Parsed<Pipe<'a>> {
        self.skip_space();
        let (variables, binding) = self.bindings(context)?;
        let mut commands: Vec<Command<'a>> = Vec::new();
        loop {
            self.skip_space();
            if self.peek().kind == end {
                break;
            }
            let command = self.command(end)?;
            let is_constant = |it: &Command<'_>| {
                let first = it.operands.first();
                first.is_some_and(|it| {
                    it.fields.is_empty()
                        && matches!(
                            it.kind,
                            OperandKind::Bool(_)
                                | OperandKind::Dot
                                | OperandKind::Nil
                                | OperandKind::Int(_)
                                | OperandKind::Float(_)
                                | OperandKind::Text(_)
                        )
                })
            };
            if !commands.is_empty() && is_constant(&command) {
                let stage = commands.len() + 1;
                return self.fault(&format!("non executable command in pipeline stage {stage}"));
            }
            commands.push(command);
        }
        self.take();
        if commands.is_empty() {
            return self.fault(&format!("missing value for {context}"));
        }
        if binding == Binding::Declare {
            self.variables.extend(&variables);
        }
        Ok(Pipe { variables, binding, commands })
    }

    /// `$a :=`, `$a =`, and in `range` also `$a, $b :=`.
    fn bindings(&mut self, context: &str) -> Parsed<(Vec<&'a str>, Binding)> {
        let start = self.next;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Variable {
            names.push(self.take().text);
            self.skip_space();
            match self.peek().kind {
                kind @ (Kind::Declare | Kind::Assign) => {
                    self.take();
                    self.skip_space();
                    if kind == Kind::Declare {
                        return Ok((names, Binding::Declare));
                    }
                    for name in &names {
                        if !self.is_declared(name)? {
                            return self.fault(&format!("undefined variable {name:?}"));
                        }
                    }
                    return Ok((names, Binding::Assign));
                }
                Kind::Comma if context == "range" && names.len() == 1 => {
                    self.take();
                    self.skip_space();
                    if self.peek().kind != Kind::Variable {
                        return self.fault("range can only initialize variables");
                    }
                }
                Kind::Comma => return self.fault(&format!("too many declarations in {context}")),
                _ => break,
            }
        }
        self.next = start;
        Ok((Vec::new(), Binding::Declare))
    }

    fn command(&mut self, end: Kind) -> Parsed<Command<'a>> {
        let at = self.peek().at;
        let mut operands = Vec::new();
        loop {
            self.budget.bytes(size_of::<Operand<'_>>() as u64)?;
            if let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            match self.peek().kind {
                Kind::Space => {
                    self.take();
                }
                Kind::Pipe => {
                    self.take();
                    self.skip_space();
                    if self.peek().kind == end {
                        return self.fault("missing value for command");
                    }
                    break;
                }
                kind if kind == end => break,
                _ => return self.unexpected("operand"),
            }
        }
        if operands.is_empty() {
            return self.fault("empty command");
        }
        let stop = self.peek().at.max(at);
        let text = self.source[at..stop].trim_end_matches([' ', '\t', '\n', '\r', '|']);
        Ok(Command { operands, at, text })
    }

    fn operand(&mut self) -> Parsed<Option<Operand<'a>>> {
        let token = self.peek();
        let kind = match token.kind {
            Kind::Dot => OperandKind::Dot,
            Kind::Field => {
                let fields = self.fields();
                return Ok(Some(Operand { kind: OperandKind::Dot, fields }));
            }
            Kind::Variable => {
                if !self.is_declared(token.text)? {
                    return self.fault(&format!("undefined variable {:?}", token.text));
                }
                OperandKind::Variable(token.text)
            }
            Kind::Word => match token.text {
                "true" => OperandKind::Bool(true),
                "false" => OperandKind::Bool(false),
                "nil" => OperandKind::Nil,
                name if functions::is_known(name) => OperandKind::Function(name),
                name => return self.fault(&format!("function {name:?} not defined")),
            },
            Kind::String | Kind::Raw => OperandKind::Text(self.text(token)?),
            Kind::Char | Kind::Number => match literal::number(token) {
                Some(number) => number,
                None => return self.fault(&format!("bad number syntax: {:?}", token.text)),
            },
            Kind::ParenL => {
                self.take();
                let pipe = self.nested(|parser| parser.pipe("parenthesized pipeline", Kind::ParenR))?;
                let fields = self.fields();
                return Ok(Some(Operand { kind: OperandKind::Pipe(Box::new(pipe)), fields }));
            }
            _ => return Ok(None),
        };
        self.take();
        let takes_fields = matches!(kind, OperandKind::Variable(_));
        if !takes_fields && self.peek().kind == Kind::Field {
            return self.fault(&format!("unexpected . after term {:?}", token.text));
        }
        Ok(Some(Operand { kind, fields: self.fields() }))
    }

    fn fields(&mut self) -> Vec<&'a str> {
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(&self.take().text[1..]);
        }
        fields
    }
}

const KEYWORDS: [&str; 10] =
    ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

fn kind_of(keyword: &str) -> BranchKind {
    match keyword {
        "if" => BranchKind::If,
        "range" => BranchKind::Range,
        _ => BranchKind::With,
    }
}
