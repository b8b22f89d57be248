//! Which engine evaluates rules, and all that an evaluation needs of one.

use crate::rego::engine::Evaluation;
use crate::rego::host::HostAnswer;
use crate::rego::value::Str;
use crate::rego::vm::Step;

/// The engines of this build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our own.
    #[default]
    Own,
    /// The crate `regorus`, to cross-check the own one.
    #[cfg(feature = "regorus")]
    Regorus,
}

impl Engine {
    /// The engine of this name.
    ///
    /// # Errors
    /// What is wrong with the name, for people.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "own" => Ok(Self::Own),
            #[cfg(feature = "regorus")]
            "regorus" => Ok(Self::Regorus),
            #[cfg(not(feature = "regorus"))]
            "regorus" => {
                Err("this ec was built without the engine regorus: its Cargo feature is regorus".to_owned())
            }
            other => Err(format!("{other:?} is no engine: own or regorus")),
        }
    }
}

/// An evaluation over one input by whichever engine.
pub(super) trait Evaluates: Send {
    /// Evaluates the rule at a path below `data`.
    fn start_rule(&mut self, path: &[Str]) -> Step;

    /// Goes on with the host's answer.
    fn resume(&mut self, answer: HostAnswer) -> Step;

    /// So many nanoseconds were spent waiting for the host.
    fn waited(&mut self, nanoseconds: u64);

    /// Bytes allocated so far, as far as the engine counts them.
    fn bytes_spent(&self) -> u64;

    /// No more than so many bytes may be allocated from now on.
    fn allow_bytes(&mut self, left: u64);
}

impl Evaluates for Evaluation {
    fn start_rule(&mut self, path: &[Str]) -> Step {
        Evaluation::start_rule(self, path)
    }

    fn resume(&mut self, answer: HostAnswer) -> Step {
        Evaluation::resume(self, answer)
    }

    fn waited(&mut self, nanoseconds: u64) {
        self.budget_mut().extend_deadline(nanoseconds);
    }

    fn bytes_spent(&self) -> u64 {
        self.budget().bytes_spent()
    }

    fn allow_bytes(&mut self, left: u64) {
        self.budget_mut().set_bytes_left(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_not_built_in_is_refused_with_the_name_of_its_feature() {
        assert_eq!(Engine::named("own"), Ok(Engine::Own));
        assert!(Engine::named("opa").is_err());
        let second = Engine::named("regorus");
        if cfg!(feature = "regorus") {
            assert!(second.is_ok());
        } else {
            assert!(second.is_err_and(|it| it.contains("Cargo feature is regorus")));
        }
    }
}
