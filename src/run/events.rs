//! What a run tells while it goes on: typed events, one way only. Who listens decides how they look.

use std::sync::Arc;

use crate::model::{ComponentId, Verdict};

/// A listener. It is called from several threads, must not block, and cannot influence the run.
pub trait Progress: Send + Sync {
    /// The snapshot is complete: so many components will be reported, children of indexes included.
    fn started(&self, components: usize);

    /// A component's pipeline began.
    fn component_started(&self, component: &ComponentId);

    /// A component has its outcome.
    fn component_done(&self, component: &ComponentId, verdict: Verdict);

    /// Every component has its outcome, or the run was ended; called once.
    fn finished(&self);
}

/// The listener that hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _components: usize) {}
    fn component_started(&self, _component: &ComponentId) {}
    fn component_done(&self, _component: &ComponentId, _verdict: Verdict) {}
    fn finished(&self) {}
}

/// Shared between the tasks of a run.
pub type Listener = Arc<dyn Progress>;
