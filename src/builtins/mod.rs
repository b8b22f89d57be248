//! What policies may ask the outside: `ec.oci.*`, `ec.purl.*`, `ec.sigstore.*`, as functions of the host.
//!
//! A question is answered in two steps. [`Session::answer`] moves bytes and returns the [`Work`] that is left, which
//! computes and is for the computing threads. What is absent, malformed or compressed is undefined; what another
//! repository refuses is undefined and listed ([`Session::refused`]); whatever else goes wrong stops the rule.

mod oci;
mod purl;
mod room;

pub use room::{Room, fitted};

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::failure::StageError;
use crate::model::{FailureKind, ImageRef, Limits, PinnedRef};
use crate::registry::{RegistryError, Transport};
use crate::rego::host::{HostCall, HostFunction};
use crate::rego::value::{Str, Value};
use room::Endless;

/// An answer: a value, nothing (undefined), or why it could not be found out.
pub type Reply = Result<Option<Value>, StageError>;

/// The computing half of an answer.
pub type Work = Box<dyn FnOnce() -> Reply + Send>;

/// What all components of a run share.
pub struct Host {
    transport: Arc<dyn Transport>,
    limits: Limits,
    room: Arc<dyn Room>,
}

/// The questions of one component.
pub struct Session {
    host: Arc<Host>,
    /// Whose own repository may not refuse anything; nobody's in the tools of authors.
    image: Option<PinnedRef>,
    refused: BTreeSet<String>,
}

/// Names and types of all functions.
pub fn declarations() -> Vec<HostFunction> {
    let declare = |(name, declaration): &(&str, String)| HostFunction {
        name: Str::from(*name),
        declaration: Str::from(declaration.as_str()),
    };
    let all = oci::DECLARATIONS.iter().chain(&purl::DECLARATIONS).chain(&SIGSTORE);
    all.map(|(name, declaration)| (*name, oci::with_descriptor(declaration))).map(|it| declare(&it)).collect()
}

const SIGSTORE: [(&str, &str); 2] = [
    ("ec.sigstore.verify_attestation", "(string, object[string: any]) => object[string: any]"),
    ("ec.sigstore.verify_image", "(string, object[string: any]) => object[string: any]"),
];

/// Answers that need nothing from outside, at once. None: the question is for a [`Session`].
pub fn at_once(call: &HostCall) -> Option<Reply> {
    let text = call.args.first().and_then(Value::as_str);
    match call.name.as_str() {
        "ec.purl.is_valid" => Some(Ok(Some(Value::Bool(text.is_some_and(purl::is_valid))))),
        "ec.purl.parse" => {
            let parsed = text.and_then(purl::parse);
            if parsed.is_none() {
                tell(call, "not a package URL");
            }
            Some(Ok(parsed))
        }
        _ => None,
    }
}

impl Host {
    /// Functions that read through `transport`, within `limits`.
    pub fn new(transport: Arc<dyn Transport>, limits: Limits) -> Self {
        Self { transport, limits, room: Arc::new(Endless) }
    }

    /// The same, where what is made of answers has to find room.
    #[must_use]
    pub fn within(self, room: Arc<dyn Room>) -> Self {
        Self { room, ..self }
    }

    /// For the rules that judge `image`.
    pub fn session(self: &Arc<Self>, image: &PinnedRef) -> Session {
        Session { image: Some(image.clone()), ..self.session_of_nobody() }
    }

    /// For who evaluates rules without an image.
    pub fn session_of_nobody(self: &Arc<Self>) -> Session {
        Session { host: Arc::clone(self), image: None, refused: BTreeSet::new() }
    }
}

/// Why a question has no answer.
enum NoAnswer {
    /// A malformed argument.
    Malformed,
    /// The wire's word.
    Registry(ImageRef, Box<RegistryError>),
    /// Any other reason that is nobody's absence.
    Failed(StageError),
}

impl Session {
    /// Fetches what the answer needs.
    ///
    /// # Errors
    /// It could not be found out: the rule that asks is undecided.
    pub async fn answer(&mut self, call: HostCall) -> Result<Work, StageError> {
        if let Some(reply) = at_once(&call) {
            return Ok(Box::new(|| reply));
        }
        if call.name.as_str().starts_with("ec.sigstore.") {
            let message = format!("{} is not available yet", call.name);
            return Err(StageError::new(FailureKind::Untrusted, message));
        }
        let host = Arc::clone(&self.host);
        match oci::answer(&host, &call, |reference, error| self.is_refused(reference, error)).await {
            Ok(work) => Ok(work),
            Err(NoAnswer::Malformed) => {
                Ok(undefined(&call, "a malformed argument, or an object of another kind"))
            }
            Err(NoAnswer::Failed(error)) => Err(error),
            Err(NoAnswer::Registry(reference, error)) => self.no_answer(&call, &reference, *error),
        }
    }

    /// Look-ups that another repository refused, sorted.
    pub fn refused(&self) -> Vec<String> {
        self.refused.iter().cloned().collect()
    }

    fn no_answer(
        &mut self,
        call: &HostCall,
        reference: &ImageRef,
        error: RegistryError,
    ) -> Result<Work, StageError> {
        if error.is_absent() || self.is_refused(reference, &error) {
            return Ok(undefined(call, error));
        }
        Err(error.into())
    }

    /// Did another repository refuse, after it knew who asks? Then the look-up is listed.
    fn is_refused(&mut self, reference: &ImageRef, error: &RegistryError) -> bool {
        let refused = error.is_denied_after_token()
            && self.image.as_ref().is_none_or(|it| it.repository != *reference.repository());
        if refused {
            self.refused.insert(reference.to_string());
        }
        refused
    }
}

fn undefined(call: &HostCall, why: impl std::fmt::Display) -> Work {
    tell(call, why);
    Box::new(|| Ok(None))
}

/// Characters of an argument that a log line shows; it may be a whole document.
const SHOWN: usize = 200;

/// A rule sees only that there is no value; its author may ask why.
fn tell(call: &HostCall, why: impl std::fmt::Display) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let argument = call.args.first().map(ToString::to_string).unwrap_or_default();
    let argument: String = argument.chars().take(SHOWN).collect();
    tracing::debug!(function = %call.name, %argument, "undefined: {why}");
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod golden_tests;
