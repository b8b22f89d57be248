//! The functions that no rule defines: builtins and those of the host, by name.

use std::sync::Arc;

use crate::rego::analysis::maps::{HashMap, HashSet};
use crate::rego::builtins::decl;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::host::HostFunction;
use crate::rego::types::{FnType, parse_fn};
use crate::rego::value::Str;

use super::rules::RuleTree;
use super::tree::{Host, Op};

/// Builtins and functions of the host.
#[derive(Debug, Default)]
pub(super) struct Functions {
    hosts: HashMap<String, Arc<Host>>,
    denied: HashSet<String>,
}

impl Functions {
    /// Reads the declarations of the host's functions. Builtins that are denied or never offered do not exist.
    pub(super) fn new(hosts: &[HostFunction], denied: &[Str]) -> Result<Self, RegoError> {
        let mut all = HashMap::default();
        for host in hosts {
            let Some(ty) = parse_fn(&host.declaration) else {
                let message = format!("host function {}: no type: {}", &*host.name, &*host.declaration);
                return Err(RegoError::new(ErrorCode::Type, message, None));
            };
            all.insert(host.name.to_string(), Arc::new(Host { name: host.name.clone(), ty }));
        }
        Ok(Self { hosts: all, denied: denied.iter().map(ToString::to_string).collect() })
    }

    /// The function of a name.
    pub(super) fn find(&self, name: &str) -> Option<Op> {
        if let Some(host) = self.hosts.get(name) {
            return Some(Op::Host(host.clone()));
        }
        if name == "eq" {
            return Some(Op::Eq);
        }
        let is_offered = |it: &&decl::Declaration| it.is_offered() && !self.denied.contains(name);
        decl::find(name).filter(is_offered).map(Op::Builtin)
    }
}

impl Op {
    /// How many arguments it takes; none for what is not known.
    pub(super) fn arity(&self, tree: &RuleTree) -> Option<usize> {
        match self {
            Self::Eq => Some(2),
            Self::Rule(node) => tree.arity(*node),
            Self::Unknown(_) => None,
            _ => self.declared().map(FnType::arity),
        }
    }

    /// The declared type, of functions that no rule defines.
    pub(super) fn declared(&self) -> Option<&FnType> {
        match self {
            Self::Builtin(declaration) => Some(&declaration.ty),
            Self::Host(host) => Some(&host.ty),
            Self::Eq => decl::find("eq").map(|declaration| &declaration.ty),
            Self::Rule(_) | Self::Unknown(_) => None,
        }
    }

    /// The name in messages.
    pub(super) fn name(&self, tree: &RuleTree) -> String {
        match self {
            Self::Eq => "eq".to_owned(),
            Self::Builtin(declaration) => declaration.name.to_owned(),
            Self::Host(host) => host.name.to_string(),
            Self::Rule(node) => super::print::place(tree, *node),
            Self::Unknown(name) => name.to_string(),
        }
    }
}
