//! The engine's front door: compile modules to a [`Policy`] once, evaluate it many times.
//!
//! A [`Policy`] is immutable and shared between threads. An [`Evaluation`] is one run over one input: it answers any
//! number of entry points, one after the other, and remembers what it computed for one for the next. It is owned and
//! `Send`: while it waits for the host it can be stored and moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::analysis::{self, Analysis};
use super::budget::Budget;
use super::compile;
use super::compile::code::{Program, Unit};
use super::error::Errors;
use super::host::{HostAnswer, HostFunction};
use super::source::{Sources, Span};
use super::syntax::{self, ast::Module};
use super::testing::{self, Tests};
use super::types::FnType;
use super::value::{Str, Value};
use super::vm::{Answer, Machine, SharedMemos, Solution, Step, Surroundings, Watcher};

/// Whether `print` stays in the compiled policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PrintStatements {
    /// Calls of `print` are removed: they cost nothing.
    #[default]
    Remove,
    /// They are kept, and reach [`Watcher::print`].
    Keep,
}

/// Which checks a policy must pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checks {
    /// Those of the language.
    #[default]
    Language,
    /// Also those of `opa check --strict`: unused variables and imports, deprecated builtins, and the like.
    Strict,
}

/// How many errors are told at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorLimit {
    /// So many, and that there are more.
    AtMost(usize),
    /// All.
    None,
}

impl Default for ErrorLimit {
    /// As OPA's.
    fn default() -> Self {
        Self::AtMost(10)
    }
}

/// Whether evaluations of the compiled policy tell their watcher what they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Observe {
    /// Prints and notes only. There is nothing in the code for more, so it costs nothing.
    #[default]
    Prints,
    /// Every definition and statement: [`Watcher::event`]. What is remembered or can be left out is not told of.
    Statements,
}

/// Schemas that lie beside the policies; types are checked against them.
#[derive(Clone, Debug, Default)]
pub enum SchemaSet {
    /// None: annotations that name one say nothing.
    #[default]
    None,
    /// That of `input`, in all rules; annotations name it `schema`.
    Input(Value),
    /// By the names that annotations use, without `schema` in front.
    Named(BTreeMap<Vec<Str>, Value>),
}

/// How modules are compiled.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Functions that the host offers.
    pub host: Vec<HostFunction>,
    /// What becomes of `print`.
    pub print: PrintStatements,
    /// What is refused.
    pub checks: Checks,
    /// Builtins that policies may not use, besides those that are never offered.
    pub denied: Vec<Str>,
    /// How many errors are told.
    pub error_limit: ErrorLimit,
    /// What watchers are told.
    pub observe: Observe,
    /// What rules whose name begins with `test_` are.
    pub tests: Tests,
    /// What annotations may name.
    pub schemas: SchemaSet,
}

/// Collects modules and compiles them together.
#[derive(Debug, Default)]
pub struct Compiler {
    options: CompileOptions,
    modules: Vec<(Arc<str>, Arc<[u8]>)>,
}

/// Why modules or a query do not compile.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .errors.render(.sources))]
pub struct CompileFailure {
    /// All that was found, at least one, sorted.
    pub errors: Errors,
    /// The texts that the errors point into.
    pub sources: Sources,
}

impl Compiler {
    /// Nothing to compile yet.
    pub fn new(options: CompileOptions) -> Self {
        Self { options, modules: Vec::new() }
    }

    /// Takes in a module; `name` is what errors call it, usually its path. Bytes that are not UTF-8 are an error of
    /// [`Compiler::compile`].
    pub fn add_module(&mut self, name: &str, text: impl AsRef<[u8]>) -> &mut Self {
        self.modules.push((name.into(), text.as_ref().into()));
        self
    }

    /// Compiles what was taken in.
    ///
    /// # Errors
    /// [`CompileFailure`] with every error that was found.
    pub fn compile(self) -> Result<Compiled, CompileFailure> {
        let (mut modules, sources, parsed) = self.parse();
        if self.options.tests == Tests::AsCases {
            testing::number_duplicates(&mut modules);
        }
        let mut analysis = parsed.and_then(|()| analysis::analyse(&modules, &sources, &self.options));
        if let (Tests::AsCases, Ok(analysis)) = (self.options.tests, &mut analysis) {
            testing::announce_cases(&mut analysis.program);
        }
        let observe = self.options.observe;
        let compiled =
            analysis.and_then(|analysis| Ok((compile::program(&analysis.program, observe)?, analysis)));
        match compiled {
            Ok((program, analysis)) => {
                let program = Arc::new(program);
                let policy = Policy { inner: Arc::new(Inner { sources, analysis, program }) };
                Ok(Compiled { policy, modules })
            }
            Err(errors) => Err(CompileFailure { errors, sources }),
        }
    }

    /// Reads and checks what was taken in, without what it takes to evaluate it: functions that no module defines are
    /// no error.
    ///
    /// # Errors
    /// [`CompileFailure`] with every error that was found.
    pub fn outline(self) -> Result<Outline, CompileFailure> {
        let (modules, sources, parsed) = self.parse();
        match parsed.and_then(|()| analysis::builtins_called(&modules, &sources, &self.options)) {
            Ok(builtins) => Ok(Outline { modules, sources, builtins }),
            Err(errors) => Err(CompileFailure { errors, sources }),
        }
    }

    fn parse(&self) -> (Vec<Module>, Sources, Result<(), Errors>) {
        let mut sources = Sources::new();
        let (mut modules, mut errors) = (Vec::with_capacity(self.modules.len()), Vec::new());
        for (name, text) in &self.modules {
            let read = sources.add_bytes(name, text).map_err(Errors::from);
            match read.and_then(|id| syntax::parse_module(&sources, id)) {
                Ok(module) => modules.push(module),
                Err(more) => errors.extend(more.0),
            }
        }
        let mut errors = Errors(errors);
        errors.sort(&sources);
        (modules, sources, errors.into_result(()))
    }
}

/// Modules that hold together, perhaps with others that are not there.
#[derive(Clone, Debug)]
pub struct Outline {
    /// As they were written, in the order in which they were added.
    pub modules: Vec<Module>,
    /// The texts that all spans point into.
    pub sources: Sources,
    /// The builtins and functions of the host that they call, with their types, by name.
    pub builtins: BTreeMap<Str, FnType>,
}

/// Modules that were compiled together.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What can be evaluated. It needs no module any more.
    pub policy: Policy,
    /// As they were written, with their annotations, in the order in which they were added. They take more memory
    /// than the policy.
    pub modules: Vec<Module>,
}

/// A compiled policy. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct Policy {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sources: Sources,
    analysis: Analysis,
    program: Arc<Program>,
}

impl Policy {
    /// The functions of the host that it may call.
    pub fn host(&self) -> &[HostFunction] {
        &self.inner.analysis.options().host
    }

    /// The texts that all spans point into.
    pub fn sources(&self) -> &Sources {
        &self.inner.sources
    }

    /// Whether there is a rule, not a function, with this path below `data`.
    pub fn has_rule(&self, path: &[Str]) -> bool {
        let program = &self.inner.program;
        let node = program.node(path).and_then(|node| program.nodes.get(node as usize));
        node.is_some_and(|node| node.rule.is_some())
    }

    /// Whether some rule may look at `input` at this path, at something below it, or at something that holds it.
    pub fn may_read_input(&self, path: &[&str]) -> bool {
        self.inner.program.reads.may_read_input(path)
    }

    /// Whether rules and base documents are at the same places, where it would depend on how they are asked for which
    /// one is seen. `opa eval` and `opa test` check this; an evaluation does not.
    ///
    /// # Errors
    /// A compile error at each rule at whose path, or on the way to it, base data has a value.
    pub fn check_data(&self, data: &Value) -> Result<(), Errors> {
        self.inner.analysis.check_data(self.sources(), data)
    }

    /// Evaluates, once, what evaluations of these entry points would all find alike: the rules that read neither the
    /// input, nor base data at or below the paths of `differing`, and that ask nothing of the host, clock or chance and
    /// print nothing. Each is evaluated under a budget like this one; an error in one ends every entry point that
    /// reads it.
    pub fn share(
        &self,
        entry_points: &[Vec<Str>],
        data: &Value,
        differing: &[Vec<Str>],
        budget: Budget,
    ) -> Shared {
        let program = Arc::clone(&self.inner.program);
        let rules = program.constant_rules(entry_points, differing);
        let input = EvaluationInput::new(data.clone(), budget);
        Shared { memos: machine(program, input).compute_shared(rules.into_iter()) }
    }

    /// Compiles a query against this policy.
    ///
    /// # Errors
    /// [`CompileFailure`] as for modules; its sources include the query, which has the empty name.
    pub fn prepare_query(&self, text: &str) -> Result<PreparedQuery, CompileFailure> {
        let mut sources = self.inner.sources.clone();
        match self.compile_query(&mut sources, text) {
            Ok((unit, names, expressions)) => Ok(PreparedQuery {
                sources: Arc::new(sources),
                unit: Arc::new(unit),
                names: names.into(),
                expressions: expressions.into(),
            }),
            Err(mut errors) => {
                errors.sort(&sources);
                Err(CompileFailure { errors, sources })
            }
        }
    }

    fn compile_query(&self, sources: &mut Sources, text: &str) -> Result<QueryParts, Errors> {
        let Inner { analysis, program, .. } = self.inner.as_ref();
        let id = sources.add("", text)?;
        let body = syntax::parse_query(sources, id).map_err(|mut errors| {
            errors.sort(sources);
            errors
        })?;
        let query = analysis.query(sources, &body, None, &[])?;
        let (unit, names) = compile::query(&analysis.program, program, &query)?;
        Ok((unit, names, query.expressions.iter().map(|(span, _)| *span).collect()))
    }
}

/// Code, names of variables, places of expressions.
type QueryParts = (Unit, Vec<Arc<str>>, Vec<Span>);

/// A query compiled against a policy. Cloning copies pointers.
#[derive(Clone, Debug)]
pub struct PreparedQuery {
    sources: Arc<Sources>,
    unit: Arc<Unit>,
    names: Arc<[Arc<str>]>,
    expressions: Arc<[Span]>,
}

impl PreparedQuery {
    /// The texts that spans of its answers and errors point into: the policy's and the query's own.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    fn solution(&self, values: Vec<Value>) -> Solution {
        let mut values = values.into_iter();
        Solution {
            bindings: self.names.iter().cloned().zip(&mut values).collect(),
            expressions: self.expressions.iter().copied().zip(values).collect(),
        }
    }
}

/// What evaluations of one policy have in common, see [`Policy::share`]. Cloning copies a pointer.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    memos: SharedMemos,
}

impl Shared {
    /// How many results there are.
    pub fn len(&self) -> usize {
        self.memos.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an evaluation keeps of what it computed. The answers are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Recall {
    /// What a rule or function came to, as long as it cannot differ.
    #[default]
    All,
    /// Nothing: whatever is asked for is computed. For tests that hold that remembering changes no answer.
    Nothing,
}

/// What becomes of errors of builtins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BuiltinErrors {
    /// The expression is undefined.
    #[default]
    Undefined,
    /// The entry point ends with the error.
    Raised,
}

/// What one evaluation works on and within.
pub struct EvaluationInput {
    /// The document `input`, if there is one.
    pub input: Option<Value>,
    /// The base documents: an object.
    pub data: Value,
    /// What `time.now_ns` says: nanoseconds since 1970.
    pub now_ns: i64,
    /// What chance is drawn from.
    pub seed: u64,
    /// What may be spent, over all entry points together.
    pub budget: Budget,
    /// What becomes of errors of builtins.
    pub builtin_errors: BuiltinErrors,
    /// What is remembered.
    pub recall: Recall,
    /// Who sees prints and notes.
    pub watcher: Option<Box<dyn Watcher>>,
    /// What was evaluated before, of this policy over this data.
    pub shared: Shared,
}

impl EvaluationInput {
    /// Nothing but base documents: no input, the epoch's start, no watcher.
    pub fn new(data: Value, budget: Budget) -> Self {
        Self {
            input: None,
            data,
            now_ns: 0,
            seed: 0,
            budget,
            builtin_errors: BuiltinErrors::default(),
            recall: Recall::default(),
            watcher: None,
            shared: Shared::default(),
        }
    }
}

fn machine(program: Arc<Program>, input: EvaluationInput) -> Machine {
    let around = Surroundings {
        now_ns: input.now_ns,
        seed: input.seed,
        budget: input.budget,
        builtin_errors: input.builtin_errors,
        recall: input.recall,
        watcher: input.watcher,
    };
    Machine::new(program, input.input, input.data, input.shared.memos, around)
}

/// One run of a policy over one input.
pub struct Evaluation {
    machine: Machine,
    /// What is being asked, where it is a query.
    query: Option<PreparedQuery>,
}

impl Evaluation {
    /// Nothing is evaluated yet.
    pub fn new(policy: &Policy, input: EvaluationInput) -> Self {
        Self { machine: machine(Arc::clone(&policy.inner.program), input), query: None }
    }

    /// Evaluates the document at a path below `data`: a rule, what is in it, a package, or base data. What waits for
    /// the host is given up.
    pub fn start_rule(&mut self, path: &[Str]) -> Step {
        self.query = None;
        self.machine.start_document(path)
    }

    /// Evaluates a query, prepared against the policy of this evaluation. What waits for the host is given up.
    pub fn start_query(&mut self, query: &PreparedQuery) -> Step {
        self.query = Some(query.clone());
        let step = self.machine.start_query(&query.unit);
        self.with_solutions(step)
    }

    /// Goes on with the host's answer to the pending call.
    pub fn resume(&mut self, answer: HostAnswer) -> Step {
        let step = self.machine.resume(answer);
        self.with_solutions(step)
    }

    fn with_solutions(&mut self, step: Step) -> Step {
        match (&self.query, step) {
            (Some(query), Step::Done(Answer::Undefined)) => {
                let solutions = self.machine.take_solutions().into_iter();
                Step::Done(Answer::Results(solutions.map(|values| query.solution(values)).collect()))
            }
            (_, step) => step,
        }
    }

    /// What was spent so far.
    pub fn budget(&self) -> &Budget {
        self.machine.budget()
    }

    /// To extend the deadline by the time that the host took.
    pub fn budget_mut(&mut self) -> &mut Budget {
        self.machine.budget_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_send<T: Send>() {}
    fn assert_sync<T: Sync>() {}

    #[test]
    fn policies_are_shared_and_evaluations_move_between_threads() {
        assert_send::<Policy>();
        assert_sync::<Policy>();
        assert_sync::<PreparedQuery>();
        assert_send::<Evaluation>();
    }
}
