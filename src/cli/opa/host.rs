//! Answers to what policies ask of the outside while an author evaluates them: really asked, on first use.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::super::transport;
use crate::builtins::{self, Host, Reply};
use crate::model::failure::StageError;
use crate::model::{FailureKind, Limits};
use crate::registry::http::HttpSettings;
use crate::rego::engine::Evaluation;
use crate::rego::host::{HostAnswer, HostCall, HostFailure};
use crate::rego::vm::{Answer, Step};

/// Bytes of blobs that are kept for who asks again, at most.
const KEPT_BLOB_BYTES: u64 = 256 << 20;

/// The outside, made when it is asked for the first time.
#[derive(Default)]
pub(super) struct Outside(Mutex<Option<Result<Arc<Open>, StageError>>>);

struct Open {
    runtime: Runtime,
    host: Arc<Host>,
}

impl Outside {
    /// Runs an evaluation to its end.
    pub(super) fn finish(&self, evaluation: &mut Evaluation, mut step: Step) -> Answer {
        loop {
            match step {
                Step::Done(answer) => return answer,
                Step::Pending(call) => {
                    let answer = match self.ask(call) {
                        Ok(Some(value)) => HostAnswer::Value(value),
                        Ok(None) => HostAnswer::Undefined,
                        Err(error) => HostAnswer::Failed(HostFailure { id: 0, message: error.message }),
                    };
                    step = evaluation.resume(answer);
                }
            }
        }
    }

    fn ask(&self, call: HostCall) -> Reply {
        if let Some(reply) = builtins::at_once(&call) {
            return reply;
        }
        let open = self.open()?;
        let mut session = open.host.session_of_nobody();
        open.runtime.block_on(session.answer(call))?()
    }

    fn open(&self) -> Result<Arc<Open>, StageError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.get_or_insert_with(|| connect().map(Arc::new)).clone()
    }
}

fn connect() -> Result<Open, StageError> {
    let failed = |error: &dyn std::fmt::Display| StageError::new(FailureKind::Unavailable, error.to_string());
    let limits = Limits::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| failed(&error))?;
    let settings = HttpSettings { limits: limits.clone(), ..HttpSettings::default() };
    let network = transport::network(settings, None, KEPT_BLOB_BYTES).map_err(|error| failed(&error))?;
    Ok(Open { runtime, host: Arc::new(Host::new(network, limits)) })
}
