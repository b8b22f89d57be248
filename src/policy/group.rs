//! A specification's source groups, loaded and compiled once for the run and shared by all components.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::data::{DataBuilder, DataError, SigstoreOptions};
use super::files::{FilesError, SourceFile, SourceLimits, Wanted, read_source};
use super::rules::{self, RuleFaults};
use super::source::{BadSource, LocalSource, Source};
use crate::model::policy_spec::SourceGroup;
use crate::model::{PolicySpec, RuleTable};
use crate::rego::engine::{CompileFailure, CompileOptions, Compiled, Compiler};
use crate::rego::source::Sources;
use crate::rego::value::{ReadLimits, Value};

/// One source group: what `evaluate` and `judge` need of it.
#[derive(Clone, Debug)]
pub struct LoadedGroup {
    /// What messages call it: its name, or its place in the specification.
    pub label: String,
    /// The modules, compiled.
    pub compiled: Compiled,
    /// Codes and annotations.
    pub rules: RuleTable,
    /// The document `data`, with 0 for `config.policy.when_ns`, which differs by component.
    pub data: Value,
}

/// All source groups of a run.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// The specification with its sources pinned, as reports show it.
    pub spec: PolicySpec,
    /// In the order of the specification.
    pub groups: Vec<LoadedGroup>,
}

/// What loading depends on besides the specification.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Bounds of each source.
    pub limits: SourceLimits,
    /// What rules see of the options of verification.
    pub sigstore: SigstoreOptions,
    /// Host functions, print statements, checks.
    pub compile: CompileOptions,
    /// What `~/` stands for.
    pub home: Option<PathBuf>,
}

/// Why a source group cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A text that names no source.
    #[error(transparent)]
    Source(#[from] BadSource),
    /// A kind of source that is not read.
    #[error("{source_text}: {kind} sources are not supported yet: use a file or a folder of this machine")]
    NotOffered {
        /// The source.
        source_text: String,
        /// `git`, `OCI` or `HTTPS`.
        kind: &'static str,
    },
    /// Files cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Data cannot be merged.
    #[error("load documents: {0}")]
    Data(#[from] DataError),
    /// A group without rules could never say anything.
    #[error("{label} names no policy source")]
    NoPolicy {
        /// The group.
        label: String,
    },
    /// The modules do not compile.
    #[error("policy compilation error:\n{0}")]
    Compile(Box<CompileFailure>),
    /// The modules compile, but their rules cannot be judged.
    #[error("{faults}")]
    Rules {
        /// All faults.
        faults: RuleFaults,
        /// What their places point into.
        sources: Box<Sources>,
    },
}

/// Every reason why a policy cannot be used, at least one.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct PolicyErrors(pub Vec<PolicyError>);

/// Loads and compiles all source groups.
///
/// # Errors
/// [`PolicyErrors`] with what is wrong in any of the groups.
pub fn load(spec: &PolicySpec, options: &LoadOptions) -> Result<PolicySet, PolicyErrors> {
    let mut pinned = spec.clone();
    let mut groups = Vec::new();
    let mut errors = Vec::new();
    for (index, group) in pinned.sources.iter_mut().enumerate() {
        let label = label(group, index);
        match load_group(&label, group, options) {
            Ok(compiled) => groups.push(compiled),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(PolicySet { spec: pinned, groups }) } else { Err(PolicyErrors(errors)) }
}

/// What messages call a group.
pub fn label(group: &SourceGroup, index: usize) -> String {
    if group.name.is_empty() { format!("sources[{index}]") } else { group.name.clone() }
}

fn load_group(
    label: &str,
    group: &mut SourceGroup,
    options: &LoadOptions,
) -> Result<LoadedGroup, Vec<PolicyError>> {
    let modules = read_sources(&mut group.policy, Wanted::Rules, options);
    let data = read_sources(&mut group.data, Wanted::Data, options);
    let (modules, data) = match (modules, data) {
        (Ok(modules), Ok(data)) => (modules, data),
        (modules, data) => return Err(modules.err().into_iter().chain(data.err()).flatten().collect()),
    };
    let compiled = compile(label, &modules, options);
    let data = merge(group, &data, options).map_err(PolicyError::from);
    match (compiled, data) {
        (Ok((compiled, rules)), Ok(data)) => {
            Ok(LoadedGroup { label: label.to_owned(), compiled, rules, data })
        }
        (compiled, data) => Err(compiled.err().into_iter().chain(data.err()).collect()),
    }
}

/// Reads sources and pins their texts. A source that is named twice is read once.
fn read_sources(
    texts: &mut [String],
    wanted: Wanted,
    options: &LoadOptions,
) -> Result<Vec<Vec<SourceFile>>, Vec<PolicyError>> {
    let mut read = Vec::new();
    let mut errors = Vec::new();
    let mut known = BTreeSet::new();
    for text in texts {
        match local(text) {
            Ok(source) => {
                *text = source.pinned();
                let path = source.path(options.home.as_deref());
                if !known.insert(path.canonicalize().unwrap_or(path)) {
                    continue;
                }
                match read_source(&source, wanted, options.home.as_deref(), &options.limits) {
                    Ok(files) => read.push(files),
                    Err(error) => errors.push(error.into()),
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

fn local(text: &str) -> Result<LocalSource, PolicyError> {
    match Source::parse(text, Path::exists)? {
        Source::Local(local) => Ok(local),
        other => Err(PolicyError::NotOffered { source_text: text.to_owned(), kind: other.kind() }),
    }
}

fn compile(
    label: &str,
    sources: &[Vec<SourceFile>],
    options: &LoadOptions,
) -> Result<(Compiled, RuleTable), PolicyError> {
    if sources.is_empty() {
        return Err(PolicyError::NoPolicy { label: label.to_owned() });
    }
    let mut compiler = Compiler::new(options.compile.clone());
    for file in sources.iter().flatten() {
        compiler.add_module(&file.name, text(file)?);
    }
    let built = compiler.compile().map_err(|failure| PolicyError::Compile(Box::new(failure)))?;
    let sources = built.policy.sources();
    let rules = rules::read(&built.modules, sources)
        .map_err(|faults| PolicyError::Rules { faults, sources: Box::new(sources.clone()) })?;
    Ok((built, rules))
}

fn text(file: &SourceFile) -> Result<&str, PolicyError> {
    str::from_utf8(&file.bytes).map_err(|error| {
        let cause = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        PolicyError::Files(FilesError::Unreadable { path: file.name.to_string(), cause })
    })
}

fn merge(
    group: &SourceGroup,
    sources: &[Vec<SourceFile>],
    options: &LoadOptions,
) -> Result<Value, DataError> {
    let mut data = DataBuilder::new(&options.sigstore, ReadLimits::default());
    if let Some(rule_data) = &group.rule_data {
        data.rule_data(rule_data)?;
    }
    for files in sources {
        data.files(files)?;
    }
    Ok(data.build())
}

#[cfg(test)]
mod tests;
