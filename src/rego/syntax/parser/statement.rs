//! `package` and `import`.

use std::sync::Arc;

use super::super::ast::{Import, Package, Ref, Term, TermKind};
use super::super::display;
use super::super::token::{Keywords, Kind, keyword};
use super::Parser;

/// What the path of an import may begin with, as OPA prints it.
const IMPORT_ROOTS: &str = "{data, future, input, rego}";

/// The keywords that `future.keywords` once brought in, as OPA prints them.
const FUTURE_KEYWORDS: [&str; 4] = ["contains", "every", "if", "in"];

impl Parser<'_> {
    /// Steps over the keyword of a statement. None where it is the first part of a reference instead.
    fn statement_keyword(&mut self) -> Option<()> {
        self.scan_or_space();
        if matches!(self.kind(), Kind::Dot | Kind::LBrack) {
            return None;
        }
        if self.at(Kind::Whitespace) {
            self.scan();
        }
        if !self.at(Kind::Ident) && !self.kind().is_keyword() {
            self.unexpected();
            return None;
        }
        self.state.kind = Kind::Ident;
        Some(())
    }

    pub(super) fn package(&mut self) -> Option<Package> {
        if !self.at(Kind::Package) {
            return None;
        }
        let span = self.here();
        self.statement_keyword()?;
        let term = self.term()?;
        let (first, steps) = match &term.kind {
            TermKind::Var(_) | TermKind::Wildcard(_) => (&term, Arc::from([])),
            TermKind::Ref(reference) => (reference.head.as_ref(), Arc::clone(&reference.path)),
            _ => {
                self.unexpected();
                return None;
            }
        };
        let Some(first) = name_text(first) else {
            let message = format!("unexpected {} token: expecting var", first.type_name());
            self.error(first.span, message);
            return None;
        };
        self.check_string_steps(&steps)?;
        let head = Term { kind: TermKind::Var(self.name("data")), span: term.span };
        let first = Term { kind: TermKind::String(first), span: term.span };
        let path = std::iter::once(first).chain(steps.iter().cloned()).collect();
        let path = Ref { head: Arc::new(head), path, span: term.span };
        Some(Package { path, annotations: Vec::new(), span })
    }

    fn check_string_steps(&mut self, steps: &[Term]) -> Option<()> {
        let wrong = steps.iter().find(|step| step.as_string().is_none());
        let Some(wrong) = wrong else { return Some(()) };
        self.error(wrong.span, format!("unexpected {} token: expecting string", wrong.type_name()));
        None
    }

    pub(super) fn import(&mut self) -> Option<Import> {
        if !self.at(Kind::Import) {
            return None;
        }
        let span = self.here();
        self.statement_keyword()?;
        self.lexer.keywords = Keywords::WithoutFuture;
        let term = self.term();
        self.lexer.keywords = Keywords::All;
        let path = self.import_path(term)?;
        self.check_import_root(&path)?;
        if self.at(Kind::As) {
            let alias = self.import_alias()?;
            let import = Import { path, alias: Some(alias), span };
            self.check_special_import(&import);
            return Some(import);
        }
        self.check_import_name(&path);
        let import = Import { path, alias: None, span };
        self.check_special_import(&import);
        Some(import)
    }

    fn import_path(&mut self, term: Option<Term>) -> Option<Ref> {
        let span = term.as_ref().map_or(self.here(), |term| term.span);
        match term.map(|term| term.kind) {
            Some(TermKind::Ref(reference)) => {
                self.check_string_steps(&reference.path)?;
                Some(reference)
            }
            Some(kind @ (TermKind::Var(_) | TermKind::Wildcard(_))) => {
                Some(Ref { head: Arc::new(Term { kind, span }), path: [].into(), span })
            }
            _ => {
                self.error(self.here(), "expected path");
                None
            }
        }
    }

    fn check_import_root(&mut self, path: &Ref) -> Option<()> {
        if path
            .head
            .as_var()
            .is_some_and(|root| matches!(root.as_ref(), "data" | "input" | "future" | "rego"))
        {
            return Some(());
        }
        self.hints.push("if this is unexpected, try updating OPA");
        let got = display::term_text(&path.head);
        let message = format!("unexpected import path, must begin with one of: {IMPORT_ROOTS}, got: {got}");
        self.error(path.span, message);
        None
    }

    /// The name after `as`: a lone variable.
    fn import_alias(&mut self) -> Option<(super::super::ast::Name, super::super::super::source::Span)> {
        self.scan();
        if self.at(Kind::Ident)
            && let Some(alias) = self.term()
            && alias.type_name() == "var"
            && let Some(name) = name_text(&alias)
        {
            return Some((name, alias.span));
        }
        self.expected("expected var");
        None
    }

    /// Without an alias the last part of the path becomes a name, and must be able to.
    fn check_import_name(&mut self, path: &Ref) {
        let future = path.head.as_var().is_some_and(|root| root.as_ref() == "future");
        let last = match path.path.last() {
            Some(_) if future => return,
            Some(last) => last,
            None => &path.head,
        };
        let Some(name) = last.as_string().or_else(|| last.as_var()) else { return };
        if keyword(name).is_some() {
            self.error(
                last.span,
                format!("unexpected import path, must not end with a keyword, got: {name}"),
            );
            self.hints.push("import a different path or use an alias");
        }
    }

    /// `rego.v1` and `future.keywords` bring nothing in any more, but their paths must be right.
    fn check_special_import(&mut self, import: &Import) {
        let path = &import.path;
        let steps: Vec<&str> =
            path.path.iter().filter_map(|step| step.as_string()).map(AsRef::as_ref).collect();
        let root = path.head.as_var().map(AsRef::as_ref);
        let message = match (root, steps.as_slice()) {
            (Some("rego"), ["v1"]) => return,
            (Some("rego"), _) => {
                format!("invalid import `{}`, must be `rego.v1`", display::ref_text(path))
            }
            (Some("future"), ["keywords", ..]) if import.alias.is_some() => {
                "`future` imports cannot be aliased".to_owned()
            }
            (Some("future"), ["keywords", one]) if !FUTURE_KEYWORDS.contains(one) => {
                format!("unexpected keyword, must be one of [{}]", FUTURE_KEYWORDS.join(" "))
            }
            (Some("future"), ["keywords", ..]) => return,
            (Some("future"), _) => "invalid import, must be `future.keywords`".to_owned(),
            _ => return,
        };
        self.error(path.span, message);
    }
}

/// The text of a name, also of `_`.
fn name_text(term: &Term) -> Option<super::super::ast::Name> {
    match &term.kind {
        TermKind::Var(name) => Some(Arc::clone(name)),
        TermKind::Wildcard(_) => Some("_".into()),
        _ => None,
    }
}
