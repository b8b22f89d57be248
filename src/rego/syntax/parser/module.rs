//! Whole texts: modules, queries, single terms.

use std::sync::Arc;

use super::super::super::error::{ErrorCode, Errors, RegoError};
use super::super::super::source::{Source, SourceId, Sources, Span};
use super::super::annotations::{self, Block, Target};
use super::super::ast::{Body, Comment, ExprKind, Import, Module, Package, Rule, Term};
use super::super::token::Kind;
use super::Parser;
use super::body::Divided;
use super::v1::{Draft, rule_from_body};

/// A statement of a module.
pub(super) enum Statement {
    Package(Package),
    Import(Import),
    Rule(Box<Draft>),
    Body(Body),
}

impl Statement {
    fn span(&self) -> Span {
        match self {
            Self::Package(package) => package.span,
            Self::Import(import) => import.span,
            Self::Rule(draft) => draft.rule.span,
            Self::Body(body) => body.exprs.first().map_or(body.span, |first| first.span),
        }
    }
}

/// Whether rules may stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    Allowed,
    Skipped,
}

impl Parser<'_> {
    /// Statements up to the end or the first that cannot be read. Each is tried as a package, an import, a
    /// rule and a query, in this order.
    pub(super) fn statements(&mut self, rules: Rules) -> Vec<Statement> {
        let mut statements = Vec::new();
        while !self.at(Kind::Eof) {
            let before = self.save();
            let found = self.statement(rules, before, &mut statements);
            self.forget();
            if found.is_none() {
                break;
            }
        }
        statements
    }

    fn statement(&mut self, rules: Rules, before: super::State, out: &mut Vec<Statement>) -> Option<()> {
        if let Some(package) = self.package() {
            out.push(Statement::Package(package));
            return Some(());
        }
        self.try_next(before)?;
        if let Some(import) = self.import() {
            out.push(Statement::Import(import));
            return Some(());
        }
        self.try_next(before)?;
        if rules == Rules::Allowed {
            if let Some(drafts) = self.rules() {
                out.extend(drafts.into_iter().map(|draft| Statement::Rule(Box::new(draft))));
                return Some(());
            }
            self.try_next(before)?;
        }
        let body = self.expressions(Divided::BySemicolons, Kind::Eof)?;
        out.push(Statement::Body(body));
        Some(())
    }

    /// Goes back to try another kind of statement, unless there is an error.
    fn try_next(&mut self, before: super::State) -> Option<()> {
        if self.errors.is_empty() {
            self.restore(before);
            Some(())
        } else {
            None
        }
    }
}

/// What becomes of `# METADATA` comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Metadata {
    Read,
    Ignored,
}

/// Reads a module with its annotations.
///
/// # Errors
/// OPA's parse errors; an unknown source id is one without a place.
pub fn parse_module(sources: &Sources, id: SourceId) -> Result<Module, Errors> {
    read_module(sources, id, Metadata::Read)
}

/// Reads a module and takes annotations for plain comments, as `rego.parse_module` does.
///
/// # Errors
/// As [`parse_module`].
pub fn parse_module_only(sources: &Sources, id: SourceId) -> Result<Module, Errors> {
    read_module(sources, id, Metadata::Ignored)
}

fn read_module(sources: &Sources, id: SourceId, metadata: Metadata) -> Result<Module, Errors> {
    let source = known(sources, id)?;
    let mut parser = Parser::new(id, source.text());
    let statements = parser.statements(Rules::Allowed);
    let Parser { mut errors, comments, .. } = parser;
    let (blocks, block_errors) = match metadata {
        Metadata::Read => annotations::read_blocks(source, &comments),
        Metadata::Ignored => (Vec::new(), Vec::new()),
    };
    errors.extend(block_errors);
    Errors(errors).into_result(())?;
    if statements.is_empty() {
        let whole = Span::whole_file(id);
        return Err(RegoError::new(ErrorCode::Parse, "empty module", Some(whole)).into());
    }
    assemble(statements, comments, blocks, source)
}

fn known(sources: &Sources, id: SourceId) -> Result<&Source, Errors> {
    let unknown = || RegoError::new(ErrorCode::Parse, "unknown source", None);
    sources.get(id).ok_or_else(|| unknown().into())
}

/// Makes a module of its statements.
fn assemble(
    statements: Vec<Statement>,
    comments: Vec<Comment>,
    blocks: Vec<Block>,
    source: &Source,
) -> Result<Module, Errors> {
    let mut errors = Vec::new();
    let mut targets = Vec::new();
    let mut package = None;
    let mut imports = Vec::new();
    let mut drafts: Vec<Draft> = Vec::new();
    for (index, statement) in statements.into_iter().enumerate() {
        let span = statement.span();
        if index == 0 && !matches!(statement, Statement::Package(_)) {
            errors.push(parse_error(span, "package expected"));
            continue;
        }
        match statement {
            Statement::Package(first) if index == 0 => {
                targets.push((Target::Package, span));
                package = Some(first);
            }
            Statement::Package(_) => errors.push(parse_error(span, "unexpected package")),
            Statement::Import(import) => {
                targets.push((Target::Import, span));
                imports.push(import);
            }
            Statement::Rule(draft) => {
                targets.push((Target::Rule(drafts.len()), span));
                drafts.push(*draft);
            }
            Statement::Body(body) => match rule_from_body(&body) {
                Ok(draft) => {
                    targets.push((Target::Rule(drafts.len()), span));
                    drafts.push(draft);
                }
                Err(error) => errors.push(error),
            },
        }
    }
    errors.extend(drafts.iter().flat_map(Draft::check));
    let Some(package) = package else { return Err(Errors(errors)) };
    Errors(errors).into_result(())?;
    let rules: Vec<Rule> = drafts.into_iter().map(|draft| draft.rule).collect();
    let attached = annotations::attach(blocks, &targets, source)?;
    let mut module = Module { package, imports, rules: Vec::new(), annotations: attached, comments };
    annotations::assign(&mut module, rules);
    Ok(module)
}

fn parse_error(span: Span, message: &str) -> RegoError {
    RegoError::new(ErrorCode::Parse, message, Some(span))
}

/// Reads a query: expressions divided by semicolons or line ends.
///
/// # Errors
/// OPA's parse errors, and a compile error without a place where there are no expressions.
pub fn parse_query(sources: &Sources, id: SourceId) -> Result<Body, Errors> {
    let source = known(sources, id)?;
    let mut parser = Parser::new(id, source.text());
    let statements = parser.statements(Rules::Skipped);
    Errors(std::mem::take(&mut parser.errors)).into_result(())?;
    let mut exprs = Vec::new();
    for statement in statements {
        match statement {
            Statement::Body(body) => exprs.extend(body.exprs.iter().cloned()),
            other => return Err(parse_error(other.span(), "expected body").into()),
        }
    }
    let (Some(first), Some(last)) = (exprs.first(), exprs.last()) else {
        return Err(RegoError::new(ErrorCode::Compile, "empty query cannot be compiled", None).into());
    };
    let span = first.span.to(last.span);
    Ok(Body { exprs: exprs.into(), span })
}

/// Reads a single term.
///
/// # Errors
/// OPA's parse errors, and one where the text is not exactly one term.
pub fn parse_term(sources: &Sources, id: SourceId) -> Result<Term, Errors> {
    let body = parse_query(sources, id)?;
    match body.exprs.as_ref() {
        [expr] => match &expr.kind {
            ExprKind::Term(term) => Ok(term.clone()),
            ExprKind::Call(call) => {
                Ok(Term { kind: super::super::ast::TermKind::Call(Arc::clone(call)), span: expr.span })
            }
            _ => Err(parse_error(expr.span, "expected term").into()),
        },
        _ => Err(parse_error(body.span, "expected exactly one term").into()),
    }
}
