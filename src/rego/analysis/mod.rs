//! What stands between parsing and evaluation: names are resolved, what OPA rewrites is rewritten, and what means
//! nothing is refused with OPA's codes, messages and places.
//!
//! [`analyse`] reads as the list of phases. A phase looks at everything before it reports, and the first that
//! reports anything is the last. Every pass is linear in the text, but for sorting.

mod calls;
mod capture;
mod conflicts;
mod dynamic;
mod emit;
mod functions;
mod hoist;
mod imports;
mod maps;
mod metadata;
mod names;
mod print;
mod query;
mod recursion;
mod rules;
mod safety;
mod scope;
mod tree;
mod types;
mod walk;
mod with;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{Checks, CompileOptions, ErrorLimit};
use super::error::{ErrorCode, Errors, RegoError};
use super::hir;
use super::source::Sources;
use super::syntax::annotations::AnnotationSet;
use super::syntax::ast;
use super::types::FnType;
use super::value::Str;

use calls::UnknownFunctions;
use capture::Around;
use functions::Functions;
use names::{Found, Known};
use rules::{Exports, Globals, RuleTree};
use tree::Counter;
use types::{RuleTypes, Schemas};

/// Modules that were analysed together: the program, and what queries against it need to know.
#[derive(Debug)]
pub struct Analysis {
    /// What is evaluated.
    pub program: hir::Program,
    tree: RuleTree,
    functions: Functions,
    exports: Exports,
    groups: emit::Groups,
    types: RuleTypes,
    options: CompileOptions,
}

impl Analysis {
    pub(crate) fn options(&self) -> &CompileOptions {
        &self.options
    }

    /// Compiles a query; `sources` has its text. A package gives it the names of its rules, imports theirs.
    ///
    /// # Errors
    /// All that the first phase that finds any finds.
    pub fn query(
        &self,
        sources: &Sources,
        body: &ast::Body,
        package: Option<&ast::Package>,
        imports: &[ast::Import],
    ) -> Result<hir::Query, Errors> {
        query::compile(self, sources, body, package, imports)
    }
}

/// Analyses modules; `sources` has their texts.
///
/// # Errors
/// All that the first phase that finds any finds, sorted, at most as many as the options say.
pub fn analyse(
    modules: &[ast::Module],
    sources: &Sources,
    options: &CompileOptions,
) -> Result<Analysis, Errors> {
    let (program, types) = checked(modules, sources, options, UnknownFunctions::Refused)?;
    program.emit(types)
}

/// The builtins and functions of the host that modules call. Functions that nobody defines may be those of modules that
/// are not there.
///
/// # Errors
/// As [`analyse`].
pub fn builtins_called(
    modules: &[ast::Module],
    sources: &Sources,
    options: &CompileOptions,
) -> Result<BTreeMap<Str, FnType>, Errors> {
    let (program, _) = checked(modules, sources, options, UnknownFunctions::Allowed)?;
    Ok(program.builtins_called())
}

fn checked<'a>(
    modules: &'a [ast::Module],
    sources: &'a Sources,
    options: &'a CompileOptions,
    unknown: UnknownFunctions,
) -> Result<(Modules<'a>, RuleTypes), Errors> {
    let functions = Functions::new(&options.host, &options.denied)?;
    let all = modules;
    let mut sorted: Vec<usize> = (0..all.len()).collect();
    sorted.sort_by_key(|index| sources.name(all[*index].package.span));
    let modules: Vec<&ast::Module> = sorted.iter().map(|index| &all[*index]).collect();
    end_of_phase(sources, options.error_limit, rules::check_paths(&modules))?;
    let tree = RuleTree::new(&modules);
    let exports = Exports::new(&modules);
    let parsed = modules;
    let mut program = Modules {
        sources,
        options,
        unknown,
        parsed,
        functions,
        tree,
        exports,
        called: BTreeSet::new(),
        schemas: Schemas::default(),
        rules: Vec::new(),
    };

    program.resolve_names()?;
    program.rewrite_templates()?;
    program.check_void_calls()?;
    program.rewrite_prints()?;
    program.take_calls_out_of_terms();
    program.insert_metadata(all, &sorted)?;
    program.empty_heads();
    program.rewrite_with()?;
    program.check_conflicts()?;
    program.check_calls()?;
    if unknown == UnknownFunctions::Allowed {
        program.note_calls();
    }
    program.order_bodies()?;
    program.evaluate_first();
    let order = program.check_recursion()?;
    let types = program.check_types(&order)?;
    program.check_builtins()?;
    Ok((program, types))
}

/// Everything that is analysed together.
struct Modules<'a> {
    sources: &'a Sources,
    options: &'a CompileOptions,
    unknown: UnknownFunctions,
    /// In the order of their names.
    parsed: Vec<&'a ast::Module>,
    functions: Functions,
    tree: RuleTree,
    exports: Exports,
    /// Builtins that were called before rewriting.
    called: BTreeSet<String>,
    schemas: Schemas,
    rules: Vec<tree::Rule>,
}

impl Modules<'_> {
    fn end_of_phase(&self, errors: Vec<RegoError>) -> Result<(), Errors> {
        end_of_phase(self.sources, self.options.error_limit, errors)
    }

    fn resolve_names(&mut self) -> Result<(), Errors> {
        let mut found = Found::default();
        let mut rules = Vec::with_capacity(self.tree.heads.len());
        let counter = Counter::of_rules();
        let mut heads = 0..self.tree.heads.len();
        for module in &self.parsed {
            let globals = Globals::new(&module.package, &module.imports, &self.exports);
            let checks = self.options.checks;
            let Self { tree, functions, .. } = self;
            let known = Known { tree, functions, globals: &globals, checks, counter: &counter };
            for (rule, id) in module.rules.iter().zip(&mut heads) {
                rules.push(names::rule(known, &mut found, id, rule));
            }
            if checks == Checks::Strict {
                imports::check_unused(module, &globals, &mut found.references);
            }
        }
        self.rules = rules;
        if found.assigns {
            self.called.insert("assign".to_owned());
        }
        self.end_of_phase(found.references)?;
        self.end_of_phase(found.overrides)?;
        self.end_of_phase(imports::duplicates(&self.parsed))?;
        self.end_of_phase(found.locals)
    }

    fn rewrite_templates(&mut self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        let around = Around { tree: &self.tree, functions: &self.functions };
        for rule in &mut self.rules {
            capture::templates_of_rule(around, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn check_void_calls(&self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for rule in &self.rules {
            capture::check_void_calls_of_rule(&self.tree, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn rewrite_prints(&mut self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        let around = Around { tree: &self.tree, functions: &self.functions };
        let print = self.options.print;
        for rule in &mut self.rules {
            capture::prints_of_rule(around, print, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn take_calls_out_of_terms(&mut self) {
        self.rules.iter_mut().for_each(hoist::rule);
    }

    /// `all` are the modules in the order in which they were given, `given` says where each stands in it.
    fn insert_metadata(&mut self, all: &[ast::Module], given: &[usize]) -> Result<(), Errors> {
        let annotations = AnnotationSet::new(all, self.sources)?;
        for rule in &mut self.rules {
            metadata::rule(rule, &annotations, given);
        }
        self.schemas = Schemas::new(&self.rules, &annotations, given, &self.options.schemas);
        Ok(())
    }

    fn empty_heads(&mut self) {
        self.rules.iter_mut().for_each(hoist::rule_heads);
    }

    fn rewrite_with(&mut self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for rule in &mut self.rules {
            with::rule(&self.tree, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn check_conflicts(&self) -> Result<(), Errors> {
        let Self { sources, parsed, tree, rules, .. } = self;
        self.end_of_phase(conflicts::check(sources, parsed, tree, rules))
    }

    fn check_calls(&self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for rule in &self.rules {
            calls::rule(&self.tree, self.unknown, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn order_bodies(&mut self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for rule in &self.rules {
            safety::check_heads(rule, &mut errors);
        }
        self.end_of_phase(std::mem::take(&mut errors))?;
        if self.unknown == UnknownFunctions::Allowed {
            // What such a function gives is not known to be an output.
            return Ok(());
        }
        for rule in &mut self.rules {
            safety::order_rule(&self.tree, rule, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn evaluate_first(&mut self) {
        for rule in &mut self.rules {
            for branch in &mut rule.branches {
                dynamic::equals(&mut branch.body);
            }
            dynamic::rule(rule);
        }
    }

    /// The branches of all rules, those that others need first.
    fn check_recursion(&self) -> Result<Vec<recursion::BranchId>, Errors> {
        let (order, errors) = recursion::check(&self.tree, &self.rules);
        self.end_of_phase(errors)?;
        Ok(order)
    }

    fn check_types(&self, order: &[recursion::BranchId]) -> Result<RuleTypes, Errors> {
        let (types, errors) = types::check_rules(&self.tree, &self.rules, order, &self.schemas);
        self.end_of_phase(errors)?;
        Ok(types)
    }

    fn check_builtins(&self) -> Result<(), Errors> {
        let mut errors = Vec::new();
        let bodies = self.rules.iter().flat_map(|rule| &rule.branches).map(|branch| &branch.body);
        bodies.for_each(|body| calls::check_deprecated(body, &mut errors));
        self.end_of_phase(errors)
    }

    /// Notes what is called. Some calls are others after a rewriting; both count, as for OPA.
    fn note_calls(&mut self) {
        let bodies = self.rules.iter().flat_map(|rule| &rule.branches).map(|branch| &branch.body);
        for body in bodies {
            walk::every_expr(body, &mut |expr| {
                if let Some(call) = expr.call().filter(|call| call.op.declared().is_some()) {
                    let name = call.op.name(&self.tree);
                    self.called.insert(if name == "internal.print" { "print".to_owned() } else { name });
                }
            });
        }
    }

    fn builtins_called(mut self) -> BTreeMap<Str, FnType> {
        self.note_calls();
        let declared = |name: &String| {
            let ty = self.functions.find(name)?.declared()?.clone();
            Some((Str::from(name.as_str()), ty))
        };
        self.called.iter().filter_map(declared).collect()
    }

    fn emit(self, types: RuleTypes) -> Result<Analysis, Errors> {
        let (groups, mut program) = emit::Groups::new(&self.tree);
        let mut errors = Vec::new();
        for rule in &self.rules {
            emit::rule(&self.tree, &groups, self.options.observe, &mut program, rule, &mut errors);
        }
        self.end_of_phase(errors)?;
        let Self { tree, functions, exports, options, .. } = self;
        Ok(Analysis { program, tree, functions, exports, groups, types, options: options.clone() })
    }
}

/// Ends the analysis where a phase found errors.
fn end_of_phase(sources: &Sources, limit: ErrorLimit, errors: Vec<RegoError>) -> Result<(), Errors> {
    let mut errors = Errors(errors);
    errors.sort(sources);
    errors.0.dedup();
    if let ErrorLimit::AtMost(limit) = limit
        && errors.0.len() >= limit
        && !errors.0.is_empty()
    {
        errors.0.truncate(limit);
        errors.0.push(RegoError::new(ErrorCode::Compile, "error limit reached", None));
    }
    errors.into_result(())
}
